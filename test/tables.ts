/** Tables in tests: files made for one, and what is in a table. @module */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type ReadTableOptions, readTable, type Table } from "../src/data/index.ts";

/** Column by column: numbers or texts, null where missing. */
export function content({ columns }: Table): Record<string, (number | string | null)[]> {
  const values = columns.map((column): [string, (number | string | null)[]] => [
    column.name,
    column.type === "number"
      ? Array.from(column.values, (value) => (Number.isNaN(value) ? null : value))
      : Array.from(column.codes, (code) => column.categories[code] ?? null),
  ]);
  return Object.fromEntries(values);
}

/** A folder for table files, removed after the tests of the file. */
export function tableFolder() {
  const folder = mkdtempSync(join(tmpdir(), "tenfold-table-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  /** The table of a file with these bytes. */
  async function read(name: string, bytes: string | Uint8Array, options?: ReadTableOptions): Promise<Table> {
    writeFileSync(path(name), bytes);
    return readTable(path(name), options);
  }
  /** The error of reading it, the folder's name left out. */
  async function problem(name: string, bytes: string | Uint8Array): Promise<string> {
    const error = await read(name, bytes).catch((caught: unknown) => caught);
    return String(error).replaceAll(folder, "");
  }
  return { path, read, problem };
}
