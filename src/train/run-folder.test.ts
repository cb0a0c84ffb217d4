import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { hostTensor } from "../core/index.ts";
import { RunFolder } from "./run-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "tenfold-run-folder-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const identity = { seed: 1 };
let made = 0;

/** The path of a closed run with a checkpoint of step 4, and metrics of steps 1 to 6. */
async function finishedRun(): Promise<string> {
  const path = join(folder, `run-${made++}`);
  const run = await RunFolder.create(path, identity);
  const tensors = { weights: hostTensor(Float32Array.of(1, 2), [2]) };
  for (let step = 1; step <= 4; step++) run.log({ kind: "train", step, loss: 1 / step });
  await run.saveCheckpoint({ step: 4, tensors, facts: {} });
  for (let step = 5; step <= 6; step++) run.log({ kind: "train", step, loss: 1 / step });
  run.close();
  return path;
}

describe("the lock of a run folder", () => {
  it("refuses a second process, this one included, until it is closed", async () => {
    const path = await finishedRun();
    const open = await RunFolder.open(path, identity);
    const message = `${path}: expected a run that nobody is at, found one that process ${process.pid} is at. Hint: wait for`;
    await expect(RunFolder.open(path, identity)).rejects.toThrow(message);
    await expect(RunFolder.create(path, identity, { force: true })).rejects.toThrow(message);
    expect(existsSync(join(path, "checkpoints"))).toBe(true);
    open.close();
    expect(existsSync(join(path, "lock"))).toBe(false);
    (await RunFolder.open(path, identity)).close();
  });

  it("names another process that lives, and is stale once that is gone", async () => {
    const path = await finishedRun();
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    writeFileSync(join(path, "lock"), `${child.pid} ${hostname()}\n`);
    await expect(RunFolder.open(path, identity)).rejects.toThrow(`found one that process ${child.pid} is at`);
    child.kill("SIGKILL");
    await once(child, "exit");
    (await RunFolder.open(path, identity)).close();
    expect(existsSync(join(path, "lock"))).toBe(false);
  });

  it("is left alone where another machine holds it, and taken over from a process of this id before", async () => {
    const path = await finishedRun();
    writeFileSync(join(path, "lock"), "17 elsewhere\n");
    await expect(RunFolder.open(path, identity)).rejects.toThrow("found one that process 17 on elsewhere is at");
    writeFileSync(join(path, "lock"), `${process.pid} ${hostname()}\n`);
    const [one, other] = await Promise.allSettled([RunFolder.open(path, identity), RunFolder.open(path, identity)]);
    expect([one.status, other.status].sort()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("a folder that was damaged", () => {
  it.each([
    ["run.json", "[]", /run\.json: expected record, found array/],
    ["run.json", "{", /run\.json: expected JSON as Tenfold writes it, found /],
    ["checkpoints/index.json", "{}", /index\.json: expected array, found object/],
    ["checkpoints/index.json", '[{"file":"x","step":"4","sha256":""}]', /index\.json, "0\.step": expected number/],
    ["checkpoints/index.json", '[{"file":"../x","step":4,"sha256":""}]', /index\.json, "0\.file": expected/],
  ])("%s that is %s", async (file, text, message) => {
    const path = await finishedRun();
    writeFileSync(join(path, file), text);
    const open = async () => {
      const run = await RunFolder.open(path, identity);
      try {
        await run.loadCheckpoint();
      } finally {
        run.close();
      }
    };
    await expect(open()).rejects.toThrow(message);
    await expect(open()).rejects.toMatchObject({ code: "run" });
  });

  it("loses lines of metrics beyond the checkpoint that are none, and names one before it", async () => {
    const path = await finishedRun();
    const metrics = join(path, "metrics.jsonl");
    const whole = readFileSync(metrics, "utf8").split("\n").slice(0, 4);
    appendFileSync(metrics, Buffer.from([0xff, 0x00, 0x0a, 0x7b, 0x0a, 0x31]));
    const run = await RunFolder.open(path, identity);
    await run.rewindMetrics(4);
    expect(readFileSync(metrics, "utf8")).toBe(`${whole.join("\n")}\n`);
    writeFileSync(metrics, `${[whole[0], "{}", ...whole.slice(2)].join("\n")}\n`);
    await expect(run.rewindMetrics(4)).rejects.toThrow(
      `${metrics}:2: expected a line of JSON with a step, found "{}". Hint: delete the line`,
    );
    run.close();
  });
});
