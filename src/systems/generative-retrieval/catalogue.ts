/** The items that can be recommended: their ids and what is written of them. @module */
import { DataError } from "../../core/index.ts";
import { type Column, readTable } from "../../data/index.ts";

/** An item as it came from its file. */
export interface Item {
  readonly id: string;
  /** Its other columns by name; those that are empty are left out. */
  readonly fields: Readonly<Record<string, string>>;
  /** What is written of it: its text columns, one after the other. */
  readonly text: string;
}

/** What was read of a file of items. */
export interface ItemFile {
  readonly items: readonly Item[];
  /** What a reader should know of the file, such as items without text. */
  readonly notes: readonly string[];
  readonly sha256: string;
}

const valueAt = (column: Column, row: number): string | undefined => {
  if (column.type === "text") return column.categories[column.codes[row]];
  const value = column.values[row];
  return Number.isNaN(value) ? undefined : String(value);
};

/** The column that holds ids: named `item`, `item_id`, `id` or the like, else the first. */
function idColumn(columns: readonly Column[]): Column {
  const names = ["item_id", "item", "itemid", "id"];
  return names.flatMap((name) => columns.filter((column) => column.name.toLowerCase() === name))[0] ?? columns[0];
}

/**
 * Reads items from a table: one column of ids, and text columns to tell items apart by. Columns of numbers are kept, and are no text.
 *
 * @param path - CSV, TSV, JSON lines or Parquet
 * @throws {DataError} where the file cannot be read, or has an item without an id or the same id twice
 */
export async function readItems(path: string): Promise<ItemFile> {
  const table = await readTable(path, { missingValues: [] });
  const ids = idColumn(table.columns);
  const others = table.columns.filter((column) => column !== ids);
  const rowOf = new Map<string, number>();
  const items: Item[] = [];
  let silent = 0;
  for (let row = 0; row < table.rows; row++) {
    const id = valueAt(ids, row);
    const where = `${path}: row ${row + 1}, column ${ids.name}`;
    if (id === undefined) throw new DataError({ where, expected: "an item's id", found: "nothing" });
    const before = rowOf.get(id);
    if (before !== undefined) {
      throw new DataError({ where, expected: "every item once", found: `${id}, as in row ${before + 1}` });
    }
    rowOf.set(id, row);
    const fields: Record<string, string> = {};
    const texts: string[] = [];
    for (const column of others) {
      const value = valueAt(column, row);
      if (value === undefined) continue;
      fields[column.name] = value;
      if (column.type === "text") texts.push(value);
    }
    if (texts.length === 0) silent++;
    items.push({ id, fields, text: texts.join(" ") });
  }
  const notes = silent > 0 ? [`${silent} of ${items.length} items have no text: all of them get the same content`] : [];
  return { items, notes, sha256: table.sha256 };
}
