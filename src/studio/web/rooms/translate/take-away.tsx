import { useState } from "preact/hooks";

const formats = [
  ["tsv", "TSV", "every column: score, rank, whether mutual"],
  ["muse", "MUSE", "a pair a line, as MUSE and VecMap read it; the first translation only"],
  ["tei", "TEI", "a TEI P5 dictionary, an entry a source word"],
] as const;

/** The dictionary as a file. */
export function TakeAway({ path }: { readonly path: string }) {
  const [k, setK] = useState(1);
  const [mutual, setMutual] = useState(false);
  return (
    <section aria-labelledby="take-away">
      <h2 id="take-away">Take the dictionary away</h2>
      <div class="tools">
        <label>
          Translations a word
          <select value={k} onChange={(event) => setK(Number(event.currentTarget.value))}>
            {[1, 3, 5, 10].map((count) => (
              <option key={count} value={count}>
                {count}
              </option>
            ))}
          </select>
        </label>
        <label>
          <input type="checkbox" checked={mutual} onChange={(event) => setMutual(event.currentTarget.checked)} />
          only mutual ones
        </label>
      </div>
      <ul class="files">
        {formats.map(([format, name, what]) => (
          <li key={format}>
            <a href={`${path}/export?format=${format}&k=${k}&mutual=${mutual}`} download>
              {name}
            </a>
            <span class="note">{what}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
