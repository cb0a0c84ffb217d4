/**
 * Targets from a column of labels.
 *
 * @module
 */
import { DataError, type HostTensor, hostTensor } from "../core/index.ts";
import { type Column, locate, textAt } from "./table.ts";

/** What is learnt: classes, or values; `auto` takes texts and at most 20 different whole numbers as classes. */
export type Task = "classify" | "regress" | "auto";

/** Options of {@link encodeLabels}. */
export interface LabelOptions {
  readonly task?: Task;
  /** The names of the classes in the order of their numbers; default those in the column, sorted. */
  readonly classes?: readonly string[];
}

/** The targets of a dataset, and its classes unless they are values. */
export interface Labels {
  readonly targets: HostTensor;
  readonly classes?: readonly string[];
}

/** The most different whole numbers that `auto` takes for classes. */
const maxAutoClasses = 20;

/** The most classes that are taken for classes at all. */
const maxClasses = 1000;

/** The different labels of `rows`, numbers in their own order. */
function distinctLabels(column: Column, rows: Int32Array): string[] {
  const found = new Set<string>();
  for (const row of rows) found.add(textAt(column, row)!);
  return column.type === "text" ? [...found].sort() : [...found].sort((a, b) => Number(a) - Number(b));
}

function isClasses(column: Column, rows: Int32Array): boolean {
  if (column.type === "text") return true;
  const found = new Set<number>();
  for (const row of rows) {
    const value = column.values[row]!;
    if (!Number.isInteger(value) || found.add(value).size > maxAutoClasses) return false;
  }
  return true;
}

function classNumbers(column: Column, rows: Int32Array, path: string, known?: readonly string[]): Labels {
  const where = `${path}: column ${column.name}`;
  const classes = known ?? distinctLabels(column, rows);
  if (known === undefined && classes.length < 2) {
    throw new DataError({ where, expected: "at least two classes", found: `only ${classes[0]}` });
  }
  if (known === undefined && classes.length > maxClasses) {
    const hint = column.type === "number" ? 'are these values? (task: "regress")' : "is this the label column?";
    throw new DataError({ where, expected: `at most ${maxClasses} classes`, found: `${classes.length}`, hint });
  }
  const numberOf = new Map(classes.map((name, number) => [name, number]));
  const targets = Int32Array.from(rows, (row) => {
    const label = textAt(column, row)!;
    const number = numberOf.get(label);
    if (number !== undefined) return number;
    const expected = `one of the known classes ${listNames(classes)}`;
    throw new DataError({ where: locate(path, row, column.name), expected, found: label });
  });
  return { targets: hostTensor(targets, [rows.length]), classes };
}

function values(column: Column, rows: Int32Array, path: string): Labels {
  const targets = Float32Array.from(rows, (row) => {
    const value = column.type === "number" ? Math.fround(column.values[row]!) : Number.NaN;
    if (Number.isFinite(value)) return value;
    const hint = column.type === "text" ? 'are these classes? (task: "classify")' : undefined;
    const found = textAt(column, row)!;
    throw new DataError({ where: locate(path, row, column.name), expected: "a finite float32 number", found, hint });
  });
  return { targets: hostTensor(targets, [rows.length]) };
}

/** Up to 20 names for a message. */
export function listNames(names: readonly string[]): string {
  return names.length <= 20 ? names.join(", ") : `${names.slice(0, 20).join(", ")} and ${names.length - 20} more`;
}

/**
 * The targets of `rows`, none of which may be missing in `column`.
 *
 * @returns int32 class numbers with the classes' names, or float32 values
 * @throws {DataError} where there is one class only or more than 1000, a label is not among `options.classes`, or a value to
 * regress is no finite number
 */
export function encodeLabels(column: Column, rows: Int32Array, path: string, options: LabelOptions): Labels {
  const { task = "auto", classes } = options;
  const classify = task === "auto" ? classes !== undefined || isClasses(column, rows) : task === "classify";
  return classify ? classNumbers(column, rows, path, classes) : values(column, rows, path);
}
