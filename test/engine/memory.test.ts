import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("grows by less than 20 MB over 10,000 steps of an MLP", () => {
  const script = join(import.meta.dirname, "steps-for-memory.ts");
  const args = ["--expose-gc", "--import", "tsx", script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const { grownMB, steps } = JSON.parse(stdout || JSON.stringify({ error: stderr })) as {
    grownMB: number;
    steps: number;
  };
  expect(steps).toBe(10_000);
  expect(grownMB).toBeLessThan(20);
}, 600_000);
