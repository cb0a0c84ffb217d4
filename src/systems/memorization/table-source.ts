/** The rows to learn: columns of a table file, or of a data set known by name, with the rows' numbers in the file. @module */
import { ConfigError, DataError, nearest } from "../../core/index.ts";
import { type Column, loadDataset, readTable, type Table } from "../../data/index.ts";

/** Columns to learn from and the column to learn. */
export interface TableSource {
  /** The file's path, or the data set's name. */
  readonly name: string;
  readonly sha256: string;
  readonly features: readonly Column[];
  readonly label: Column;
  readonly rows: number;
  /** What was done with cells without a value. */
  readonly missing: SourceOptions["missing"];
  /** By row, its number in the file, from 1 and without the header. */
  readonly rowNumbers: Uint32Array;
  /** Lines of the file before row 1; undefined where a row is not a line. */
  readonly headerLines: number | undefined;
}

/** Which columns, and what to do with cells that are empty. */
export interface SourceOptions {
  readonly label?: string | undefined;
  readonly features?: readonly string[] | undefined;
  /** `error`: refuse; `drop`: leave the row out; `keep`: a missing value is a value of its own. */
  readonly missing: "error" | "drop" | "keep";
  /** `refuse`, `drop` or `keep` columns in which every value is the same. */
  readonly constant: "refuse" | "drop" | "keep";
  readonly dataDir?: string | undefined;
}

/** `row 7, line 8`, or `row 7` where rows are not lines. */
export function nameRow({ rowNumbers, headerLines }: TableSource, row: number): string {
  const number = rowNumbers[row]!;
  return headerLines === undefined ? `row ${number}` : `row ${number} (line ${number + headerLines})`;
}

const tablePath = /\.(csv|tsv|tab|jsonl|ndjson|parquet)(\.gz)?$/i;

/**
 * Reads a table file, or a data set that {@link loadDataset} knows (`digits`, `iris`, `wine`, a folder of images, …).
 *
 * @throws {DataError} where it cannot be read, a cell is missing, or a column is empty or constant
 * @throws {ConfigError} where a column that is asked for is not there
 */
export async function loadSource(data: string, options: SourceOptions): Promise<TableSource> {
  const { columns, label, table } = tablePath.test(data)
    ? fromTable(await readTable(data), options)
    : await fromDataset(data, options);
  const source: TableSource = {
    name: data,
    sha256: table.sha256,
    features: chooseFeatures(data, columns, label, options.features),
    label,
    rows: table.rows,
    missing: options.missing,
    rowNumbers: Uint32Array.from({ length: table.rows }, (_, row) => row + 1),
    headerLines: table.headerLines,
  };
  const whole = resolveMissing(source, options.missing);
  return options.constant === "keep" ? whole : refuseConstants(whole, options.constant);
}

interface Read {
  readonly columns: readonly Column[];
  readonly label: Column;
  readonly table: { readonly rows: number; readonly sha256: string; readonly headerLines: number | undefined };
}

function fromTable(table: Table, { label: name }: SourceOptions): Read {
  const names = table.columns.map((column) => column.name);
  if (name === undefined) {
    throw new ConfigError({
      where: "--label",
      expected: "the name of the column to memorize",
      found: "nothing",
      hint: `${table.path} has the columns ${list(names)}`,
    });
  }
  const label = findColumn(table.path, table.columns, name, "--label");
  const headerLines = /\.(csv|tsv|tab)(\.gz)?$/i.test(table.path) ? 1 : /\.parquet$/i.test(table.path) ? undefined : 0;
  return {
    columns: table.columns.filter((column) => column !== label),
    label,
    table: { rows: table.rows, sha256: table.sha256, headerLines },
  };
}

/** What the label of a set that has its own is called. */
const ownLabel = "label";

async function fromDataset(name: string, { label, dataDir }: SourceOptions): Promise<Read> {
  const dataset = await loadDataset(name, {
    ...(label !== undefined && label !== ownLabel && { label }),
    ...(dataDir !== undefined && { dataDir }),
  });
  const { inputs, targets, classes, features } = dataset;
  const rows = inputs.shape[0]!;
  const width = inputs.data.length / rows;
  const columns = Array.from({ length: width }, (_, at): Column => {
    const values = Float64Array.from({ length: rows }, (_, row) => inputs.data[row * width + at] as number);
    return { name: features?.[at] ?? `x${at}`, type: "number", values };
  });
  const values = Float64Array.from(targets.data as ArrayLike<number>);
  const column: Column = classes
    ? { name: label ?? ownLabel, type: "text", categories: classes, codes: Int32Array.from(values) }
    : { name: label ?? ownLabel, type: "number", values };
  return { columns, label: column, table: { rows, sha256: dataset.sha256, headerLines: undefined } };
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(", ");
  return names.length > 12 ? `${shown}, … (${names.length})` : shown;
}

function findColumn(path: string, columns: readonly Column[], name: string, option: string): Column {
  const found = columns.find((column) => column.name === name);
  if (found) return found;
  const names = columns.map((column) => column.name);
  const near = nearest(name, names);
  throw new ConfigError({
    where: option,
    expected: `a column of ${path}`,
    found: `"${name}"`,
    hint: `${near === undefined ? "" : `did you mean ${near}? `}its columns are ${list(names)}`,
  });
}

function chooseFeatures(
  path: string,
  columns: readonly Column[],
  label: Column,
  wanted: readonly string[] | undefined,
): readonly Column[] {
  if (wanted?.includes(label.name)) {
    throw new ConfigError({ where: "--features", expected: "columns other than the label", found: `"${label.name}"` });
  }
  const twice = wanted?.find((name, at) => wanted.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new ConfigError({ where: "--features", expected: "each column once", found: `"${twice}" twice` });
  }
  const chosen = wanted ? wanted.map((name) => findColumn(path, columns, name, "--features")) : columns;
  if (chosen.length > 0) return chosen;
  throw new DataError({ where: path, expected: "a column to learn from", found: `only the label ${label.name}` });
}

/** Whether a cell has no value. */
export function isMissing(column: Column, row: number): boolean {
  return column.type === "number" ? Number.isNaN(column.values[row]) : column.codes[row]! < 0;
}

/** The rows `rows` of a column; a text column keeps its categories. */
function takeRows(column: Column, rows: readonly number[]): Column {
  return column.type === "number"
    ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) }
    : { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]!) };
}

function resolveMissing(source: TableSource, missing: SourceOptions["missing"]): TableSource {
  const { name, features, label, rows } = source;
  for (const column of [label, ...features]) {
    for (let row = 0; row < rows; row++)
      if (!isMissing(column, row)) break;
      else if (row === rows - 1) {
        throw new DataError({
          where: `${name}: column ${column.name}`,
          expected: "values",
          found: "an empty column",
          hint: "leave it out with --features",
        });
      }
  }
  const kept: number[] = [];
  for (let row = 0; row < rows; row++) {
    const gap = [label, ...features].find((column) => isMissing(column, row));
    if (gap === undefined || (missing === "keep" && gap !== label)) kept.push(row);
    else if (missing !== "drop") {
      throw new DataError({
        where: `${name}: ${nameRow(source, row)}, column ${gap.name}`,
        expected: "a value",
        found: "a missing value or NaN",
        hint:
          gap === label
            ? "leave such rows out with --missing drop"
            : "--missing keep makes a missing value a value of its own, --missing drop leaves the row out",
      });
    }
  }
  for (const column of [label, ...features]) {
    if (column.type !== "number") continue;
    const row = column.values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
    if (row < 0) continue;
    const found = String(column.values[row]);
    throw new DataError({
      where: `${name}: ${nameRow(source, row)}, column ${column.name}`,
      expected: "a finite number",
      found,
    });
  }
  if (kept.length === rows) return source;
  return {
    ...source,
    rows: kept.length,
    features: features.map((column) => takeRows(column, kept)),
    label: takeRows(label, kept),
    rowNumbers: Uint32Array.from(kept, (row) => source.rowNumbers[row]!),
  };
}

function isConstant(column: Column): boolean {
  if (column.type === "text") return column.codes.every((code) => code === column.codes[0]);
  return column.values.every((value) => Object.is(value, column.values[0]));
}

function refuseConstants(source: TableSource, constant: "refuse" | "drop"): TableSource {
  const { name, features, rows } = source;
  if (rows < 2) {
    throw new DataError({ where: name, expected: "at least two rows", found: rows === 1 ? "one row" : "no rows" });
  }
  const varying = features.filter((column) => !isConstant(column));
  if (varying.length === features.length) return source;
  const first = features.find(isConstant)!;
  if (constant === "drop" && varying.length > 0) return { ...source, features: varying };
  const value = first.type === "number" ? String(first.values[0]) : `"${first.categories[first.codes[0]!] ?? ""}"`;
  const others = features.length - varying.length - 1;
  throw new DataError({
    where: `${name}: column ${first.name}`,
    expected: "at least two different values",
    found: `${value} in every row${others > 0 ? `, and ${others} more columns like it` : ""}`,
    hint:
      varying.length > 0
        ? "leave such columns out with --constant drop or --features"
        : "there is nothing to tell the rows apart by",
  });
}
