/** Tables as rows of a schema. @module */
import { DataError, Random } from "../../core/index.ts";
import { type Column, parseNumber, readTable, type Table } from "../../data/index.ts";
import type { LabelledRows } from "./examples.ts";
import { type Feature, type Row, type Schema, type Value, valuesOf, withDecimalPoints } from "./schema.ts";

/** A table read for a schema. */
export interface SchemaRows {
  readonly rows: readonly Row[];
  /** What is to be predicted of each; undefined where the table has no such column or value. */
  readonly answers: readonly Value[];
  /** Whether the table has the target's column. */
  readonly labelled: boolean;
  /** What was odd and did not stop the reading. */
  readonly notes: readonly string[];
}

const place = (path: string, row: number, column: string) => `${path}: row ${row + 1}, column ${column}`;

/** The values of a feature, as its kind. */
function featureValues(feature: Feature, column: Column, path: string, notes: string[]): Value[] {
  const values = valuesOf(column);
  if (feature.kind === "number") {
    return values.map((value, row) => {
      if (value === undefined || typeof value === "number") return value;
      const number = parseNumber(value);
      if (number !== undefined) return number;
      throw new DataError({ where: place(path, row, feature.name), expected: "a number", found: `"${value}"` });
    });
  }
  const texts = values.map((value) => (value === undefined ? undefined : String(value)));
  const seen = new Set(feature.categories);
  const unseen = new Set(texts.filter((text) => text !== undefined && !seen.has(text)));
  if (unseen.size > 0) {
    const names = [...unseen].slice(0, 3).map((text) => `"${text}"`);
    const how = feature.codes ? "; they are read as missing" : "";
    notes.push(
      `column ${feature.name}: ${unseen.size} texts that training did not see, such as ${names.join(", ")}${how}`,
    );
  }
  return texts;
}

/**
 * The rows of a table, its columns found by name: in whatever order they stand, and whatever others there are.
 *
 * @throws {DataError} where a column is not there, or a number is none
 */
export function rowsOf(table: Table, { features, target }: Schema): SchemaRows {
  const notes: string[] = [];
  const named = new Map(table.columns.map((column) => [column.name, withDecimalPoints(column)]));
  const absent = features.filter(({ name }) => !named.has(name)).map(({ name }) => name);
  if (absent.length > 0) {
    throw new DataError({
      where: table.path,
      expected: `the columns ${features.map(({ name }) => name).join(", ")}`,
      found: `no ${absent.join(", ")}`,
    });
  }
  const columns = features.map((feature) => featureValues(feature, named.get(feature.name)!, table.path, notes));
  const label = named.get(target.name);
  const answers = label ? answersOf(label, target, table) : Array<Value>(table.rows).fill(undefined);
  const rows = Array.from({ length: table.rows }, (_, row) => columns.map((column) => column[row]));
  return { rows, answers, labelled: label !== undefined, notes };
}

function answersOf(column: Column, target: Schema["target"], { path }: Table): Value[] {
  return valuesOf(column).map((value, row) => {
    if (value === undefined) return undefined;
    if (target.kind === "classes") return String(value);
    const number = typeof value === "number" ? value : parseNumber(value);
    if (number !== undefined) return number;
    throw new DataError({ where: place(path, row, target.name), expected: "a number", found: `"${value}"` });
  });
}

/** Reads a table file for a schema; see {@link rowsOf}. */
export async function readRows(path: string, schema: Schema): Promise<SchemaRows> {
  return rowsOf(await readTable(path), schema);
}

/**
 * The rows whose answer is known and, of classes, one that was learned.
 *
 * @throws {DataError} where none is left
 */
export function onlyAnswered(read: SchemaRows, path: string, notes: string[]): LabelledRows {
  const kept = read.answers.flatMap((answer, row) => (answer === undefined ? [] : [row]));
  const left = read.answers.length - kept.length;
  if (left > 0 && kept.length > 0) notes.push(`${left} rows without an answer are left out`);
  if (kept.length === 0) {
    throw new DataError({ where: path, expected: "rows with an answer", found: "none" });
  }
  return { rows: kept.map((row) => read.rows[row]!), answers: kept.map((row) => read.answers[row]) };
}

/** Some of the rows. */
export function takeLabelled({ rows, answers }: LabelledRows, places: readonly number[]): LabelledRows {
  return { rows: places.map((place) => rows[place]!), answers: places.map((place) => answers[place]) };
}

/**
 * Rows in two parts, the second with a share of each class where there are classes. A class of one row stays in the first.
 *
 * @param share - of the second part, in (0, 1)
 */
export function splitLabelled(
  data: LabelledRows,
  share: number,
  seed: number,
  stratify: boolean,
): { train: LabelledRows; test: LabelledRows } {
  const groups = new Map<Value, number[]>();
  for (const [row, answer] of data.answers.entries()) {
    const key = stratify ? answer : "all";
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const random = new Random(seed, "split");
  const parts = [...groups.values()].map((rows) => {
    random.shuffle(rows);
    const count = Math.round(share * rows.length);
    return { test: rows.slice(0, count), train: rows.slice(count) };
  });
  const part = (name: "train" | "test") =>
    takeLabelled(
      data,
      parts.flatMap((own) => own[name]).sort((a, b) => a - b),
    );
  return { train: part("train"), test: part("test") };
}
