/** What is wrong with a recipe, all of it at once, in the words of an error. @module */
import type { z } from "zod";
import { ConfigError, nearest } from "../core/index.ts";

/** The keys from the top of a recipe to a value. */
export type KeyPath = readonly (string | number)[];

/** One thing that is wrong. */
export interface Problem {
  readonly path: KeyPath;
  readonly expected: string;
  readonly found: string;
  readonly hint?: string | undefined;
}

/** The value at a path of a document of plain objects and lists. */
export function valueAt(document: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (node, key) =>
      node !== null && typeof node === "object" ? (node as Record<string | number, unknown>)[key] : undefined,
    document,
  );
}

/** A value as a reader of the file sees it. */
export function describeFound(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "nothing after the colon";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return `keys ${Object.keys(value).join(", ")}`;
  return typeof value === "string" ? `"${value}"` : String(value);
}

const nouns: Readonly<Record<string, string>> = {
  number: "a number",
  int: "a whole number",
  string: "a text",
  array: "a list",
  object: "keys and values",
  boolean: "true or false",
};

/** The limit of a number, or of the length of a text or list. */
function describeLimit({ origin, ...issue }: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [limit, strict, loose] =
    issue.code === "too_small" ? [issue.minimum, "above", "of at least"] : [issue.maximum, "below", "of at most"];
  if (origin === "string") return "a text that is not empty";
  if (origin === "array") return `a list ${loose} ${limit}`;
  return `${nouns[origin] ?? "a value"} ${issue.inclusive ? loose : strict} ${limit}`;
}

/** One complaint of the schema. Of several about one place, the caller keeps the first. */
function problemsOfIssue(issue: z.core.$ZodIssue, document: unknown): Problem[] {
  const path = issue.path as KeyPath;
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(", ");
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near && `did you mean "${near}"?`;
      return { path: [...path, key], expected: `one of the keys ${issue.message}`, found: `"${key}"`, hint };
    });
  }
  // A part may be written as its kind alone.
  const parent = path.slice(0, -1);
  const alone = path.at(-1) === "kind" && typeof valueAt(document, parent) !== "object";
  const place = alone ? parent : path;
  const value = valueAt(document, place);
  const choices =
    issue.code === "invalid_value"
      ? issue.values.map(String)
      : issue.code === "invalid_union" && issue.message.startsWith("one of ")
        ? issue.message.replace(/^one of /, "").split(", ")
        : [];
  const near = typeof value === "string" ? nearest(value, choices) : undefined;
  return [
    {
      path: place,
      expected: describeExpected(issue, choices),
      found: describeFound(value),
      hint: near && `did you mean "${near}"?`,
    },
  ];
}

function describeExpected(issue: z.core.$ZodIssue, choices: readonly string[]): string {
  if (choices.length > 0) return `one of ${choices.join(", ")}`;
  if (issue.code === "too_small" || issue.code === "too_big") return describeLimit(issue);
  // Messages of our own say what is expected; those of zod begin otherwise.
  if (!/^(Invalid|Too|Unrecognized)/.test(issue.message)) return issue.message;
  if (issue.code === "invalid_type") return nouns[issue.expected] ?? issue.expected;
  return "a value that fits";
}

/** All that a schema found in a document, one problem a place. */
export function schemaProblems({ issues }: z.ZodError, document: unknown): Problem[] {
  const found = issues.flatMap((issue) => problemsOfIssue(issue, document));
  const places = found.map(({ path }) => path.join("."));
  return found.filter((_, i) => places.indexOf(places[i]!) === i);
}

/**
 * Throws all problems as one error, in the order of the file.
 *
 * @param where - the place of a path: file, line and keys
 */
export function refuse(problems: readonly Problem[], where: (path: KeyPath) => string): void {
  const [first, ...others] = problems;
  if (!first) return;
  const rest = others.map(({ path, expected, found }) => `; ${where(path)}: expected ${expected}, found ${found}`);
  const hints = new Set(problems.flatMap(({ hint }) => (hint ? [hint] : [])));
  throw new ConfigError({
    where: where(first.path),
    expected: first.expected,
    found: first.found + rest.join(""),
    ...(hints.size > 0 && { hint: [...hints].join(" ") }),
  });
}
