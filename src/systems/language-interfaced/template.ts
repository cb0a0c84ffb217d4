/** Rows as sentences, and back. @module */
import { DataError } from "../../core/index.ts";
import { formatNumber, readNumber } from "./number-format.ts";
import type { Feature, Row, Schema, Target, TextFeature, Value } from "./schema.ts";

/**
 * A sentence with places for values: `literals[0]`, value, `literals[1]`, value, …, `literals.at(-1)`. The last literal asks the
 * question; the answer follows it.
 */
export interface Template {
  readonly literals: readonly string[];
  /** Which feature stands between two literals. */
  readonly fields: readonly number[];
  /** What stands before the answer: a space where words follow. */
  readonly answerPrefix: string;
}

/**
 * A template for a schema.
 *
 * @param kind - `short`: `5.1 3.5 1.4 0.2#`; `letters`: `When we have x1=5.1, x2=3.5, what is this type?###`; `names`: `Given that
 * sepal_length is 5.1, …, what is the species?###`; or a sentence of one's own with each column's name in braces
 * @throws {DataError} where a sentence names a column that is none of the features, or none at all
 * @remarks Source: Dinh et al. (2022), Table 2, with a comma for the full stop before the question.
 */
export function makeTemplate(kind: string, { features, target }: Schema): Template {
  const fields = features.map((_, i) => i);
  const between = (first: string, separators: (i: number) => string, last: string): Template => ({
    literals: [first, ...fields.slice(1).map((i) => separators(i)), last],
    fields,
    answerPrefix: " ",
  });
  if (kind === "short") return { ...between("", () => " ", "#"), answerPrefix: "" };
  if (kind === "letters") {
    const question = target.kind === "classes" ? "what is this type?" : "what should be the y value?";
    return between("When we have x1=", (i) => `, x${i + 1}=`, `, ${question}###`);
  }
  if (kind === "names") {
    const [first] = features;
    return between(
      `Given that ${first?.name} is `,
      (i) => `, ${features[i]?.name} is `,
      `, what is the ${target.name}?###`,
    );
  }
  return ownTemplate(kind, features);
}

function ownTemplate(sentence: string, features: readonly Feature[]): Template {
  const names = features.map(({ name }) => name);
  const where = "--template";
  const literals: string[] = [];
  const fields: number[] = [];
  let rest = sentence.trim();
  for (let match = /\{([^{}]*)\}/.exec(rest); match; match = /\{([^{}]*)\}/.exec(rest)) {
    const field = names.indexOf(match[1]!);
    if (field < 0) {
      const expected = `a sentence with columns in braces, of ${names.join(", ")}`;
      throw new DataError({ where, expected, found: `{${match[1]}}` });
    }
    literals.push(rest.slice(0, match.index));
    fields.push(field);
    rest = rest.slice(match.index + match[0].length);
  }
  if (fields.length === 0) {
    const expected = `short, letters, names, or a sentence such as "{${names[0]}} and {${names[1] ?? names[0]}}, what is it?###"`;
    throw new DataError({ where, expected, found: `"${sentence.slice(0, 60)}"` });
  }
  const last = rest === "" ? "###" : rest;
  return { literals: [...literals, last], fields, answerPrefix: " " };
}

/** The template of one task among several: its number stands first. */
export function withTask(template: Template, task: number): Template {
  const [first, ...others] = template.literals;
  const prefix = template.answerPrefix === "" ? `${task} ` : `Given task ${task}, `;
  return { ...template, literals: [prefix + first, ...others] };
}

const missing = "?";

/** How wide all values of a column are, where they are of one width. */
function widthOf(feature: Feature): number {
  if (feature.kind === "text") return feature.codes?.[0]?.length ?? 1;
  return feature.format.kind === "plain" ? 1 : formatNumber(0, feature.format).length;
}

/** A text with a backslash before each backslash and each of `marks`; line breaks as \n. */
function escapeText(text: string, marks: string): string {
  let out = "";
  for (const character of text) {
    if (character === "\n") out += "\\n";
    else out += character === "\\" || marks.includes(character) ? `\\${character}` : character;
  }
  return out;
}

function unescapeText(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => (character === "n" ? "\n" : character));
}

const codes = new WeakMap<Feature, ReadonlyMap<string, string>>();

/** The code of each text of a column. */
function codesOf(feature: TextFeature): ReadonlyMap<string, string> {
  let known = codes.get(feature);
  if (!known) {
    known = new Map(feature.categories.map((text, i) => [text, feature.codes?.[i] ?? ""]));
    codes.set(feature, known);
  }
  return known;
}

/** A value as text; `mark` begins what follows it. */
function writeValue(feature: Feature, value: Value, mark: string): string {
  if (value === undefined) return missing.repeat(widthOf(feature));
  if (feature.kind === "number") {
    return typeof value === "number" ? formatNumber(value, feature.format) : missing.repeat(widthOf(feature));
  }
  const text = String(value);
  if (!feature.codes) return text === missing ? `\\${missing}` : escapeText(text, mark);
  return codesOf(feature).get(text) ?? missing.repeat(widthOf(feature));
}

function readValue(feature: Feature, text: string): { readonly value: Value } | undefined {
  if (/^\?+$/.test(text)) return { value: undefined };
  if (feature.kind === "number") {
    const value = readNumber(text, feature.format);
    return value === undefined ? undefined : { value };
  }
  if (!feature.codes) return { value: unescapeText(text) };
  const category = feature.categories[feature.codes.indexOf(text)];
  return category === undefined ? undefined : { value: category };
}

/** The values of a row and the literals between them, without the question. */
export function writeFields({ literals, fields }: Template, { features }: Schema, row: Row): string {
  const parts = fields.map((field, i) => {
    const text = writeValue(features[field]!, row[field], literals[i + 1]![0]!);
    return literals[i]! + text;
  });
  return parts.join("");
}

/** The prompt for a row: its sentence, up to the answer. */
export function writePrompt(template: Template, schema: Schema, row: Row): string {
  return writeFields(template, schema, row) + template.literals.at(-1)!;
}

/**
 * The row that a sentence was written from; the reverse of {@link writePrompt} or `writeFields`.
 *
 * @returns undefined where it is no such sentence
 */
export function readFields({ literals, fields }: Template, { features }: Schema, text: string): Row | undefined {
  if (!text.startsWith(literals[0]!)) return undefined;
  let at = literals[0]!.length;
  const row: Value[] = features.map(() => undefined);
  for (const [i, field] of fields.entries()) {
    const literal = literals[i + 1]!;
    let end = at;
    while (end < text.length && !text.startsWith(literal, end)) end += text[end] === "\\" ? 2 : 1;
    if (end >= text.length && i + 1 < fields.length) return undefined;
    const read = readValue(features[field]!, text.slice(at, end));
    if (!read) return undefined;
    row[field] = read.value;
    at = end + literal.length;
  }
  return row;
}

/** What a target's value is called in completions: the class's name or code, the number's digits. */
export function writeAnswer(target: Target, value: Value): string {
  if (target.kind === "number") return formatNumber(Number(value), target.format);
  const place = target.classes.indexOf(String(value));
  return target.codes?.[place] ?? escapeText(String(value), "#@");
}

/** The value that a completion stands for, or undefined where it is none of the target's: text around it does not count. */
export function readAnswer(target: Target, text: string): Value {
  const trimmed = text.split("@@@")[0]!.trim();
  if (target.kind === "number") return readNumber(trimmed, target.format);
  const names = target.codes ?? target.classes.map((name) => escapeText(name, "#@").trim());
  const place = names.indexOf(trimmed);
  return place < 0 ? undefined : target.classes[place];
}
