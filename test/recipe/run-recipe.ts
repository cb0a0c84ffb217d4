/** Recipes run in this process, and what they left. @module */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, vi } from "vitest";
import { flattenTree, type HostTensor, mapTree, type Tree } from "../../src/core/index.ts";
import { takeRows } from "../../src/data/index.ts";
import { bytesOf } from "../../src/dist/index.ts";
import { compile, openOnnx } from "../../src/engine/index.ts";
import { Mode } from "../../src/nn/index.ts";
import { assemble } from "../../src/recipe/assembly.ts";
import { parseRecipe, trainRecipe } from "../../src/recipe/index.ts";
import { layerTrainingOf, trainingOf } from "../../src/recipe/training.ts";
import { makeWorld } from "../../src/systems/generative-retrieval/index.ts";
import { paramsOfWeights } from "../../src/systems/local-sgd/index.ts";
import { RunFolder } from "../../src/train/index.ts";

/** What a run prints with `--json`. */
export interface Document {
  readonly before: { readonly loss: number };
  readonly validation: { readonly loss: number; readonly accuracy?: number };
  readonly numbers: { readonly model: number; readonly trained: number; readonly left: number };
  readonly ranks?: Readonly<Record<string, number>>;
  readonly measured?: Readonly<Record<string, number>>;
  readonly weightsSha256?: string;
}

/** A folder with the files that recipes of the tests name; see `recipeOf`. Call it once in a test file. */
export function recipeFolder() {
  const folder = mkdtempSync(join(tmpdir(), "tenfold-recipe-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let printed = "";
  beforeEach(() => {
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });
  const place = (name: string) => join(folder, name);
  const { items, interactions } = makeWorld({ users: 90, kinds: 4, styles: 2, itemsEach: 3, seed: 11 });
  const events = interactions.users.map((user, i) => {
    const own = interactions.items.subarray(interactions.offsets[i], interactions.offsets[i + 1]);
    return [user, ...Array.from(own, (item) => items[item]!.id)].join(" ");
  });
  const sentences = ["the cat sat on the mat. ", "the dog lay on the rug. ", "a bird sang in the tree. "];
  writeFileSync(place("text.txt"), Array.from({ length: 90 }, (_, i) => sentences[(i * i) % 3]).join(""));
  writeFileSync(place("items.csv"), ["item_id,title", ...items.map(({ id, text }) => `${id},${text}`), ""].join("\n"));
  writeFileSync(place("events.txt"), `${events.join("\n")}\n`);

  /** A recipe with the paths of this folder. */
  const withPaths = (yaml: string) =>
    yaml.replace("TEXT", place("text.txt")).replace("EVENTS", place("events.txt")).replace("ITEMS", place("items.csv"));

  /** Writes a recipe and trains it. */
  async function run(yaml: string, name: string, { resume = false, seed = 5 } = {}): Promise<Document> {
    const file = place(`${name}.yaml`);
    writeFileSync(file, withPaths(yaml));
    printed = "";
    await trainRecipe(file, { resume }, { seed, out: place(name), json: true, quiet: true });
    return JSON.parse(printed) as Document;
  }

  /** The mean loss of every epoch. */
  function losses(name: string): number[] {
    const lines = readFileSync(join(place(name), "metrics.jsonl"), "utf8")
      .trim()
      .split("\n");
    return lines.flatMap((line) => {
      const { kind, loss } = JSON.parse(line) as { kind: string; loss: number };
      return kind === "epoch" ? [loss] : [];
    });
  }

  /** Whether model.onnx gives what the trained model gives, whose parameters are in the last checkpoint. */
  async function expectSameModel(yaml: string, name: string, { seed = 5 } = {}): Promise<void> {
    const { recipe, where } = parseRecipe(withPaths(yaml), "recipe.yaml");
    const training = trainingOf(recipe, await assemble(recipe, { seed, where }), seed, where);
    const checkpoint = await RunFolder.inspect(place(name)).folder.loadCheckpoint();
    const { tensors } = checkpoint!;
    const params = recipe.workers
      ? paramsOfWeights(layerTrainingOf(recipe, training), bytesOf(tensors.weights!.data as Float32Array))
      : mapTree(training.tuning.params as Tree<HostTensor>, (_, path) => tensors[`params.${path}`]!);
    const run = compile(((tree: never, x: never) => training.tuning.layer.apply(tree, x, new Mode(false))) as never);
    const { inputs } = takeRows(training.test, [0]);
    const expected = await (run as unknown as (...args: unknown[]) => Promise<HostTensor>)(params, inputs);
    const model = await openOnnx(new Uint8Array(readFileSync(join(place(name), "model.onnx"))));
    const { output } = await model.run({ input: inputs });
    await model.release();
    expect(output!.shape).toEqual(expected.shape);
    expect(output!).toBeAllclose(expected, { rtol: 1e-3, atol: 2e-4 });
    expect(flattenTree(params).length).toBeGreaterThan(0);
  }

  /** The bytes of a run that must be the same when it is run again. */
  function remains(name: string): Record<string, string> {
    const run = place(name);
    const checkpoints = readdirSync(join(run, "checkpoints")).filter((file) => file.endsWith(".safetensors"));
    const files = [join("checkpoints", checkpoints.sort().at(-1)!), "metrics.jsonl", "model.onnx", "model.safetensors"];
    return Object.fromEntries(files.map((file) => [file, readFileSync(join(run, file)).toString("base64")]));
  }

  return { folder, place, withPaths, run, losses, expectSameModel, remains };
}
