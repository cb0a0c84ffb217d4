/** A column of {@link formatTable}. */
import { max } from "simple-statistics";
export interface Column<Row> {
  readonly header: string;
  readonly value: (row: Row) => string | number;
  /** Default: right where every value is a number, else left. */
  readonly align?: "left" | "right";
  /** Characters; longer values are wrapped at spaces. Default: not wrapped. */
  readonly maxWidth?: number;
  /** Characters; for tables printed a row at a time. Default: what the values need. */
  readonly minWidth?: number;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/**
 * `rows` as text in aligned columns, under a line of headers.
 *
 * @param options - `header`: whether to begin with the headers (default true)
 * @example
 * ```ts
 * formatTable([{ name: "rr", slope: -3 }], [
 *   { header: "order", value: (row) => row.name },
 *   { header: "slope", value: (row) => row.slope },
 * ]);
 * // order  slope
 * // -----  -----
 * // rr        -3
 * ```
 */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: { header?: boolean } = {},
): string {
  const cells = columns.map((column) => {
    const values = rows.map((row) => column.value(row));
    const numeric = values.length > 0 && values.every((value) => typeof value === "number");
    const lines = values.map((value) => wrap(String(value), column.maxWidth ?? Number.POSITIVE_INFINITY));
    const width = max([column.minWidth ?? 0, column.header.length, ...lines.flat().map((line) => line.length)]);
    const right = (column.align ?? (numeric ? "right" : "left")) === "right";
    return { lines, width, pad: (text: string) => (right ? text.padStart(width) : text.padEnd(width)) };
  });
  const join = (parts: string[]) => parts.join("  ").trimEnd();
  const out: string[] = [];
  if (options.header ?? true) {
    out.push(join(cells.map((cell, i) => cell.pad(columns[i]!.header))));
    out.push(join(cells.map((cell) => "-".repeat(cell.width))));
  }
  for (let row = 0; row < rows.length; row++) {
    const height = Math.max(1, ...cells.map((cell) => cell.lines[row]!.length));
    for (let line = 0; line < height; line++)
      out.push(join(cells.map((cell) => cell.pad(cell.lines[row]![line] ?? ""))));
  }
  return out.join("\n");
}
