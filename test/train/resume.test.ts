import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/index.ts";
import { sha256 } from "../../src/storage/index.ts";

const folder = mkdtempSync(join(tmpdir(), "tenfold-resume-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the training script; kills it with SIGKILL after step `killAt`. Resolves to its last line. */
async function train(
  run: string,
  order: string,
  { resume = false, killAt }: { resume?: boolean; killAt?: number } = {},
) {
  const script = join(import.meta.dirname, "killed-run.ts");
  const args = ["--import", "tsx", script, run, order, ...(resume ? ["--resume"] : [])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  let last = "";
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (killAt !== undefined && line === `step ${killAt}`) {
      child.kill("SIGKILL");
      break;
    }
  }
  if (killAt === undefined && last !== "done") throw new Error(`the run ended after "${last}": ${errors}`);
  return last;
}

/** What must be the same bytes: the last checkpoint, the metrics and the model. */
function remains(run: string): Record<string, string> {
  const checkpoints = readdirSync(join(run, "checkpoints")).filter((file) => file.endsWith(".safetensors"));
  const files = [join("checkpoints", checkpoints.sort().at(-1)!), "metrics.jsonl", "model.onnx", "run.json"];
  return Object.fromEntries(files.map((file) => [file, sha256(readFileSync(join(run, file)))]));
}

const kills = 20;
const seed = Number(process.env.TENFOLD_TEST_SEED ?? 20260903);

describe("a run killed with SIGKILL and resumed ends with the same bytes as one that was not", () => {
  it.each(["ff-rr", "grab"])("in the order %s", { timeout: 600_000 }, async (order) => {
    const whole = join(folder, `whole-${order}`);
    await train(whole, order);
    const expected = remains(whole);
    const random = new Random(seed, order);
    for (let i = 0; i < kills / 2; i++) {
      const run = join(folder, `killed-${order}-${i}`);
      // The run has 60 steps; the first checkpoint is at step 4.
      const killAt = 5 + random.integer(53);
      await train(run, order, { killAt });
      await train(run, order, { resume: true });
      expect(remains(run), `seed ${seed}, killed at step ${killAt}`).toEqual(expected);
      rmSync(run, { recursive: true });
    }
  });

  it("refuses a damaged checkpoint and says which one to go back to", async () => {
    const run = join(folder, "damaged");
    await train(run, "rr", { killAt: 30 });
    const file = readdirSync(join(run, "checkpoints"))
      .filter((name) => name.endsWith(".safetensors"))
      .sort()
      .at(-1)!;
    const path = join(run, "checkpoints", file);
    const bytes = readFileSync(path);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(path, bytes);
    await expect(train(run, "rr", { resume: true })).rejects.toThrow(
      /the file is damaged\. Hint: delete it to go on from step \d+/,
    );
    rmSync(path);
    expect(await train(run, "rr", { resume: true })).toBe("done");
  }, 180_000);

  it("refuses to go on as another run", async () => {
    const run = join(folder, "other");
    await train(run, "rr", { killAt: 10 });
    await expect(train(run, "ss", { resume: true })).rejects.toThrow(
      /"order": expected "rr", as the run in this folder has it, found "ss"/,
    );
    await expect(train(run, "rr")).rejects.toThrow(
      /expected a new or empty folder, found a run\. Hint: go on with it with --resume/,
    );
  }, 180_000);
});
