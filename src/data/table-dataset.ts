/**
 * Datasets from tables: numeric columns as they are, texts one-hot, one column as label.
 *
 * @module
 */
import { basename } from "node:path";
import { ConfigError, DataError, hostTensor } from "../core/index.ts";
import type { Dataset } from "./dataset.ts";
import { encodeLabels, type LabelOptions, listNames } from "./labels.ts";
import { type Column, locate, type NumberColumn, type Table, textAt } from "./table.ts";

/** Options of {@link tableDataset} other than the label. */
export interface EncodingOptions extends LabelOptions {
  /** The columns to learn from; default all but the label. */
  readonly features?: readonly string[];
  /** What to do with a row in which a value is missing: stop with an error (the default) or leave the row out. */
  readonly missing?: "error" | "drop";
  /** The most different texts a column may have to be encoded; default 256. */
  readonly maxCategories?: number;
  /** A dataset whose features and classes are taken over, such as the training set for a test set of the same columns. */
  readonly like?: Dataset;
}

/** Options of {@link tableDataset}. */
export interface TableDatasetOptions extends EncodingOptions {
  /** The column to predict. */
  readonly label: string;
}

/** A column as inputs: its own number, or a 0 or 1 for each of `categories`. */
type Feature =
  | { readonly column: NumberColumn; readonly categories?: undefined }
  | { readonly column: Column; readonly categories: readonly string[] };

function namesOf({ column, categories }: Feature): string[] {
  return categories === undefined ? [column.name] : categories.map((category) => `${column.name}=${category}`);
}

function findColumn(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  throw new DataError({
    where: table.path,
    expected: `a column ${name}`,
    found: `the columns ${listNames(table.columns.map((candidate) => candidate.name))}`,
    hint: "the first line of a CSV file is read as the names of its columns",
  });
}

/** The features of columns that are encoded by what is in them. */
function planFeatures(table: Table, columns: readonly Column[], maxCategories: number): Feature[] {
  return columns.map((column): Feature => {
    if (column.type === "number") return { column };
    if (column.categories.length > maxCategories) {
      throw new DataError({
        where: `${table.path}: column ${column.name}`,
        expected: `numbers, or at most ${maxCategories} different texts`,
        found: `${column.categories.length} different texts`,
        hint: "leave the column out (features), or raise maxCategories (--max-categories)",
      });
    }
    return { column, categories: column.categories };
  });
}

/** The features that `names`, such as `age` or `color=red`, were made from: consecutive ones of a column are one feature. */
function planFeaturesLike(table: Table, names: readonly string[]): Feature[] {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const features: { column: Column; categories?: string[] }[] = [];
  for (const name of names) {
    const equals = [...name.matchAll(/=/g)].map(({ index }) => index).find((at) => columns.has(name.slice(0, at)));
    if (columns.has(name) || equals === undefined) {
      features.push({ column: findColumn(table, name) });
      continue;
    }
    const column = columns.get(name.slice(0, equals))!;
    const last = features.at(-1);
    if (last?.column === column && last.categories) last.categories.push(name.slice(equals + 1));
    else features.push({ column, categories: [name.slice(equals + 1)] });
  }
  return features.map(({ column, categories }): Feature => {
    if (categories) return { column, categories };
    if (column.type === "number") return { column };
    const row = column.codes.findIndex((code) => code >= 0);
    const found = row < 0 ? "missing values" : textAt(column, row)!;
    throw new DataError({ where: locate(table.path, Math.max(row, 0), column.name), expected: "a number", found });
  });
}

/** The rows in which no value of `columns` is missing. */
function completeRows(table: Table, columns: readonly Column[], missing: "error" | "drop"): Int32Array {
  const isMissing = (column: Column, row: number) =>
    column.type === "number" ? Number.isNaN(column.values[row]) : column.codes[row]! < 0;
  const rows: number[] = [];
  for (let row = 0; row < table.rows; row++) {
    const gap = columns.find((column) => isMissing(column, row));
    if (gap === undefined) rows.push(row);
    else if (missing === "error") {
      throw new DataError({
        where: locate(table.path, row, gap.name),
        expected: "a value",
        found: "a missing value or NaN",
        hint: 'leave out rows with gaps (missing: "drop", --missing drop) or the column (features)',
      });
    }
  }
  if (rows.length === 0) {
    throw new DataError({ where: table.path, expected: "a row without missing values", found: "none" });
  }
  return Int32Array.from(rows);
}

function fillNumbers(
  out: Float32Array,
  width: number,
  at: number,
  column: NumberColumn,
  rows: Int32Array,
  path: string,
) {
  for (const [i, row] of rows.entries()) {
    const value = Math.fround(column.values[row]!);
    if (!Number.isFinite(value)) {
      const found = String(column.values[row]);
      throw new DataError({ where: locate(path, row, column.name), expected: "a finite float32 number", found });
    }
    out[i * width + at] = value;
  }
}

function fillOneHot(
  out: Float32Array,
  width: number,
  at: number,
  { column, categories }: { column: Column; categories: readonly string[] },
  rows: Int32Array,
  path: string,
) {
  const placeOf = new Map(categories.map((category, place) => [category, place]));
  for (const [i, row] of rows.entries()) {
    const text = textAt(column, row)!;
    const place = placeOf.get(text);
    if (place === undefined) {
      const expected = `one of ${listNames(categories)}`;
      throw new DataError({ where: locate(path, row, column.name), expected, found: text });
    }
    out[i * width + at + place] = 1;
  }
}

/** A file's name without folder and endings. */
export function datasetName(path: string): string {
  return basename(path).replace(/(\.[A-Za-z0-9]+)?(\.gz)?$/, "");
}

/**
 * A dataset of a table's rows.
 *
 * @param table - from {@link readTable}
 * @param options.label - the column to predict: classes, or values; see {@link Task}
 * @returns inputs float32 [n, features]: numbers as they are, texts one-hot with names such as `color=red`; targets int32 [n]
 * classes, sorted by name or number, or float32 [n] values
 * @throws {DataError} where a column is not there, a value is missing or no finite float32 number, a text column has too many
 * different texts, there is only one class, or a label or text is not one of those that `classes` or `like` knows
 * @throws {ConfigError} where `features` holds the label
 * @example
 * ```ts
 * const train = tableDataset(await readTable("train.csv"), { label: "income" });
 * const test = tableDataset(await readTable("test.csv"), { label: "income", like: train });
 * ```
 */
export function tableDataset(table: Table, options: TableDatasetOptions): Dataset {
  const { label, like, features: wanted, missing = "error", maxCategories = 256 } = options;
  const labelColumn = findColumn(table, label);
  if (wanted?.includes(label)) {
    throw new ConfigError({ where: "features", expected: "columns other than the label", found: label });
  }
  const columns = wanted
    ? wanted.map((name) => findColumn(table, name))
    : table.columns.filter((column) => column !== labelColumn);
  const features = like?.features
    ? planFeaturesLike(table, like.features)
    : planFeatures(table, columns, maxCategories);
  const rows = completeRows(table, [labelColumn, ...features.map((feature) => feature.column)], missing);

  const names = features.flatMap(namesOf);
  if (names.length === 0) {
    throw new DataError({ where: table.path, expected: "a column to learn from", found: `only the label ${label}` });
  }
  const inputs = new Float32Array(rows.length * names.length);
  let at = 0;
  for (const feature of features) {
    if (feature.categories === undefined) fillNumbers(inputs, names.length, at, feature.column, rows, table.path);
    else fillOneHot(inputs, names.length, at, feature, rows, table.path);
    at += feature.categories?.length ?? 1;
  }
  const task = like ? (like.classes ? "classify" : "regress") : options.task;
  return {
    name: datasetName(table.path),
    inputs: hostTensor(inputs, [rows.length, names.length]),
    ...encodeLabels(labelColumn, rows, table.path, { task, classes: like?.classes ?? options.classes }),
    features: names,
    sha256: table.sha256,
  };
}
