/** Numbers as digits. @module */
import { max, min, quantile } from "simple-statistics";
import { parseNumber } from "../../data/index.ts";

/**
 * How the numbers of a column are written. `plain`: as programs write them, every digit of it. `fixed`: all as wide as one another, so that
 * a digit of a given weight always stands at the same place: rounded to `unit`, with leading zeros, with a sign where the column
 * has negative ones; units of 10 and above are not written out.
 */
export type NumberFormat =
  | { readonly kind: "plain" }
  | { readonly kind: "fixed"; readonly unit: number; readonly integerDigits: number; readonly signed: boolean };

/** Larger numbers are not written digit by digit, so that a model could not answer with them. */
export const largestWritten = 1e15;

/** A fixed format has at most this many digits in all. */
const mostDigits = 12;

const decimalsOf = (unit: number): number => Math.max(0, -Math.round(Math.log10(unit)));

/** Digits behind the point that a number is written with, at most 12. */
function writtenDecimals(value: number): number {
  const text = String(value);
  if (text.includes("e")) return mostDigits;
  return Math.min(mostDigits, text.split(".")[1]?.length ?? 0);
}

/**
 * The fixed format of a column: `digits` significant ones of its widest range, no more decimals than its numbers have.
 *
 * @param values - finite numbers, at least one
 * @returns `plain` where magnitudes differ so much that a fixed width would lose the small ones
 */
export function fixedFormat(values: readonly number[], digits: number): NumberFormat {
  const sizes = values.map(Math.abs).filter((size) => size > 0);
  const largest = max([0, ...sizes]);
  if (largest === 0) return { kind: "fixed", unit: 1, integerDigits: 1, signed: false };
  const [integerDigits, low] = [Math.floor(Math.log10(largest)) + 1, quantile(sizes, 0.1)];
  if (largest > largestWritten || largest / low > 1e6) return { kind: "plain" };
  const observed = max(values.map(writtenDecimals));
  const span = max([...values]) - min([...values]);
  const spanDigits = span === 0 ? integerDigits : Math.floor(Math.log10(span)) + 1;
  // As many digits as tell apart what the column holds: those of its range, not of its distance from zero.
  const exponent = Math.max(spanDigits - digits, -observed);
  const unit = 10 ** exponent;
  const rounded = Math.round(largest / unit) * unit;
  return {
    kind: "fixed",
    unit,
    integerDigits: Math.max(1, Math.floor(Math.log10(Math.max(rounded, unit)) + 1e-9) + 1, exponent + 1),
    signed: values.some((value) => value < 0),
  };
}

/** A number as text. */
export function formatNumber(value: number, format: NumberFormat): string {
  if (format.kind === "plain") return Object.is(value, -0) ? "0" : String(value);
  const { unit, integerDigits, signed } = format;
  const decimals = decimalsOf(unit);
  const dropped = Math.max(0, Math.round(Math.log10(unit)));
  const largest = 10 ** (integerDigits + decimals - dropped) - 1;
  // What is larger than all that the column was seen to hold is written as the largest that fits.
  const units = Math.min(largest, Math.round(Math.abs(value) / unit));
  const text = String(units).padStart(integerDigits - dropped + decimals, "0");
  const point = decimals > 0 ? `${text.slice(0, -decimals)}.${text.slice(-decimals)}` : text;
  return signed ? (value < 0 && units > 0 ? "-" : "+") + point : point;
}

/** The number that a text stands for, or undefined where it is none. */
export function readNumber(text: string, format: NumberFormat): number | undefined {
  const value = parseNumber(text);
  if (value === undefined || format.kind === "plain" || format.unit < 10) return value;
  return value * format.unit;
}

/** Which texts are numbers of a format, character by character: for decoding. */
export function numberPattern(format: NumberFormat): {
  isPrefix(text: string): boolean;
  isComplete(text: string): boolean;
} {
  if (format.kind === "plain") {
    return {
      isPrefix: (text) => text.length <= mostDigits + 4 && /^-?(\d+(\.\d*)?)?$/.test(text),
      isComplete: (text) => /^-?\d+(\.\d+)?$/.test(text),
    };
  }
  const sample = formatNumber(0, format);
  const fits = (character: string, place: number) => {
    const wanted = sample[place]!;
    if (wanted === "+") return character === "+" || character === "-";
    return wanted === "." ? character === "." : /\d/.test(character);
  };
  const isPrefix = (text: string) => text.length <= sample.length && Array.from(text).every(fits);
  return { isPrefix, isComplete: (text) => text.length === sample.length && isPrefix(text) };
}
