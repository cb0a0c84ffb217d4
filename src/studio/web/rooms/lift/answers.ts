/** What the API says of a language-interfaced model. @module */

export type Value = string | number | null;

export interface ModelFeature {
  readonly name: string;
  readonly kind: "number" | "text";
  readonly categories: readonly string[];
  readonly low: number | null;
  readonly high: number | null;
}

export interface LiftModel {
  readonly target: string;
  readonly task: "classify" | "regress";
  readonly classes: readonly string[];
  readonly features: readonly ModelFeature[];
  readonly rows: { readonly train: number; readonly heldOut: number };
  readonly example: readonly Value[];
}

export interface Prediction {
  readonly prediction: Value;
  readonly valid: boolean;
  readonly raw: string;
  readonly probabilities: readonly number[] | null;
  readonly interval: readonly number[] | null;
}

export interface PredictedRow extends Prediction {
  readonly row: number;
  readonly values: readonly Value[];
  readonly answer: Value;
}

export interface Predictions {
  readonly total: number;
  readonly rows: readonly PredictedRow[];
  readonly next: number | null;
}

export interface AskedPrediction extends Prediction {
  readonly prompt: string;
  readonly written: { readonly raw: string; readonly valid: boolean };
}

export interface Boundary {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly classes: readonly (readonly number[])[];
  readonly points: readonly { readonly x: number; readonly y: number; readonly class: number }[];
  readonly rows: number;
}

/** Which rows: those that were learned, or those that were not. */
export type Part = "train" | "heldOut";

/** A value as the tables show it. */
export const valueText = (value: Value): string => (value === null ? "missing" : String(value));

/** The colour of a class, from the theme's eight. */
export const classColor = (k: number): string => `var(--series-${(k % 8) + 1})`;
