/** Synthetic tables to learn digits from, before the table that matters. @module */
import type { Random } from "../../core/index.ts";
import type { LabelledRows } from "./examples.ts";
import type { Feature, Row, Schema, Value } from "./schema.ts";

/** A text and its answer. */
export interface PretextPair {
  readonly prompt: string;
  readonly answer: string;
}

/** A number of two to four digits as columns write it, and its value. */
function drawNumber(random: Random, digits: number, decimals: number): { text: string; value: number } {
  const units = random.integer(10 ** digits);
  const text = String(units).padStart(digits, "0");
  const value = units / 10 ** decimals;
  return { text: decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`, value };
}

const letters = "abcdefgh";

const placeOf = (values: readonly number[], better: (a: number, b: number) => boolean) =>
  values.reduce((best, value, i) => (better(value, values[best]!) ? i : best), 0);

/** Questions about rows of numbers whose answers depend on what digits mean. */
const questions: readonly ((random: Random) => PretextPair)[] = [
  // Which is the largest, and which the smallest?
  (random) => {
    const row = drawRow(random, 2 + random.integer(4));
    const largest = random.integer(2) === 0;
    const place = placeOf(row.values, largest ? (a, b) => a > b : (a, b) => a < b);
    return { prompt: `${largest ? ">" : "<"} ${row.text}#`, answer: letters[place]! };
  },
  // Is a column above a threshold?
  (random) => {
    const row = drawRow(random, 2 + random.integer(5));
    const column = random.integer(row.values.length);
    const threshold = drawNumber(random, row.digits, row.decimals);
    const answer = row.values[column]! > threshold.value ? "1" : "0";
    return { prompt: `${letters[column]} ${threshold.text} ${row.text}#`, answer };
  },
  // Which of the others is nearest to the first?
  (random) => {
    const row = drawRow(random, 3 + random.integer(3));
    const [first, ...others] = row.values as [number, ...number[]];
    const place = placeOf(others, (a, b) => Math.abs(a - first) < Math.abs(b - first));
    return { prompt: `~ ${row.text}#`, answer: letters[place]! };
  },
  // The mean of the first two, rounded down.
  (random) => {
    const row = drawRow(random, 2);
    const units = Math.floor(((row.values[0]! + row.values[1]!) / 2) * 10 ** row.decimals + 1e-6);
    const text = String(units).padStart(row.digits, "0");
    const answer = row.decimals === 0 ? text : `${text.slice(0, -row.decimals)}.${text.slice(-row.decimals)}`;
    return { prompt: `= ${row.text}#`, answer };
  },
];

function drawRow(random: Random, columns: number) {
  const digits = 2 + random.integer(2);
  const decimals = random.integer(digits);
  const numbers = Array.from({ length: columns }, () => drawNumber(random, digits, decimals));
  return {
    digits,
    decimals,
    values: numbers.map(({ value }) => value),
    text: numbers.map(({ text }) => text).join(" "),
  };
}

/** Questions about digits, each kind as often as the others. */
export function drawQuestions(count: number, random: Random): PretextPair[] {
  return Array.from({ length: count }, (_, i) => questions[i % questions.length]!(random));
}

/** A value of a feature at `z` standard deviations, or of a text at that place among its categories. */
function valueAt(feature: Feature, z: number): Value {
  if (feature.kind === "number") return feature.mean + z * feature.deviation;
  const { categories } = feature;
  const share = 1 / (1 + Math.exp(-1.7 * z));
  return categories[Math.min(categories.length - 1, Math.floor(share * categories.length))];
}

/**
 * A made-up table with the columns of a schema: classes are clusters, numbers a linear function of the columns with noise.
 *
 * @remarks Source: Dinh et al. (2022), section on two-stage fine-tuning, which draws them by scikit-learn's `make_classification`.
 */
export function pretextTable(schema: Schema, count: number, random: Random): LabelledRows {
  const { features, target } = schema;
  const draw = () => features.map(() => random.normal());
  const rowAt = (z: readonly number[]): Row => features.map((feature, i) => valueAt(feature, z[i]!));
  if (target.kind === "classes") {
    const centers = target.classes.map(() => draw().map((value) => 1.5 * value));
    const numbers = Array.from({ length: count }, (_, i) => i % target.classes.length);
    return {
      rows: numbers.map((k) => rowAt(draw().map((value, i) => 0.7 * value + centers[k]![i]!))),
      answers: numbers.map((k) => target.classes[k]),
    };
  }
  const weights = draw();
  const size = Math.sqrt(weights.reduce((sum, value) => sum + value * value, 0)) || 1;
  const points = Array.from({ length: count }, draw);
  const [middle, spread] = [(target.low + target.high) / 2, (target.high - target.low) / 5];
  const answers = points.map((z) => {
    const value =
      middle + spread * (z.reduce((sum, own, i) => sum + own * weights[i]!, 0) / size + 0.1 * random.normal());
    return Math.min(target.high, Math.max(target.low, value));
  });
  return { rows: points.map(rowAt), answers };
}
