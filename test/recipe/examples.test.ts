import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { hostTensor } from "../../src/core/index.ts";
import { openOnnx } from "../../src/engine/index.ts";
import { describeWith, pythonOnnx } from "../programs.ts";
import type { Document } from "./run-recipe.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tenfold-examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program from the sources where the examples say it is run from; paths below runs/ go to the folder of this test. */
function run(...words: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", ...words], {
    cwd: repository,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  return stdout;
}

/** Trains an example of examples/recipes, with its runs/ in the folder of this test. */
function train(name: string, out = name, edit: (yaml: string) => string = (yaml) => yaml): Document {
  const recipe = join(folder, `${out}.yaml`);
  const source = readFileSync(join(repository, "examples", "recipes", `${name}.yaml`), "utf8");
  writeFileSync(recipe, edit(source).replaceAll(" runs/", ` ${folder}/`));
  return JSON.parse(
    run("src/cli/main.ts", "train", recipe, "--out", join(folder, out), "--quiet", "--json"),
  ) as Document;
}

const modelOf = (name: string) => openOnnx(new Uint8Array(readFileSync(join(folder, name, "model.onnx"))));

describe("the examples", () => {
  it("a recommender with low-rank layers in FlipFlop order", { timeout: 240_000 }, async () => {
    run("examples/recipes/make-shop.ts", join(folder, "shop"));
    const { numbers, ranks, measured } = train("low-rank-recommender");
    expect(Object.keys(ranks!)).toHaveLength(8);
    for (const [path, rank] of Object.entries(ranks!)) {
      expect(path).toMatch(/^trunk\.blocks\.[01]\./);
      expect(rank).toBeLessThan(20);
    }
    expect(numbers.left).toBeLessThan(0.9 * numbers.model);
    expect(measured!["recall@10"]).toBeGreaterThan(0.45);
    const model = await modelOf("low-rank-recommender");
    const { output } = await model.run({ input: hostTensor(new Int32Array(3 * 20 * 10), [3, 20, 10]) });
    expect(output!.shape).toEqual([4, 60, 32]);
    await model.release();
  });

  it("a language model, and its norms tuned", { timeout: 240_000 }, async () => {
    train("language-model");
    const { before, validation, numbers } = train("norm-tuned-language-model");
    expect(numbers.trained).toBe(640);
    expect(validation.loss).toBeLessThan(before.loss - 0.1);
    const model = await modelOf("norm-tuned-language-model");
    const { output } = await model.run({ input: hostTensor(new Int32Array(2 * 64), [2, 64]) });
    expect(output!.shape).toEqual([2, 64, 257]);
    await model.release();
  });

  it("LeNet with low-rank layers on workers, the same in threads", { timeout: 240_000 }, async () => {
    const { numbers, validation, weightsSha256 } = train("lenet-on-workers");
    expect(numbers.left).toBeLessThan(0.8 * numbers.model);
    expect(validation.accuracy).toBeGreaterThan(0.9);
    const model = await modelOf("lenet-on-workers");
    const { output } = await model.run({ input: hostTensor(new Float32Array(5 * 64), [5, 1, 8, 8]) });
    expect(output!.shape).toEqual([5, 10]);
    await model.release();
    const threads = train("lenet-on-workers", "in-threads", (yaml) => `${yaml}  engine: threads\n`);
    expect(threads.weightsSha256).toBe(weightsSha256);
  });
});

describeWith(pythonOnnx, "the models of the examples", () => {
  it("pass onnx.checker with full_check", () => {
    const models = join(folder, "models");
    mkdirSync(models);
    const names = ["low-rank-recommender", "language-model", "norm-tuned-language-model", "lenet-on-workers"];
    for (const name of names) copyFileSync(join(folder, name, "model.onnx"), join(models, `${name}.onnx`));
    const checker = join(repository, "test", "golden", "check-models.py");
    const { stdout, stderr } = spawnSync("/usr/bin/python3", [checker, models], { encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "4 models, 0 failures\n", stderr: "" });
  });
});
