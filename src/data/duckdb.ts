/**
 * Columns out of DuckDB: one pass to count and find types, one that streams the values.
 *
 * @module
 */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { type Column, TextBuilder } from "./table.ts";

/** A column to read. */
export interface ColumnPlan {
  readonly name: string;
  /** SQL for its value. */
  readonly value: string;
  /** What the file declares; where absent, a column is numeric when all its texts are numbers or missing. */
  readonly type?: Column["type"];
}

/** Runs `fn` with an in-memory DuckDB that never fetches extensions, and closes it. */
export async function withDuckDB<T>(fn: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  try {
    const connection = await instance.connect();
    try {
      return await fn(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** SQL for a text. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** SQL for a file's path that names this file only: DuckDB reads `*`, `?` and `[` as patterns. */
export function sqlPath(path: string): string {
  return sqlText(path.replace(/[[*?]/g, "[$&]"));
}

/** The planned columns of `source`, a FROM clause that is read twice. Rows keep the order of the file. */
export async function readColumns(
  connection: DuckDBConnection,
  source: string,
  plans: readonly ColumnPlan[],
  missing: ReadonlySet<string>,
): Promise<{ rows: number; columns: Column[] }> {
  const number = plans.map(({ value }) => `try_cast(${value} AS DOUBLE)`);
  // Where DuckDB sees numbers only, as in most columns of most files, no text is made.
  const checks = plans.map(({ type, value }, i) => (type ? "true" : `count(${value}) = count(${number[i]})`));
  const summary = await connection.runAndReadAll(`SELECT count(*)::DOUBLE, ${checks.join(", ")} FROM ${source}`);
  const [rows, ...allNumbers] = summary.getRows()[0] as [number, ...boolean[]];
  const isNumber = plans.map(({ type }, i) => (type === undefined ? allNumbers[i]! : type === "number"));

  const targets = isNumber.map((is) => (is ? new Float64Array(rows).fill(Number.NaN) : new TextBuilder(rows, missing)));
  const selected = plans.map(({ value }, i) => (isNumber[i] ? number[i] : `${value}::VARCHAR`));
  const result = await connection.stream(`SELECT ${selected.join(", ")} FROM ${source}`);
  let start = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const [i, target] of targets.entries()) {
      const vector = chunk.getColumnVector(i);
      for (let row = 0; row < chunk.rowCount; row++) {
        const value = vector.getItem(row);
        if (value === null) continue;
        if (target instanceof Float64Array) target[start + row] = value as number;
        else target.set(start + row, value as string);
      }
    }
    start += chunk.rowCount;
  }
  const columns = plans.map(({ name, type }, i): Column => {
    const target = targets[i]!;
    if (target instanceof Float64Array) return { name, type: "number", values: target };
    return (type === undefined ? target.toNumbers(name) : undefined) ?? target.toText(name);
  });
  return { rows, columns };
}
