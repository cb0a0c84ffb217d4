/**
 * Parquet files through DuckDB.
 *
 * @module
 */
import { resolve } from "node:path";
import { DataError, TenfoldError } from "../core/index.ts";
import { sha256File } from "../storage/index.ts";
import { type ColumnPlan, readColumns, sqlPath, withDuckDB } from "./duckdb.ts";
import type { Table } from "./table.ts";

const numberTypes = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const textTypes = /^(VARCHAR|BOOLEAN|DATE|TIME|TIMESTAMP|UUID|ENUM)[^[\]]*$/;

function planColumn(name: string, type: string, path: string): ColumnPlan {
  const value = `"${name.replaceAll('"', '""')}"`;
  if (numberTypes.test(type)) return { name, value, type: "number" };
  if (textTypes.test(type)) return { name, value, type: "text" };
  throw new DataError({
    where: `${path}: column ${name}`,
    expected: "numbers or texts",
    found: type,
    hint: "write the file without this column, or spread it over several",
  });
}

/**
 * Reads a Parquet file.
 *
 * @throws {DataError} as {@link readTable} says
 */
export async function readParquet(path: string, options: { missing: ReadonlySet<string> }): Promise<Table> {
  const sha256 = await sha256File(path);
  const source = `read_parquet(${sqlPath(resolve(path))})`;
  try {
    return await withDuckDB(async (connection) => {
      const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
      const plans = described.getRows().map(([name, type]) => planColumn(String(name), String(type), path));
      return { path, sha256, ...(await readColumns(connection, source, plans, options.missing)) };
    });
  } catch (error) {
    if (error instanceof TenfoldError) throw error;
    const found =
      error instanceof Error ? error.message.split("\n")[0]!.replace(/^[A-Za-z ]+ Error: /, "") : String(error);
    throw new DataError({ where: path, expected: "a Parquet file", found, cause: error });
  }
}
