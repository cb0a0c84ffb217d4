import { useState } from "preact/hooks";
import { formatNumber } from "../../format.ts";
import { Problem } from "../../problem.tsx";
import { useData } from "../../use-data.ts";
import { type IdTree as Branches, idText, type ShownItem } from "./answers.ts";

/** Branches that are shown before one asks for all. */
const atFirst = 20;

function Branch({
  path,
  prefix,
  count,
  example,
  onAdd,
}: {
  readonly path: string;
  readonly prefix: readonly number[];
  readonly count: number;
  readonly example: ShownItem;
  readonly onAdd: (item: ShownItem) => void;
}) {
  const [open, setOpen] = useState(false);
  if (count === 1) {
    return (
      <li class="leaf">
        <span class="code">{idText(example.semanticId)}</span>{" "}
        <button type="button" class="word" title="Add to the history" onClick={() => onAdd(example)}>
          {example.title}
        </button>{" "}
        <span class="note">{formatNumber(example.count)} interactions</span>
      </li>
    );
  }
  return (
    <li>
      <button type="button" class="branch" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span aria-hidden="true">{open ? "▾" : "▸"}</span> <span class="code">{idText(prefix)}</span>{" "}
        <span class="branch-count">{formatNumber(count)} items</span> <span class="note">such as {example.title}</span>
      </button>
      {open && <Below path={path} prefix={prefix} onAdd={onAdd} />}
    </li>
  );
}

function Below({
  path,
  prefix,
  onAdd,
}: {
  readonly path: string;
  readonly prefix: readonly number[];
  readonly onAdd: (item: ShownItem) => void;
}) {
  const [all, setAll] = useState(false);
  const { data, error } = useData<Branches>(`${path}/tree?prefix=${idText(prefix)}`);
  if (error) return <Problem text={error} />;
  if (!data) return <p class="note">Reading …</p>;
  const shown = all ? data.children : data.children.slice(0, atFirst);
  const left = data.children.length - shown.length;
  return (
    <>
      <ul class="branches">
        {shown.map(({ code, count, example }) => (
          <Branch key={code} path={path} prefix={[...prefix, code]} count={count} example={example} onAdd={onAdd} />
        ))}
      </ul>
      {left > 0 && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          {formatNumber(left)} more below {prefix.length === 0 ? "the root" : idText(prefix)}
        </button>
      )}
    </>
  );
}

/** The catalogue as the tree of its semantic IDs, opened a level at a time. */
export function IdTree({ path, onAdd }: { readonly path: string; readonly onAdd: (item: ShownItem) => void }) {
  return (
    <section aria-labelledby="id-tree">
      <h2 id="id-tree">The tree of semantic IDs</h2>
      <p class="note">
        Items whose IDs begin alike are alike in content. Branches with most items come first; an item's title takes it
        into the history.
      </p>
      <section class="scroll tree" tabIndex={0} aria-label="Tree of semantic IDs">
        <Below path={path} prefix={[]} onAdd={onAdd} />
      </section>
    </section>
  );
}
