import type { ComponentChildren } from "preact";

/** A column: what stands above it, and what of a row stands in it. */
export interface TableColumn<Row> {
  readonly header: string;
  readonly value: (row: Row) => ComponentChildren;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

/**
 * A table that scrolls where it is too large, and by keyboard. Its first column names the rows.
 *
 * @param keyOf - what tells a row from the others
 * @param isCurrent - whether a row is the one that is looked at
 */
export function Table<Row>({
  label,
  caption,
  columns,
  rows,
  keyOf,
  isCurrent,
}: {
  readonly label: string;
  readonly caption?: string;
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  readonly isCurrent?: (row: Row) => boolean;
}) {
  const kind = ({ isNumber }: TableColumn<Row>) => (isNumber ? "number" : undefined);
  return (
    <section class="scroll" aria-label={label} tabIndex={0}>
      <table>
        {caption && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.header} scope="col" class={kind(column)}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} aria-current={isCurrent?.(row) ? "true" : undefined}>
              {columns.map((column, i) =>
                i === 0 ? (
                  <th key={column.header} scope="row" class={kind(column)}>
                    {column.value(row)}
                  </th>
                ) : (
                  <td key={column.header} class={kind(column)}>
                    {column.value(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
