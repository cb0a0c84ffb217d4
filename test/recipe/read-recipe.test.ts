import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../src/recipe/index.ts";

/** What is said of a recipe that is wrong. */
function problem(...lines: string[]): string {
  try {
    parseRecipe(lines.join("\n"), "recipe.yaml");
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was said");
}

describe("recipes", () => {
  it("need little: the rest has defaults, and a part without settings is its kind", () => {
    const { recipe } = parseRecipe("data: digits\nmodel: lenet\n", "recipe.yaml");
    expect(recipe).toEqual({
      data: { kind: "examples", name: "digits" },
      model: { kind: "lenet", norm: "none" },
      train: { kind: "full" },
      order: "rr",
      optimizer: { kind: "adamw", weightDecay: 0 },
      learningRate: 0.003,
      schedule: { kind: "constant" },
      epochs: 10,
      batchSize: 32,
    });
  });

  it("tell all that is wrong at once, in the order of the file, each with its line, and what was meant", () => {
    const message = problem(
      "data:",
      "  name: digits",
      "model:",
      "  kind: mlp",
      "  hiden: [16]",
      "order: ff-r",
      "learning-rate: fast",
      "epochs: 0",
      "batchSize: 3",
      "workers:",
      "  local-steps: 2.5",
    );
    expect(message).toBe(
      'recipe.yaml:5, model.hiden: expected one of the keys kind, hidden, norm, base, found "hiden"; ' +
        'recipe.yaml:6, order: expected one of rr, ss, igd, ff-rr, ff-ss, ff-igd, grab, grab-pair, found "ff-r"; ' +
        'recipe.yaml:7, learning-rate: expected a number, found "fast"; ' +
        "recipe.yaml:8, epochs: expected a number above 0, found 0; " +
        "recipe.yaml:9, batchSize: expected one of the keys data, model, train, order, optimizer, learning-rate, schedule, " +
        'epochs, batch-size, clip-norm, workers, found "batchSize"; ' +
        "recipe.yaml:11, workers.count: expected a number, found nothing; " +
        "recipe.yaml:11, workers.local-steps: expected a whole number, found 2.5. " +
        'Hint: did you mean "hidden"? did you mean "ff-rr"? did you mean "batch-size"?',
    );
  });

  it.each([
    ["data: digits\nmodel: *none\n", "recipe.yaml: expected aliases of anchors that are set before, and few of them"],
    [
      "data: digits",
      "recipe.yaml:1, model: expected one of mlp, lenet, resnet8, language-model, recommender, found nothing",
    ],
    [
      "data: digits\nmodel: lenett",
      'recipe.yaml:2, model: expected one of mlp, lenet, .* found "lenett". Hint: did you mean "lenet"\\?',
    ],
    [
      "data: digits\nmodel: { kind: lnet }",
      'recipe.yaml:2, model.kind: expected one of mlp, .*, found "lnet". Hint: did you mean "lenet"',
    ],
    ["data: digits\nmodel: 3", "recipe.yaml:2, model: expected one of mlp, lenet, .*, found 3"],
    ["data: digits\nmodel:", "recipe.yaml:2, model: expected one of mlp, .*, found nothing after the colon"],
    [
      "data: digits\nmodel: mlp\ntrain: { kind: low-rank, shrink: 2 }",
      "recipe.yaml:3, train.shrink: expected a number below 1, found 2",
    ],
    ["data: digits\nmodel: mlp\ntrain: { kind: lora, rank: 0 }", "train.rank: expected a number above 0, found 0"],
    ["data: digits\nmodel: { kind: mlp, hidden: 64 }", "model.hidden: expected a list, found 64"],
    [
      "data: { text: 3 }\nmodel: language-model",
      "data.text: expected the path of a text file, or a list of paths, found 3",
    ],
    [
      "data: { kind: pictures }\nmodel: lenet",
      'data.kind: expected one of examples, text, interactions, found "pictures"',
    ],
    ["data: { interactions: a.csv }\nmodel: recommender", "recipe.yaml:1, data.items: expected a text, found nothing"],
    [
      "data: { interactions: a.csv, items: b.csv }\nmodel: { kind: recommender, codebook-size: 6 }",
      "model.codebook-size: expected a power of two, found 6",
    ],
    ["- data\n- model", "recipe.yaml:1: expected keys and values, found a list of 2"],
    ["", "recipe.yaml: expected a recipe, found an empty file"],
    ["data: [digits\nmodel: lenet", "recipe.yaml:\\d+:\\d+: expected YAML, found "],
    ["data: digits\ndata: iris\nmodel: mlp", "recipe.yaml:2:1: expected YAML, found map keys must be unique"],
  ])("refuse %j", (source, message) => {
    expect(problem(source)).toMatch(
      new RegExp(`^${message.startsWith("recipe") ? "" : "recipe.yaml:\\d+, "}${message}`),
    );
  });
});

describe("combinations that cannot be", () => {
  const digits = "data: digits\nmodel: mlp\n";
  it.each([
    [
      `${digits}train: low-rank\norder: grab`,
      "order: expected an order that does not compare gradients over epochs, as layers that shrink change their length, found grab. Hint: take rr or ff-rr, or keep the ranks with shrink: false",
    ],
    [
      `${digits}order: grab-pair\nworkers: { count: 2 }`,
      "order: expected an order that is a function of seed and epoch, as workers hand on weights and no gradients, found grab-pair. Hint: take rr, ss, igd or one of their ff- forms",
    ],
    [
      `${digits}train: norms`,
      "train: expected a model with norm layers to tune, found mlp without any. Hint: add norm: batch to the model, or take resnet8",
    ],
    [
      `${digits}workers: { count: 2, method: minibatch-rr }`,
      "workers.method: expected local-rr for this optimizer: .*, found minibatch-rr. Hint: take the optimizer sgd, or the method local-rr",
    ],
    [
      `${digits}order: ff-rr\nworkers: { count: 2, sync: true }`,
      "workers.sync: expected false for an order of each worker's own, or the order rr, .*, found true with ff-rr",
    ],
    [
      `${digits}workers: { count: 2, threads: 2 }`,
      "workers.threads: expected the engine threads beside it, found in-process",
    ],
    [
      "data: digits\nmodel: recommender",
      "data: expected data with interactions and items, which a recommender learns from, found data with name",
    ],
    [
      "data: { text: a.txt }\nmodel: lenet",
      "data: expected data with name, which a lenet learns from, found data with text",
    ],
    [
      "data: { text: a.txt }\nmodel: { kind: language-model, base: runs/a, dim: 8 }",
      "model.dim: expected no sizes beside base, which has its own, found 8",
    ],
    [
      "data: { text: a.txt }\nmodel: { kind: language-model, dim: 30 }",
      "model.heads: expected a divisor of dim, 30, found 4",
    ],
    [
      "data: { text: a.txt }\nmodel: language-model\nworkers: { count: 2, shards: by-label }",
      "workers.shards: expected shuffled, as only examples have labels, found by-label",
    ],
    [
      "data: { name: a.csv, missing: drop }\nmodel: mlp",
      "data.missing: expected a label beside it: .*, found no label",
    ],
  ])("%j", (source, message) => {
    expect(problem(source)).toMatch(new RegExp(`^recipe.yaml:\\d+, ${message}`));
  });

  it("are told at once too", () => {
    const both = problem(`${digits}train: norms\norder: grab\nworkers: { count: 2 }`);
    expect(both).toMatch(/^recipe.yaml:3, train: .*; recipe.yaml:4, order: .* Hint: .*resnet8 take rr, ss/);
  });
});
