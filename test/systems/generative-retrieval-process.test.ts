import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { smallFit, writeWorld } from "./written-world.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tenfold-recommend-process-"));
const place = (name: string) => join(folder, name);
const patience = 180_000;

/** `tenfold recommend` in a process of its own. */
function recommend(...words: string[]): { child: ChildProcess; ended: Promise<number | null>; errors: () => string } {
  const child = spawn(process.execPath, ["--import", "tsx", main, "recommend", ...words]);
  let errors = "";
  child.stderr.on("data", (data) => {
    errors += String(data);
  });
  return { child, ended: new Promise((resolve) => child.on("close", resolve)), errors: () => errors };
}

const training = "--epochs 40 --batch-size 8 --learning-rate 0.004 --id-epochs 5 --validate-every 40 --seed 3";
const fit = (out: string, ...more: string[]) => {
  const files = `--interactions ${place("events.csv")} --items ${place("items.tsv")} --out ${place(out)}`;
  return recommend("fit", ...`${files} ${smallFit} ${training}`.split(" "), ...more);
};
const bytes = (name: string) => readFileSync(place(`${name}/model.safetensors`));

async function checkpointOf(name: string, child: ChildProcess): Promise<void> {
  while (!existsSync(place(`${name}/checkpoints/index.json`))) {
    expect(child.exitCode).toBe(null);
    await setTimeout(10);
  }
}

beforeAll(async () => {
  writeWorld(folder, 300);
  expect(await fit("whole").ended).toBe(0);
}, patience);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a fit that is stopped goes on to the same bytes", () => {
  test.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)("%s", { timeout: patience }, async (signal) => {
    const { child, ended, errors } = fit(signal);
    await checkpointOf(signal, child);
    child.kill(signal);
    expect(await ended).toBe(signal === "SIGKILL" ? null : 130);
    expect(existsSync(place(`${signal}/model.safetensors`)), "it ended before it was stopped").toBe(false);
    if (signal !== "SIGKILL") expect(errors()).toContain("--resume");
    const resumed = fit(signal, "--resume");
    expect(await resumed.ended, resumed.errors()).toBe(0);
    expect(bytes(signal).equals(bytes("whole"))).toBe(true);
  });
});

test("serve ends after SIGTERM with what it has begun", { timeout: patience }, async () => {
  const { child, ended, errors } = recommend("serve", place("whole"), "--port", "0");
  const address = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on("line", (line) => {
        const found = /http:\/\/\S+?:\d+/.exec(line)?.[0];
        if (found) resolve(found);
      });
    }
    void ended.then(() => reject(new Error(errors())));
  });
  const [history, headers] = [["item-1", "item-2"], { "content-type": "application/json" }];
  const ask = async () => {
    const body = JSON.stringify({ history, k: 10 });
    const response = await fetch(`${address}/recommend`, { method: "POST", headers, body });
    return ((await response.json()) as { items: unknown[] }).items.length;
  };
  expect(await ask()).toBe(10);
  const begun = Array.from({ length: 32 }, ask);
  await setTimeout(20);
  child.kill("SIGTERM");
  // Whoever was let in is answered whole; who comes later finds the door closed.
  const answers = await Promise.allSettled(begun);
  const whole = answers.filter((answer) => answer.status === "fulfilled");
  expect(whole.length).toBeGreaterThan(0);
  for (const { value } of whole) expect(value).toBe(10);
  expect(await ended).toBe(0);
});
