/** Rows as texts to learn from. @module */
import { Random } from "../../core/index.ts";
import type { Tokenizer } from "../../data/index.ts";
import type { TextExample } from "../../train/index.ts";
import type { Row, Schema, Value } from "./schema.ts";
import { type Template, writeAnswer, writeFields, writePrompt } from "./template.ts";

/** Rows with what is to be predicted of each. */
export interface LabelledRows {
  readonly rows: readonly Row[];
  readonly answers: readonly Value[];
}

/** How rows become texts. */
export interface Writing {
  readonly schema: Schema;
  readonly template: Template;
  readonly tokenizer: Tokenizer;
}

/** What the model reads before it answers. */
export function promptTokens({ schema, template, tokenizer }: Writing, row: Row): number[] {
  return [...tokenizer.startTokens, ...tokenizer.encode(writePrompt(template, schema, row))];
}

/** What the model answers: the answer's tokens and the end. Prompt and answer are never one text, so that none runs into the other. */
export function answerTokens({ schema, template, tokenizer }: Writing, value: Value): number[] {
  return [...tokenizer.encode(template.answerPrefix + writeAnswer(schema.target, value)), tokenizer.endToken];
}

/** Numbers moved by normal noise of `noise` standard deviations of their column. */
function noisyRow({ features }: Schema, row: Row, noise: number, random: Random): Row {
  return row.map((value, i) => {
    const feature = features[i]!;
    if (typeof value !== "number" || feature.kind !== "number") return value;
    return value + noise * feature.deviation * random.normal();
  });
}

/** What stands between a class and the row that is to be of it. */
const ofClass = ">";

/** What a row of a class is asked for with. */
export function reversedPrompt({ schema, tokenizer }: Writing, value: Value): number[] {
  return [...tokenizer.startTokens, ...tokenizer.encode(writeAnswer(schema.target, value) + ofClass)];
}

/** How {@link textExamples} makes more of rows than they are. */
export interface Augmentation {
  /** Copies of each row. */
  readonly copies: number;
  /** Standard deviations that a copy's numbers are moved by; the first copy is never moved. */
  readonly noise: number;
  /** Whether rows are also learned backwards, from what is predicted to the row, for generation. */
  readonly reversed: boolean;
}

/** Every labelled row as a text. */
export function textExamples(
  writing: Writing,
  { rows, answers }: LabelledRows,
  how: Augmentation,
  seed: number,
): TextExample[] {
  const { schema, template, tokenizer } = writing;
  return Array.from({ length: how.copies }, (_, copy) => {
    const random = new Random(seed, "noise", copy);
    return rows.flatMap((original, i): TextExample[] => {
      const row = copy === 0 || how.noise === 0 ? original : noisyRow(schema, original, how.noise, random);
      const forward = { prompt: promptTokens(writing, row), completion: answerTokens(writing, answers[i]) };
      if (!how.reversed) return [forward];
      const completion = [...tokenizer.encode(writeFields(template, schema, row)), tokenizer.endToken];
      return [forward, { prompt: reversedPrompt(writing, answers[i]), completion }];
    });
  }).flat();
}
