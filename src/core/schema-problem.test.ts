import { expect, test } from "vitest";
import { z } from "zod";
import { type SchemaProblem, schemaProblem } from "./index.ts";

const schema = z.strictObject({ bits: z.int().min(2), names: z.array(z.string()), kind: z.enum(["a", "b"]) });
const good = { bits: 8, names: ["x"], kind: "a" };

function problemOf(document: unknown): SchemaProblem {
  const parsed = schema.safeParse(document);
  if (parsed.success) throw new Error("the document fits");
  return schemaProblem(parsed.error);
}

test.each<[string, unknown, SchemaProblem]>([
  ["another type", { ...good, bits: "8" }, { path: "bits", expected: "number", found: "string" }],
  ["a field missing", { bits: 8, kind: "a" }, { path: "names", expected: "array", found: "nothing" }],
  ["a list's item", { ...good, names: ["x", 1] }, { path: "names.1", expected: "string", found: "number" }],
  ["a number too small", { ...good, bits: 1 }, { path: "bits", expected: "number to be >=2", found: "another value" }],
  ["no document", null, { path: "", expected: "object", found: "null" }],
  ["a key too many", { ...good, x: 1 }, { path: "", expected: "a value that fits", found: 'Unrecognized key: "x"' }],
  ["another choice", { ...good, kind: "c" }, { path: "kind", expected: 'one of "a"|"b"', found: "another value" }],
])("says what is wrong: %s", (_, document, problem) => {
  expect(problemOf(document)).toEqual(problem);
});
