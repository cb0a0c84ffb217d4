import { formatNumber } from "../format.ts";
import type { NamedCell } from "./loop-session.ts";

/** The rows of a value: numbers and arrays have one. */
function rowsOf({ name, value }: NamedCell): { readonly name: string; readonly value: number }[][] {
  if (typeof value === "number") return [[{ name, value }]];
  // A column of a FLEQ machine is a list too; only SUBLEQ writes to single elements, by their place.
  return value.map((row, i) =>
    typeof row === "number"
      ? [{ name: `${name}[${i}]`, value: row }]
      : row.map((entry, j) => ({ name: `${name}[${i}, ${j}]`, value: entry })),
  );
}

/** A number as it stands in a cell. */
const shown = (value: number) => formatNumber(Number(value.toPrecision(6)), 5);

/** All data by name, with what the last loop wrote marked. */
export function MemoryGrid({
  memory,
  written,
}: {
  readonly memory: readonly NamedCell[];
  readonly written: string | undefined;
}) {
  return (
    <dl class="live-memory">
      {memory.map((cell) => {
        const rows = rowsOf(cell);
        const isMatrix = rows.length > 0 && rows[0]!.length > 1;
        const columns = isMatrix ? rows[0]!.length : Math.min(rows.length, 10);
        return (
          <div key={cell.name} class={rows.length > 1 || isMatrix ? "wide" : undefined}>
            <dt>{cell.name}</dt>
            <dd style={{ gridTemplateColumns: `repeat(${columns}, minmax(min-content, 4.5em))` }}>
              {rows.flat().map(({ name, value }) => {
                const changed = written === name || written === cell.name;
                return (
                  <span key={name} class={changed ? "changed" : undefined} title={name}>
                    {shown(value)}
                    {changed && <span class="live-hidden"> (just written)</span>}
                  </span>
                );
              })}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
