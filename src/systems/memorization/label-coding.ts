/** Labels as whole numbers: classes by their place, numbers by quantising. @module */
import { ConfigError, DataError } from "../../core/index.ts";
import type { Column } from "../../data/index.ts";
import { nameRow, type TableSource } from "./table-source.ts";

/** What the label numbers stand for. */
export type LabelCoding =
  /** Label i is `classes[i]`. */
  | { readonly column: string; readonly kind: "classes"; readonly classes: readonly string[] }
  /** Label i is the number low + i * step. */
  | {
      readonly column: string;
      readonly kind: "quantized";
      readonly low: number;
      readonly step: number;
      readonly bits: number;
    };

/** Bits of a label number. */
export function labelBits(coding: LabelCoding): number {
  return coding.kind === "quantized" ? coding.bits : Math.max(1, Math.ceil(Math.log2(coding.classes.length)));
}

/** The number, or the class, that a label number stands for; undefined for a number that no row has. */
export function decodeLabel(coding: LabelCoding, label: number): string | number | undefined {
  return coding.kind === "quantized" ? coding.low + label * coding.step : coding.classes[label];
}

function textAt(column: Column, row: number): string {
  return column.type === "text" ? (column.categories[column.codes[row]!] ?? "") : String(column.values[row]! + 0);
}

/**
 * What a label column's values become.
 *
 * @param bits - quantise numbers to that many bits; undefined: every value is a class
 * @throws {DataError} where every row has the same label
 * @throws {ConfigError} where texts are to be quantised, or fractions to be classes
 */
export function planLabels({ label, rows, name }: TableSource, bits: number | undefined): LabelCoding {
  const where = `${name}: column ${label.name}`;
  if (bits !== undefined) {
    if (label.type !== "number") {
      throw new ConfigError({
        where: "--bits",
        expected: `a column of numbers as label, to be rounded to ${bits} bits`,
        found: `texts in column ${label.name}`,
        hint: "leave --bits out: every text is a class",
      });
    }
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of label.values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (low === high)
      throw new DataError({ where, expected: "at least two different labels", found: `${low} in every row` });
    const step = (high - low) / (2 ** bits - 1);
    if (Number.isFinite(step) && step > 0) return { column: label.name, kind: "quantized", low, step, bits };
    throw new DataError({ where, expected: "a range that float64 can divide into steps", found: `${low} to ${high}` });
  }
  if (label.type === "number") {
    const row = label.values.findIndex((value) => !Number.isInteger(value));
    if (row >= 0) {
      throw new ConfigError({
        where,
        expected: "classes: texts or whole numbers",
        found: `${label.values[row]}`,
        hint: "memorize numbers to a precision with --bits 8",
      });
    }
  }
  const classes = new Set<string>();
  for (let row = 0; row < rows; row++) classes.add(textAt(label, row));
  if (classes.size < 2) {
    throw new DataError({ where, expected: "at least two classes", found: `only ${[...classes][0]}` });
  }
  const sorted = [...classes].sort(label.type === "number" ? (a, b) => Number(a) - Number(b) : undefined);
  return { column: label.name, kind: "classes", classes: sorted };
}

/**
 * By row the label number, as {@link planLabels} says; -1 for a class that is not one of the coding's, or a number outside its range.
 */
export function encodeLabels(coding: LabelCoding, label: Column, rows: number): Int32Array {
  const labels = new Int32Array(rows);
  if (coding.kind === "quantized") {
    const { low, step, bits } = coding;
    for (let row = 0; row < rows; row++) {
      const value = label.type === "number" ? Math.round((label.values[row]! - low) / step) : Number.NaN;
      labels[row] = value >= 0 && value < 2 ** bits ? value : -1;
    }
    return labels;
  }
  const placeOf = new Map(coding.classes.map((text, place) => [text, place]));
  for (let row = 0; row < rows; row++) labels[row] = placeOf.get(textAt(label, row)) ?? -1;
  return labels;
}

/** How far the quantised labels are from the column's numbers, at most; 0 for classes. */
export function largestLabelError(coding: LabelCoding, { label }: TableSource, labels: Int32Array): number {
  if (coding.kind !== "quantized" || label.type !== "number") return 0;
  const { low, step } = coding;
  return label.values.reduce((worst, value, row) => Math.max(worst, Math.abs(value - (low + labels[row]! * step))), 0);
}

/** Rows that say the same and are labelled differently. */
export interface Conflict {
  /** Rows of the table, from 0. */
  readonly rows: readonly number[];
}

/** The error that lists conflicts by row and label. */
export function conflictError(
  source: TableSource,
  coding: LabelCoding,
  labels: Int32Array,
  conflicts: readonly Conflict[],
): DataError {
  const describe = ({ rows }: Conflict) => {
    const shown = rows
      .slice(0, 4)
      .map((row) => `${nameRow(source, row)} says ${String(decodeLabel(coding, labels[row]!))}`);
    return shown.join(", ") + (rows.length > 4 ? `, and ${rows.length - 4} more rows` : "");
  };
  const shown = conflicts.slice(0, 5).map(describe).join("; ");
  const more = conflicts.length > 5 ? `; and ${conflicts.length - 5} more` : "";
  return new DataError({
    where: source.name,
    expected: "one label for rows that are the same in all features",
    found: `${conflicts.length} ${conflicts.length === 1 ? "conflict" : "conflicts"}: ${shown}${more}`,
    hint: "--on-conflict majority takes the most frequent label (all are listed with --json), or add a feature that tells the rows apart",
  });
}
