/** What a table's columns are, and how their values are written. @module */
import { max, min } from "simple-statistics";
import { ConfigError, DataError, nearest } from "../../core/index.ts";
import { type Column, parseNumber, type Table } from "../../data/index.ts";
import { fixedFormat, largestWritten, type NumberFormat } from "./number-format.ts";
import { shortCodes } from "./value-codes.ts";

/** A value of a row: a number, a text, or undefined where it is missing. */
export type Value = number | string | undefined;

/** A row: a value for each column of a schema's features. */
export type Row = readonly Value[];

/** A column of numbers. */
export interface NumberFeature {
  readonly name: string;
  readonly kind: "number";
  readonly format: NumberFormat;
  readonly mean: number;
  /** Standard deviation, the unit of noise. */
  readonly deviation: number;
}

/** A column of texts. */
export interface TextFeature {
  readonly name: string;
  readonly kind: "text";
  /** The texts that occur, sorted. */
  readonly categories: readonly string[];
  /** How each is written, where not as it is. */
  readonly codes?: readonly string[];
}

/** A column to predict from. */
export type Feature = NumberFeature | TextFeature;

/** What is predicted. */
export type Target =
  | {
      readonly name: string;
      readonly kind: "classes";
      readonly classes: readonly string[];
      readonly codes?: readonly string[];
    }
  | {
      readonly name: string;
      readonly kind: "number";
      readonly format: NumberFormat;
      readonly low: number;
      readonly high: number;
    };

/** What a model is trained for: the columns of its tables. */
export interface Schema {
  readonly features: readonly Feature[];
  readonly target: Target;
}

/** How {@link inferSchema} decides. */
export interface SchemaOptions {
  readonly target: string;
  readonly task: "auto" | "classify" | "regress";
  /** Columns to predict from; default all others but those that name their rows. */
  readonly features?: readonly string[];
  /** Whether values are written short, for a model of bytes, or as they are. */
  readonly short: boolean;
  /** Digits of numbers that are written short; default 3, of features 2 where more than 8 columns have numbers. */
  readonly digits?: number;
}

/** Most distinct numbers that `auto` takes for classes. */
const mostNumberClasses = 10;

/** Digits of a number, where the user does not say. */
const mostDigits = 3;

/** Most classes that are scored. */
const mostClasses = 1000;

/** A column's values as a list. */
export function valuesOf(column: Column): Value[] {
  if (column.type === "number") return Array.from(column.values, (value) => (Number.isNaN(value) ? undefined : value));
  return Array.from(column.codes, (code) => (code < 0 ? undefined : column.categories[code]!));
}

/** A column whose numbers have a comma for a point, as numbers; other columns as they are. */
export function withDecimalPoints(column: Column): Column {
  if (column.type === "number") return column;
  const numbers = column.categories.map((text) =>
    /^[+-]?\d+,\d+$|^[+-]?\d+$/.test(text) ? parseNumber(text.replace(",", ".")) : undefined,
  );
  const decimal = column.categories.some((text) => text.includes(","));
  if (!decimal || numbers.includes(undefined)) return column;
  const values = Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : numbers[code]!));
  return { name: column.name, type: "number", values };
}

function findColumn(table: Table, name: string, what: string): Column {
  const found = table.columns.find((column) => column.name === name);
  if (found) return withDecimalPoints(found);
  const names = table.columns.map((column) => column.name);
  const near = nearest(name, names);
  throw new DataError({
    where: table.path,
    expected: `the column "${name}" ${what}`,
    found: names.slice(0, 20).join(", "),
    ...(near !== undefined && { hint: `"${near}"?` }),
  });
}

function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

function featureOf(column: Column, short: boolean, digits: number): Feature {
  const { name } = column;
  if (column.type === "text") {
    const { categories } = column;
    return { name, kind: "text", categories, ...(short && { codes: shortCodes(categories) }) };
  }
  const values = Array.from(column.values).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return { name, kind: "text", categories: [], ...(short && { codes: [] }) };
  const format: NumberFormat = short ? fixedFormat(values, digits) : { kind: "plain" };
  return { name, kind: "number", format, ...momentsOf(values) };
}

function targetOf(column: Column, options: SchemaOptions, path: string): Target {
  const { name } = column;
  const values = valuesOf(column).filter((value) => value !== undefined);
  const distinct = [...new Set(values)];
  const whole = distinct.every((value) => Number.isInteger(value));
  const classify =
    options.task === "classify" ||
    (options.task === "auto" && (column.type === "text" || (whole && distinct.length <= mostNumberClasses)));
  const where = `${path}, column ${name}`;
  if (distinct.length < 2) {
    const found = distinct.length === 0 ? "none" : `"${distinct[0]}" alone`;
    throw new DataError({ where, expected: "at least two different values to predict", found });
  }
  if (classify) {
    const sorted = column.type === "number" ? (distinct as number[]).sort((a, b) => a - b) : distinct.sort();
    if (sorted.length > mostClasses) {
      const hint = column.type === "number" ? "--task regress predicts numbers" : "is this a name of each row?";
      throw new DataError({ where, expected: `at most ${mostClasses} classes`, found: `${sorted.length}`, hint });
    }
    const classes = sorted.map(String);
    return { name, kind: "classes", classes, ...(options.short && { codes: shortCodes(classes) }) };
  }
  if (column.type === "text") {
    const text = column.categories.find((category) => parseNumber(category) === undefined);
    throw new DataError({ where, expected: "numbers, for --task regress", found: `"${text}"` });
  }
  const numbers = values as number[];
  const [low, high] = [min(numbers), max(numbers)];
  const largest = Math.max(-low, high);
  if (largest > largestWritten) {
    const hint = "divide the column by a power of ten";
    throw new DataError({ where, expected: `numbers up to ${largestWritten}`, found: `${largest}`, hint });
  }
  const format: NumberFormat = options.short ? fixedFormat(numbers, options.digits ?? mostDigits) : { kind: "plain" };
  return { name, kind: "number", format, low, high };
}

/**
 * What the columns of a table are, and how their values will be written.
 *
 * @returns the schema, and notes on what was left out
 * @throws {ConfigError} where the target is among the features; {@link DataError} where a column is not there, the target has one value, or is text where numbers are asked for
 */
export function inferSchema(table: Table, options: SchemaOptions): { schema: Schema; notes: string[] } {
  const notes: string[] = [];
  const target = targetOf(findColumn(table, options.target, "to predict"), options, table.path);
  if (options.features?.includes(options.target)) {
    const hint = "a model that reads the answer learns nothing else";
    throw new ConfigError({
      where: "--features",
      expected: "columns other than the target",
      found: options.target,
      hint,
    });
  }
  const names = options.features ?? table.columns.map(({ name }) => name).filter((name) => name !== options.target);
  const numeric = names.filter((name) => findColumn(table, name, "to predict from").type === "number").length;
  const digits = options.digits ?? (numeric > 8 ? mostDigits - 1 : mostDigits);
  const features = names.flatMap((name): Feature[] => {
    const column = findColumn(table, name, "to predict from");
    if (table.columns.find((own) => own.name === name)?.type !== column.type) {
      notes.push(`column ${name}: numbers with a decimal comma`);
    }
    const distinct = new Set(valuesOf(column).filter((value) => value !== undefined)).size;
    const chosen = options.features !== undefined;
    if (!chosen && namesRows(column, distinct, table.rows)) {
      notes.push(`column ${name} is left out: it names rows, ${distinct} values in ${table.rows}; --features keeps it`);
      return [];
    }
    if (!chosen && distinct <= 1) {
      notes.push(`column ${name} is left out: it has ${distinct === 0 ? "no value" : "one value"}`);
      return [];
    }
    return [featureOf(column, options.short, digits)];
  });
  if (features.length === 0) {
    throw new DataError({
      where: table.path,
      expected: "columns to predict from",
      found: "none",
      hint: "name them with --features",
    });
  }
  return { schema: { features, target }, notes };
}

/** Whether a column says which row it is rather than what is in it. */
function namesRows(column: Column, distinct: number, rows: number): boolean {
  if (column.type === "text") return distinct > 20 && distinct > 0.3 * rows;
  const { values } = column;
  return rows > 20 && distinct === rows && values.every((value, i) => value - values[0]! === i);
}
