import { useState } from "preact/hooks";
import { formatNumber } from "../../format.ts";
import { Problem } from "../../problem.tsx";
import { useData } from "../../use-data.ts";
import { useKept } from "../../use-kept.ts";
import { idText, type ShownItem } from "./answers.ts";

/** Items by what is written of them; each can be taken into the history. */
export function ItemSearch({ path, onAdd }: { readonly path: string; readonly onAdd: (item: ShownItem) => void }) {
  const [text, setText] = useState("");
  const search = text.trim().slice(0, 200);
  const { data, error } = useData<{ items: ShownItem[] }>(
    search === "" ? null : `${path}/items?search=${encodeURIComponent(search)}&limit=8`,
  );
  const shown = useKept(data, search === "" ? "nothing" : path);
  return (
    <div class="item-search">
      <label>
        Find items
        <input
          type="search"
          value={text}
          autocomplete="off"
          placeholder="words of a title, or an id"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      {error && <Problem text={error} />}
      <p class="hidden" role="status">
        {shown && search !== "" && (shown.items.length === 0 ? "no item found" : `${shown.items.length} items found`)}
      </p>
      {shown &&
        (shown.items.length === 0 ? (
          <p class="note">No item has all of these words.</p>
        ) : (
          <ul class="found">
            {shown.items.map((item) => (
              <li key={item.id}>
                <button type="button" class="word" onClick={() => onAdd(item)}>
                  {item.title}
                </button>
                <span class="note">
                  {idText(item.semanticId)} · {formatNumber(item.count)} interactions
                </span>
              </li>
            ))}
          </ul>
        ))}
    </div>
  );
}
