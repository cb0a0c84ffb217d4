import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { recipeFolder } from "./run-recipe.ts";

const { place, withPaths, run, remains } = recipeFolder();
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Trains a recipe in a process of its own and kills it once it has a checkpoint. */
async function kill(yaml: string, name: string): Promise<void> {
  const file = place(`${name}.yaml`);
  writeFileSync(file, withPaths(yaml));
  const args = ["--import", "tsx", main, "train", file, "--seed", "5", "--out", place(name), "--quiet"];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve));
  while (!existsSync(join(place(name), "checkpoints", "index.json"))) {
    expect(child.exitCode).toBe(null);
    await setTimeout(10);
  }
  child.kill("SIGKILL");
  await ended;
  expect(existsSync(join(place(name), "report.json")), "the run ended before it was killed").toBe(false);
}

const shared = ["clip-norm: 1", "learning-rate: 0.01", ""].join("\n");
const recipes: Readonly<Record<string, string>> = {
  "a network, low-rank, in FlipFlop order": `data: digits\nmodel: lenet\ntrain: { kind: low-rank, group-lasso: 1.0e-4, shrink: 0.05 }\norder: ff-rr\nepochs: 6\n${shared}`,
  "a network in an order that balances gradients, by its norms": `data: digits\nmodel: { kind: mlp, norm: batch }\ntrain: norms\norder: grab\nepochs: 12\n${shared}`,
  "a language model with additions": `data: { text: TEXT }\nmodel: { kind: language-model, dim: 16, context: 16, dropout: 0.1 }\ntrain: lora\nepochs: 10\nbatch-size: 8\n${shared}`,
  "a recommender": `data: { interactions: EVENTS, items: ITEMS }\nmodel: { kind: recommender, dim: 16, levels: 2, codebook-size: 8, id-epochs: 5 }\ntrain: { kind: low-rank, group-lasso: 1.0e-4, shrink: 0.05 }\norder: ff-rr\nepochs: 10\nbatch-size: 4\n${shared}`,
  "low-rank layers on workers": `data: digits\nmodel: lenet\ntrain: { kind: low-rank, group-lasso: 1.0e-4, shrink: 0.02 }\norder: ff-ss\noptimizer: sgd\nschedule: cosine\nepochs: 40\nbatch-size: 16\nworkers: { count: 4, local-steps: 4, outer: nesterov }\n${shared}`,
};

describe("a recipe killed with SIGKILL and resumed ends with the same bytes as one that was not", () => {
  for (const [title, yaml] of Object.entries(recipes)) {
    it(title, { timeout: 240_000 }, async () => {
      const name = title.replace(/\W+/g, "-");
      await run(yaml, `${name}-whole`);
      await kill(yaml, name);
      await run(yaml, name, { resume: true });
      expect(remains(name)).toEqual(remains(`${name}-whole`));
    });
  }
});
