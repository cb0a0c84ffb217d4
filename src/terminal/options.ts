/**
 * Command-line options made from zod schemas, so that a room writes each option once: its name, range, default and help
 * are the schema's.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { z } from "zod";
import { ConfigError, nearest } from "../core/index.ts";

/** The options that {@link addCommonOptions} gives to a command. */
export interface CommonOptions {
  readonly seed: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

/**
 * Adds `--seed`, `--json`, `--quiet` and `--debug`, and with `out` also `--out` and `--force`.
 *
 * @param command - changed in place
 * @param options - `out`: whether the command writes files, or the folder that it writes to by default
 * @returns `command`; its action's options extend {@link CommonOptions}
 */
export function addCommonOptions(command: Command, options: { out?: boolean | string } = {}): Command {
  const seed = new Option("--seed <n>", "whole number from which all random choices follow").default(0);
  command.addOption(seed.argParser((text) => parseOptions(seedSchema, { seed: text }, "").seed));
  if (options.out) {
    const fallback = typeof options.out === "string" ? options.out : undefined;
    const folder = new Option("--out <dir>", "folder to write to").default(fallback);
    command.addOption(folder.argParser((text) => parseOptions(outSchema, { out: text }, "").out));
    command.option("--force", "replace what is in --out");
  }
  return command
    .option("--json", "print one JSON document on standard output")
    .option("--quiet", "no progress and no notes")
    .option("--debug", "show the stack of an error");
}

const outSchema = z.object({ out: z.string().min(1) });
const seedSchema = z.object({ seed: z.number().int() });

/** The parts of JSON Schema that an option's schema can come to. */
interface ValueSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly ValueSchema[];
  readonly items?: ValueSchema;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  /** Of a list: one item is one option, which may be given again and again, with this placeholder. */
  readonly repeat?: string;
}

function valueSchemas(schema: z.ZodObject): [key: string, value: ValueSchema, required: boolean][] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const required = new Set(json.required);
  return Object.entries(json.properties ?? {}).map(([key, value]) => [key, value as ValueSchema, required.has(key)]);
}

function toKebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The strings among which `value` (or the items of a list) must be, if it is an enumeration. */
function choicesOf(value: ValueSchema): string[] {
  if (value.items) return choicesOf(value.items);
  if (value.anyOf) return value.anyOf.flatMap(choicesOf);
  if (value.const !== undefined) return [String(value.const)];
  return (value.enum ?? []).map(String);
}

/** `at least 1`, `from 1 to 64`, `above 0 and at most 1`, or nothing. */
function rangeOf(value: ValueSchema): string {
  // JSON Schema gives the range of safe integers to every whole number.
  const low = value.minimum !== undefined && value.minimum > Number.MIN_SAFE_INTEGER ? value.minimum : undefined;
  const high = value.maximum !== undefined && value.maximum < Number.MAX_SAFE_INTEGER ? value.maximum : undefined;
  const parts: string[] = [];
  if (low !== undefined && high !== undefined) parts.push(`from ${low} to ${high}`);
  else if (low !== undefined) parts.push(`at least ${low}`);
  if (value.exclusiveMinimum !== undefined) parts.push(`above ${value.exclusiveMinimum}`);
  if (low === undefined && high !== undefined) parts.push(`at most ${high}`);
  if (value.exclusiveMaximum !== undefined) parts.push(`below ${value.exclusiveMaximum}`);
  if (value.multipleOf !== undefined) parts.push(`a multiple of ${value.multipleOf}`);
  return parts.join(" and ");
}

/** What a value must be, in words: `a whole number at least 1`. */
function describeValue(value: ValueSchema, plural = false): string {
  if (value.anyOf) return value.anyOf.map((option) => describeValue(option, plural)).join(", or ");
  const choices = value.items ? [] : choicesOf(value);
  if (choices.length === 1) return choices[0]!;
  if (choices.length > 1) return `one of ${choices.join(", ")}`;
  const noun = (text: string) => (plural ? `${text}s` : `a ${text}`);
  const range = rangeOf(value).replace(/^at /, "of at ");
  const number = (text: string) => noun(text) + (range ? ` ${range}` : "");
  switch (value.type) {
    case "integer":
      return number("whole number");
    case "number":
      return number("number");
    case "array": {
      const items = value.items ? describeValue(value.items, true) : "values";
      const count = value.minItems !== undefined && value.minItems > 1 ? `at least ${value.minItems} ` : "";
      return `a comma-separated list, ${count}${items.startsWith("one of") ? `each ${items}` : items}`;
    }
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    default:
      return plural ? "texts" : "a text";
  }
}

function placeholderOf(value: ValueSchema): string {
  if (value.type === "array") return "<a,b,c>";
  if (value.type === "number" || value.type === "integer") return "<n>";
  return "<value>";
}

function helpOf(value: ValueSchema, required: boolean): string {
  const notes: string[] = [];
  const choices = choicesOf(value);
  if (choices.length > 0) notes.push(`choices: ${choices.join(", ")}`);
  const range = value.type === "array" ? rangeOf(value.items ?? {}) : rangeOf(value);
  if (range) notes.push(range);
  if (value.default !== undefined && value.default !== false) {
    notes.push(`default: ${Array.isArray(value.default) ? value.default.join(",") : String(value.default)}`);
  }
  if (required) notes.push("required");
  return [value.description ?? "", notes.length > 0 ? `(${notes.join("; ")})` : ""].filter(Boolean).join(" ");
}

/**
 * Adds one option for each key of `schema`: `learningRate` becomes `--learning-rate <n>`, a boolean a flag (`--no-…` where
 * its default is true), an array a comma-separated list, or an option to be repeated where the schema says
 * `.meta({ repeat: "name=value" })`. Keys that the command already has (such as `seed`) are left alone.
 *
 * The help shows each key's description, choices, range and default. The values arrive as text: hand the action's options
 * to {@link parseOptions} with the same schema.
 *
 * @param command - changed in place
 * @param schema - a flat object: numbers, texts, enums, booleans and arrays of them
 * @returns `command`
 * @example
 * ```ts
 * const schema = z.object({ epochs: z.array(z.int().min(1)).default([32, 64]).describe("epochs to stop after") });
 * optionsFromSchema(program.command("bench"), schema); // --epochs <a,b,c>
 * ```
 */
export function optionsFromSchema<T extends z.ZodObject>(command: Command, schema: T): Command {
  for (const [key, value, required] of valueSchemas(schema)) {
    const name = toKebab(key);
    if (command.options.some((option) => option.attributeName() === key)) continue;
    if (value.type === "boolean") {
      const flag = value.default === true ? `--no-${name}` : `--${name}`;
      command.addOption(new Option(flag, value.description ?? ""));
    } else if (value.repeat) {
      const option = new Option(`--${name} <${value.repeat}>`, `${value.description ?? ""} (may be repeated)`);
      command.addOption(option.argParser((text, before: string[] | undefined) => [...(before ?? []), text]));
    } else {
      command.addOption(new Option(`--${name} ${placeholderOf(value)}`, helpOf(value, required)));
    }
  }
  return command;
}

/** `text` as the type that `value` asks for; text that is not of that type stays text, for the schema to refuse. */
function fromText(text: string, value: ValueSchema): unknown {
  if (value.anyOf) {
    const converted = value.anyOf.map((option) => fromText(text, option));
    return converted.find((candidate) => typeof candidate !== "string") ?? text;
  }
  switch (value.type) {
    case "number":
    case "integer":
      // Not 0, which is what a coercing schema takes nothing for.
      if (text.trim() === "") return Number.NaN;
      return /\d/.test(text) && !Number.isNaN(Number(text)) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "array":
      return text.split(",").map((part) => fromText(part.trim(), value.items ?? {}));
    default:
      return text;
  }
}

/**
 * The options of a command as its schema's output: text becomes numbers and lists, defaults are filled in, and everything is
 * checked at once.
 *
 * @param schema - as given to {@link optionsFromSchema}; the message of a `refine` says what is expected (`"a power of two"`)
 * @param raw - the action's options; keys that the schema does not have are ignored, and values that are not text kept
 * @param where - the command's words, such as `order bench`
 * @throws {ConfigError} one line that lists every option that is wrong, with the nearest choice of a misspelt one
 */
export function parseOptions<T extends z.ZodObject>(
  schema: T,
  raw: Readonly<Record<string, unknown>>,
  where: string,
): z.output<T> {
  const values = new Map(valueSchemas(schema).map(([key, value]) => [key, value]));
  const input: Record<string, unknown> = {};
  for (const [key, value] of values) {
    const given = raw[key];
    if (given !== undefined) input[key] = typeof given === "string" ? fromText(given, value) : given;
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;

  const problems = new Map<string, { expected: string; found: string }>();
  const hints: string[] = [];
  for (const issue of parsed.error.issues) {
    const key = issue.path[0];
    const value = typeof key === "string" ? values.get(key) : undefined;
    if (typeof key !== "string" || !value) {
      problems.set(where || "options", { expected: issue.message, found: "another combination of options" });
      continue;
    }
    const option = `--${toKebab(key)}`;
    if (problems.has(option)) continue;
    const given = raw[key];
    problems.set(option, {
      expected:
        issue.code === "custom"
          ? issue.message
          : describeValue(value) + (given === "" && value.minLength ? " that is not empty" : ""),
      found: given === undefined ? "nothing" : typeof given === "string" ? `"${given}"` : String(given),
    });
    const item = typeof issue.path[1] === "number" ? (input[key] as unknown[])[issue.path[1]] : input[key];
    const near = typeof item === "string" ? nearest(item, choicesOf(value)) : undefined;
    if (near) hints.push(`did you mean ${option} ${near}?`);
  }
  if (where && hints.length === 0) hints.push(`tenfold ${where} --help lists the options`);

  const [[firstWhere, first], ...others] = [...problems] as [[string, { expected: string; found: string }]];
  const rest = (others as [string, { expected: string; found: string }][]).map(
    ([option, problem]) => `; ${option}: expected ${problem.expected}, found ${problem.found}`,
  );
  throw new ConfigError({
    where: firstWhere,
    expected: first.expected,
    found: first.found + rest.join(""),
    hint: hints.length > 0 ? hints.join(" ") : undefined,
  });
}
