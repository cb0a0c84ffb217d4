/**
 * JSON lines: an object a line, its keys the columns.
 *
 * @module
 */
import { DataError } from "../core/index.ts";
import { linesOf, streamDataFile } from "./data-file.ts";
import { type Column, type Table, TextBuilder } from "./table.ts";

type Value = number | string | undefined;

function parseLine(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new DataError({ where, expected: "a JSON object", found, cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DataError({ where, expected: "a JSON object", found: line.trim().slice(0, 60) });
  }
  return value as Record<string, unknown>;
}

function readValue(value: unknown, missing: ReadonlySet<string>, where: string): Value {
  switch (typeof value) {
    case "number":
      return value;
    case "string":
      return missing.has(value.trim()) ? undefined : value;
    case "boolean":
      return String(value);
    default:
      if (value === null) return undefined;
      throw new DataError({ where, expected: "a number or a text", found: JSON.stringify(value).slice(0, 60) });
  }
}

function toColumn(name: string, values: readonly Value[], rows: number): Column {
  if (!values.some((value) => typeof value === "string")) {
    const numbers = new Float64Array(rows).fill(Number.NaN);
    for (const [row, value] of values.entries()) if (typeof value === "number") numbers[row] = value;
    return { name, type: "number", values: numbers };
  }
  const builder = new TextBuilder(rows, new Set());
  for (const [row, value] of values.entries()) if (value !== undefined) builder.set(row, String(value));
  return builder.toText(name);
}

/**
 * Reads a file of JSON lines, gzip or not. Columns come in the order in which their keys first appear; a key that a line
 * lacks is a missing value.
 *
 * @throws {DataError} as {@link readTable} says
 */
export async function readJsonLines(path: string, options: { missing: ReadonlySet<string> }): Promise<Table> {
  const columns = new Map<string, Value[]>();
  let lineNumber = 0;
  let rows = 0;
  const { sha256 } = await streamDataFile(path, async (chunks) => {
    for await (const lines of linesOf(chunks)) {
      for (const line of lines) {
        lineNumber++;
        if (line.trim() === "") continue;
        for (const [key, value] of Object.entries(parseLine(line, `${path}:${lineNumber}`))) {
          const read = readValue(value, options.missing, `${path}:${lineNumber}, key ${key}`);
          const values = columns.get(key) ?? [];
          columns.set(key, values);
          while (values.length < rows) values.push(undefined);
          values.push(read);
        }
        rows++;
      }
    }
  });
  return { path, sha256, rows, columns: [...columns].map(([name, values]) => toColumn(name, values, rows)) };
}
