import { cpSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readLanguageModel } from "../../src/data/index.ts";
import { recipeFolder } from "./run-recipe.ts";

const { place, run } = recipeFolder();
const shared = "epochs: 2\nlearning-rate: 0.01\n";

describe("a recipe that starts from the run of another", () => {
  const network = "data: digits\nmodel: { kind: mlp, hidden: [16] }\ntrain: { kind: low-rank, rank: 0.5 }\n";
  const tuned = (base: string, more = "") =>
    `data: digits\nmodel: { kind: mlp, hidden: [16], base: ${base} }\ntrain: { kind: lora, rank: 2, targets: ["3"${more}] }\n${shared}`;

  it("begins where that ended, whatever was trained there", { timeout: 60_000 }, async () => {
    const first = await run(network + shared, "first");
    const second = await run(tuned(place("first")), "second");
    // Factors were multiplied out on the way.
    expect(second.before.loss).toBeCloseTo(first.validation.loss, 3);
    expect(second.validation.loss).toBeLessThan(second.before.loss);
    expect(second.numbers.trained).toBe(2 * (16 + 10));
    await expect(run(tuned(place("first")), "first")).rejects.toThrow(
      /first\.yaml:2, model\.base: expected another folder than --out/,
    );
  });

  it("is not gone on with from another base, or with another recipe", { timeout: 60_000 }, async () => {
    await run(network + shared, "base");
    await run(tuned(place("base")), "run");
    await expect(run(tuned(place("base"), ', "1"'), "run", { resume: true })).rejects.toThrow(
      /"train\.targets": expected \["3"\], as the run in this folder has it, found \["3","1"\] in the recipe/,
    );
    await run(network + shared.replace("0.01", "0.02"), "base-anew");
    rmSync(place("base"), { recursive: true });
    cpSync(place("base-anew"), place("base"), { recursive: true });
    await expect(run(tuned(place("base")), "run", { resume: true })).rejects.toThrow(/"startSha256": expected/);
  });

  it("takes language models as folders that other tools read", { timeout: 60_000 }, async () => {
    const model = "model: { kind: language-model, family: llama, dim: 16, context: 16, layers: 1 }";
    const first = await run(`data: { text: TEXT }\n${model}\ntrain: low-rank\n${shared}`, "llama");
    const { config, tokenizer } = await readLanguageModel(place("llama"));
    expect(config).toMatchObject({ dim: 16, numLayers: 1, rotary: { base: 10_000 } });
    expect(tokenizer.encode("the cat")).toHaveLength(7);
    const base = `model: { kind: language-model, base: ${place("llama")}, context: 16 }`;
    const second = await run(`data: { text: TEXT }\n${base}\ntrain: norms\n${shared}`, "llama-norms");
    expect(second.before.loss).toBeCloseTo(first.validation.loss, 3);
    expect((await readLanguageModel(place("llama-norms"))).config).toEqual(config);
  });
});
