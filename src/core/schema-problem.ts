import type { z } from "zod";

/** The first thing that is wrong with a document, in the words of an error. */
export interface SchemaProblem {
  /** Its field, such as `weights.0.shape`; empty for the document itself. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * What zod found first, as the fields of a `TenfoldError` rather than as zod's sentence.
 *
 * @example
 * ```ts
 * const parsed = z.object({ bits: z.int() }).safeParse({ bits: "8" });
 * if (!parsed.success) schemaProblem(parsed.error); // { path: "bits", expected: "int", found: "string" }
 * ```
 */
export function schemaProblem({ issues }: z.ZodError): SchemaProblem {
  const { path, message } = issues[0]!;
  const [, expected, found] = /expected (.*?)(?:, received (.*))?$/.exec(message) ?? [];
  return {
    path: path.join("."),
    expected: expected ?? "a value that fits",
    found: expected === undefined ? message : found === "undefined" ? "nothing" : (found ?? "another value"),
  };
}
