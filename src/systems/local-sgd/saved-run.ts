import { join } from "node:path";
import { z } from "zod";
import { RunError, schemaProblem } from "../../core/index.ts";
import type { RunIdentity } from "../../train/index.ts";
import { type EngineConfig, engineSchema, networkSchema, problemConfigSchema } from "./config.ts";
import type { LocalRun } from "./work.ts";

const common = { seed: z.int(), dataSha256: z.string().optional() };

const savedSchema = z.object({
  local: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("problem"), config: problemConfigSchema, ...common }),
    z.object({ kind: z.literal("network"), config: networkSchema, ...common }),
  ]),
  engine: engineSchema,
});

/** The value at a path of keys, such as `local.seed`. */
function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

/** Where two JSON values differ first: the path of the key, and what was read, as JSON. */
function difference(read: unknown, saved: unknown, path: string): { path: string; expected: string } | undefined {
  if (JSON.stringify(read) === JSON.stringify(saved)) return undefined;
  const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  if (isRecord(read) && isRecord(saved)) {
    for (const key of new Set([...Object.keys(read), ...Object.keys(saved)])) {
      const inner = difference(read[key], saved[key], path === "" ? key : `${path}.${key}`);
      if (inner) return inner;
    }
  }
  return { path, expected: JSON.stringify(read) ?? "nothing" };
}

/**
 * What a run's run.json says of the run and its engine.
 *
 * @param folder - of the run, for messages
 * @throws {RunError} where it is of another command, or has values that no command could have written
 */
export function readSavedRun(folder: string, identity: RunIdentity): { local: LocalRun; engine: EngineConfig } {
  const file = join(folder, "run.json");
  const { local, engine } = identity;
  if (local === undefined || engine === undefined) {
    const expected = "a run of tenfold local run or tenfold local train";
    throw new RunError({ where: folder, expected, found: "another kind of run" });
  }
  const parsed = savedSchema.safeParse({ local, engine });
  // Text that reads as a number would be taken for one, and the run be another than its bytes.
  const problem = parsed.success ? difference(parsed.data, { local, engine }, "") : schemaProblem(parsed.error);
  if (parsed.success && !problem) return parsed.data;
  const { path, expected } = problem!;
  const found = JSON.stringify(valueAt({ local, engine }, path)) ?? "nothing";
  const hint = "it was edited, or is of another version of Tenfold: put back what was there";
  throw new RunError({ where: `${file}, "${path}"`, expected, found, hint });
}
