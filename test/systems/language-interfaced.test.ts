import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flattenTree, type HostTensor, Random, type Tree } from "../../src/core/index.ts";
import { byteTokenizerJson, readLanguageModel, readTable, writeLanguageModel } from "../../src/data/index.ts";
import { causalLanguageModel, gpt2Config } from "../../src/nn/index.ts";
import {
  baselinePredictions,
  baselineRows,
  fitRows,
  languageInterfaced,
  liftService,
  madeClasses,
  predictRows,
  prepare,
  readRun,
  recipeSchema,
  type Schema,
  scoreClasses,
  splitLabelled,
} from "../../src/systems/language-interfaced/index.ts";
import { roomCommand } from "../room-command.ts";

const { printed, run, runJson } = roomCommand(languageInterfaced);
const folder = mkdtempSync(join(tmpdir(), "lift-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const bundled = (name: string) => fileURLToPath(new URL(`../../data/${name}.csv.gz`, import.meta.url));

function csv(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

/** Points of four blobs as CSV. */
function blobs(name: string, n: number, seed: number): string {
  const { columns } = madeClasses("blobs", n, seed);
  const lines = Array.from({ length: n }, (_, i) =>
    columns.map((own) => (own.type === "number" ? own.values[i] : own.categories[own.codes[i] ?? 0])).join(","),
  );
  return csv(name, `x,y,class\n${lines.join("\n")}\n`);
}

const quickly = ["--epochs", "3", "--copies", "6", "--learning-rate", "0.004"];

describe("a table, from fit to card", () => {
  const model = at("blobs");
  let table = "";
  beforeAll(async () => {
    table = blobs("blobs.csv", 240, 5);
    await run("fit", table, "--target", "class", "--hold-out", "0.25", "--generator", "--out", model, ...quickly);
  });

  test("learns: far above the majority, with baselines beside, all answers valid", async () => {
    const fresh = blobs("fresh.csv", 80, 6);
    interface Document {
      readonly n: number;
      readonly validRate: number;
      readonly accuracy: number;
      readonly baselines: Readonly<Record<string, { readonly accuracy: number }>>;
    }
    const found = await runJson<Document>("evaluate", model, fresh);
    expect(found).toMatchObject({ task: "classify", n: 80, validRate: 1 });
    expect(found.accuracy).toBeGreaterThan(0.9);
    expect(found.baselines.majority?.accuracy).toBe(0.25);
    expect(found.baselines["5 nearest"]?.accuracy).toBeGreaterThan(0.95);
    expect(
      (await runJson<Document>("evaluate", model, fresh, "--decode", "free", "--no-baselines")).validRate,
    ).toBeGreaterThan(0.9);
  });

  test("predicts into a CSV that is never overwritten unasked; probabilities add up to 1", async () => {
    const out = at("predictions.csv");
    await run("predict", model, csv("points.csv", "y,x\n3,3\n-3,-3\n"), "--out", out);
    const [header, first, second] = readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    expect(header).toEqual(["row", "prediction", "p(a)", "p(b)", "p(c)", "p(d)", "valid", "raw"]);
    expect([first?.[1], second?.[1]]).toEqual(["d", "a"]);
    expect(first?.slice(2, 6).reduce((sum, value) => sum + Number(value), 0)).toBeCloseTo(1, 4);
    const before = readFileSync(out, "utf8");
    await run("predict", model, at("points.csv"), "--out", out);
    expect(printed.errors).toContain("expected a new file");
    expect(process.exitCode).toBe(2);
    expect(readFileSync(out, "utf8")).toBe(before);
  });

  test("drawn answers: the same by the same seed, others by another", async () => {
    const points = csv("between.csv", "x,y\n0,0\n0,0.3\n0.3,0\n");
    const draw = (seed: string) =>
      runJson<{ rows: unknown[][] }>("predict", model, points, "--samples", "20", "--temperature", "5", "--seed", seed);
    const [first, again, other] = [await draw("1"), await draw("1"), await draw("2")];
    expect(again).toEqual(first);
    expect(other.rows.map((row) => row[6])).not.toEqual(first.rows.map((row) => row[6]));
  });

  test("shows prompts, exports rows, writes a card and a picture", async () => {
    const { prompt, completion } = await runJson<{ prompt: string; completion: string }>("prompt", model, "--row", "1");
    expect(prompt).toMatch(/^[+-]\d\.\d+ [+-]\d\.\d+#$/);
    await run("export", model, "--jsonl", "prompt", "--out", at("rows.jsonl"));
    const lines = readFileSync(at("rows.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(180);
    expect(lines[0]).toEqual({ prompt, completion: ` ${completion}@@@` });
    await run("export", model, "--jsonl", "chat", "--out", at("chat.jsonl"));
    const [chat] = readFileSync(at("chat.jsonl"), "utf8").split("\n");
    const { messages } = JSON.parse(chat ?? "") as { messages: { role: string; content: string }[] };
    expect(messages.map(({ role }) => role)).toEqual(["system", "user", "assistant"]);
    // What is asked for is written as the answer is.
    expect(messages[0]!.content).toContain(`${messages[2]!.content} for `);
    await run("card", model, "--out", at("card.md"));
    expect(readFileSync(at("card.md"), "utf8")).toContain("| this model |");
    await run("boundary", model, "--x", "x", "--y", "y", "--size", "8", "--out", at("plane.svg"));
    expect(readFileSync(at("plane.svg"), "utf8").match(/<rect /g)).toHaveLength(64);
    await run("prompt", model, "--row", "999");
    expect(printed.errors).toContain("--row: expected a row from 1 to 180, found 999");
  });

  test("makes rows of a class in bounded attempts", async () => {
    const made = await runJson<{
      n: number;
      attempts: number;
      invalid: number;
      header: string[];
      rows: (number | string)[][];
    }>("generate", model, "--class", "d", "--n", "30");
    expect(made).toMatchObject({ n: 30, invalid: 0, header: ["x", "y", "class"] });
    const mean = (column: number) => made.rows.reduce((sum, row) => sum + Number(row[column]), 0) / 30;
    expect(mean(0)).toBeGreaterThan(1);
    expect(mean(1)).toBeGreaterThan(1);
    await run("generate", model, "--class", "z");
    expect(printed.errors).toContain("--class: expected one of a, b, c, d, found");
  });

  test("the merged model is one that other tools read", async () => {
    await run("export", model, "--merged", "--out", at("merged"));
    const [merged, own] = [await readLanguageModel(at("merged")), (await readRun(model)).model];
    expect(merged.params).toEqual(own.params);
    expect(merged.tokenizer.encode("5.1#")).toEqual(own.tokenizer.encode("5.1#"));
    for (const words of [
      ["--merged", "--out", model],
      ["--jsonl", "prompt", "--out", join(model, "train.jsonl")],
    ]) {
      await run("export", model, ...words, "--force");
      expect(printed.errors).toContain("expected a place outside of the run");
    }
    expect((await readRun(model)).train.rows).toHaveLength(180);
  });

  test("answers over HTTP as it does in a file, also when asked all at once; bad requests are told why", async () => {
    const app = liftService(await readRun(model));
    const ask = (body: string) =>
      app.request("/predict", { method: "POST", body, headers: { "content-type": "application/json" } });
    const rows = JSON.stringify({ rows: [{ x: 3, y: 3 }] });
    const answers = await Promise.all([ask(rows), ask(rows), ask(rows)]);
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as {
      predictions: { prediction: string }[];
    }[];
    expect(bodies.map((body) => body.predictions[0]?.prediction)).toEqual(["d", "d", "d"]);
    expect(bodies[1]).toEqual(bodies[0]);
    expect(await (await app.request("/model")).json()).toMatchObject({
      target: "class",
      task: "classify",
      classes: ["a", "b", "c", "d"],
    });
    expect(await (await app.request("/health")).json()).toMatchObject({ status: "ok" });
    for (const [body, status] of [
      ["{", 400],
      ['{"rows":[{"x":"three","y":1}]}', 400],
      ['{"rows":[{"z":1}]}', 400],
      ['{"rows":[]}', 400],
      [`{"rows":"${"x".repeat(2 ** 21)}"}`, 413],
    ] as const) {
      const answer = await ask(body);
      expect([answer.status, typeof ((await answer.json()) as { error: string }).error]).toEqual([status, "string"]);
    }
    expect((await app.request("/predict")).status).toBe(405);
  });
});

test.each([
  ["the target among the features", ["--features", "x,class"], "--features: expected columns other than the target"],
  [
    "a share that holds nothing out",
    ["--hold-out", "0.001"],
    "--hold-out: expected rows to hold out, found none of 120",
  ],
])("%s is told, and nothing is lost", async (_, words, message) => {
  const [file, out] = [blobs("told.csv", 120, 9), at("told")];
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "run.json"), "{}");
  await run("fit", file, "--target", "class", "--out", out, "--force", ...words);
  expect(printed.errors).toContain(message);
  expect(process.exitCode).toBe(2);
  expect(readdirSync(out)).toEqual(["run.json"]);
});

test("rows of classes that begin one another, with separators in texts, are told apart", async () => {
  const names = ["1", "10", "1#0", "@@@"];
  const rows = Array.from({ length: 120 }, (_, i) => `"t${i % 4} ###, ""q""",${i % 3},"${names[i % 4]}"`);
  const file = csv("prefixes.csv", `text,n,label\n${rows.join("\n")}\n`);
  for (const numbers of ["short", "plain"]) {
    const out = at(`prefixes-${numbers}`);
    await run(
      "fit",
      file,
      "--target",
      "label",
      "--numbers",
      numbers,
      "--out",
      out,
      "--epochs",
      "12",
      "--copies",
      "3",
      "--noise",
      "0",
      "--learning-rate",
      "0.004",
    );
    expect(printed.errors).toBe("");
    expect((await runJson<{ accuracy: number }>("evaluate", out, file, "--no-baselines")).accuracy).toBe(1);
  }
});

test("additions leave the base as it was, and a run with them is read back with the same predictions", async () => {
  const table = await readTable(blobs("lora.csv", 120, 7));
  const recipe = recipeSchema.parse({ target: "class", lora: 4, epochs: 2, copies: 4, learningRate: 0.01 });
  const prepared = await prepare(table, recipe, 0);
  const bytes = () =>
    flattenTree(prepared.base.params as unknown as Tree<HostTensor>).map(([, { data }]) => Array.from(data));
  const before = bytes();
  const { model } = await fitRows(prepared, recipe, 0);
  expect(bytes()).toEqual(before);
  await run(
    "fit",
    at("lora.csv"),
    "--target",
    "class",
    "--lora",
    "4",
    "--epochs",
    "2",
    "--copies",
    "4",
    "--learning-rate",
    "0.01",
    "--out",
    at("lora"),
  );
  expect(existsSync(join(at("lora"), "adapter", "adapter_config.json"))).toBe(true);
  const read = (await readRun(at("lora"))).model;
  const rows = prepared.data.rows.slice(0, 8);
  expect(await predictRows(read, rows)).toEqual(await predictRows(model, rows));
  // Another base in its place is noticed.
  const weights = join(at("lora"), "base", "model.safetensors");
  const changed = readFileSync(weights);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  writeFileSync(weights, changed);
  await expect(readRun(at("lora"))).rejects.toThrow("expected the base of the run");
});

test("where no epoch fits into the time, a part of the rows is learned, and the same part when it goes on", async () => {
  const table = await readTable(blobs("hurry.csv", 800, 8));
  const recipe = recipeSchema.parse({ target: "class", copies: 1, maxMinutes: 1e-5 });
  const prepared = await prepare(table, recipe, 0);
  const run = at("hurried");
  const { training, model } = await fitRows(prepared, recipe, 0, { run });
  // A step of 32 texts of 800 takes more than those 0.6 ms.
  expect(training).toMatchObject({ epochs: 1, steps: 1, share: 0.04 });
  const again = await fitRows(prepared, recipe, 0, { run, resume: true });
  expect(again.training.share).toBe(0.04);
  expect(again.model.params).toEqual(model.params);
});

test("of more than 20,000 rows the methods beside learn a sample, the same by the same seed", async () => {
  const table = await readTable(csv("few.csv", "x,y\n1,2\n2,4\n3,5\n"));
  const { schema } = await prepare(table, recipeSchema.parse({ target: "y", task: "regress" }), 0);
  const answers = Array.from({ length: 30_001 }, (_, i) => i);
  const meanOf = async (learned: readonly number[], seed = 0) => {
    const train = { rows: learned.map((i) => [i]), answers: learned };
    return (await baselinePredictions(schema, train, [[1]], { seed, only: ["mean"] })).mean?.[0] ?? Number.NaN;
  };
  expect(await meanOf(answers.slice(0, 19_999))).toBe(9_999);
  const found = await meanOf(answers);
  expect(found).not.toBe(15_000);
  expect(Math.abs(found - 15_000)).toBeLessThan(200);
  expect(await meanOf(answers)).toBe(found);
  expect(await meanOf(answers, 1)).not.toBe(found);
});

test("columns of many texts make the sample smaller, and their frequent texts have places", async () => {
  const categories = Array.from({ length: 900 }, (_, i) => `t${String(i).padStart(3, "0")}`);
  const target = { name: "y", kind: "classes", classes: ["a", "b"] } as const;
  const schema: Schema = { features: [{ name: "x", kind: "text", categories }], target };
  // Every second row has the last text, by which the answer goes; the others have each one of the rest.
  const texts = Array.from({ length: 5_000 }, (_, i) => (i % 2 ? "t899" : categories[i % 899]!));
  const train = { rows: texts.map((text) => [text]), answers: texts.map((text) => (text === "t899" ? "b" : "a")) };
  expect(baselineRows(schema, 5_000)).toBe(2_000);
  const test = [["t899"], ["t001"], ["t898"]];
  const found = await baselinePredictions(schema, train, test, { seed: 0, only: ["decision tree"] });
  expect(found["decision tree"]).toEqual([1, 0, 0]);
});

test("a training that is stopped goes on to the bytes of one that was not", async () => {
  const table = await readTable(blobs("stop.csv", 96, 8));
  const recipe = recipeSchema.parse({ target: "class", epochs: 4, copies: 1 });
  const prepared = await prepare(table, recipe, 0);
  const whole = await fitRows(prepared, recipe, 0);
  const stop = new AbortController();
  let steps = 0;
  const progress = () => {
    if (++steps === 5) stop.abort();
  };
  const half = await fitRows(prepared, recipe, 0, { run: at("stopped"), signal: stop.signal, progress });
  expect([half.stopped, half.training.steps]).toEqual([true, 5]);
  const rest = await fitRows(prepared, recipe, 0, { run: at("stopped"), resume: true });
  expect(rest.model.params).toEqual(whole.model.params);
});

test("two stages, norms only and a regression with a missing value run from end to end", {
  timeout: 90_000,
}, async () => {
  const random = new Random(1);
  const rows = Array.from({ length: 80 }, (_, i) => {
    const x = random.uniform(-9, 9);
    return `${i === 3 ? "" : x.toFixed(2)},${i % 2 ? "p" : "q"},${(2 * x + 1).toFixed(2)}`;
  });
  const file = csv("line.csv", `x,kind,out\n${rows.join("\n")}\n`);
  await run(
    "fit",
    file,
    "--target",
    "out",
    "--two-stage",
    "--generator",
    "--out",
    at("line"),
    "--epochs",
    "10",
    "--copies",
    "8",
    "--learning-rate",
    "0.004",
  );
  const found = await runJson<{ task: string; validRate: number; rae: number }>(
    "evaluate",
    at("line"),
    file,
    "--no-baselines",
  );
  expect(found).toMatchObject({ task: "regress", validRate: 1 });
  expect(found.rae).toBeLessThan(0.5);
  const { header, rows: predicted } = await runJson<{ header: string[]; rows: number[][] }>(
    "predict",
    at("line"),
    file,
  );
  expect(header).toEqual(["row", "prediction", "low", "high", "valid", "raw"]);
  for (const row of predicted) {
    expect(row[2]).toBeLessThanOrEqual(row[1] ?? Number.NaN);
    expect(row[3]).toBeGreaterThanOrEqual(row[1] ?? Number.NaN);
  }
  const made = await runJson<{ rows: (number | string)[][] }>("generate", at("line"), "--class", "10.5", "--n", "4");
  expect(made.rows).toHaveLength(4);
  for (const row of made.rows) expect(row[2]).toBe(10.5);
  await run("generate", at("line"), "--class", "ten");
  expect(printed.errors).toContain('--class: expected a number, as out is, found "ten"');
  await run("fit", file, "--target", "kind", "--norms-only", "--epochs", "1", "--out", at("norms"));
  expect(printed.errors).toBe("");
});

test("a model that writes junk is counted as invalid and wrong, not left out", async () => {
  const table = await readTable(blobs("junk.csv", 60, 9));
  const recipe = recipeSchema.parse({ target: "class", epochs: 1, copies: 1, learningRate: 1e-6 });
  const prepared = await prepare(table, recipe, 0);
  const { model } = await fitRows(prepared, recipe, 0);
  const predictions = await predictRows(model, prepared.data.rows, { decode: "free" });
  expect(predictions).toHaveLength(60);
  expect(predictions.every(({ valid, value }) => !valid && value === undefined)).toBe(true);
  expect(
    scoreClasses(
      [0, 1],
      predictions.slice(0, 2).map(() => -1),
      4,
    ).accuracy,
  ).toBe(0);
});

test("classic methods are what they are known to be on iris", async () => {
  const table = await readTable(bundled("iris"));
  const recipe = recipeSchema.parse({ target: "species" });
  const { schema, data } = await prepare(table, recipe, 0);
  const totals: Record<string, number> = {};
  for (const seed of [1, 2, 3, 4, 5]) {
    const { train, test: held } = splitLabelled(data, 0.2, seed, true);
    const found = await baselinePredictions(schema, train, held.rows, { seed });
    const right = held.answers.map((answer) =>
      schema.target.kind === "classes" ? schema.target.classes.indexOf(String(answer)) : -1,
    );
    for (const [name, values] of Object.entries(found))
      totals[name] = (totals[name] ?? 0) + scoreClasses(right, values, 3).accuracy / 5;
  }
  expect(totals.majority).toBeCloseTo(1 / 3, 9);
  for (const name of ["logistic regression", "5 nearest", "random forest"]) expect(totals[name]).toBeGreaterThan(0.93);
  expect(totals["decision tree"]).toBeGreaterThan(0.9);
});

describe("what cannot be fitted is refused in one line, and no run is left", () => {
  test.each<[string, string, string[], RegExp]>([
    ["an empty file", "", [], /expected a header and rows, found an empty file/],
    ["a header alone", "a,b\n", [], /expected at least one row of values, found only a header/],
    ["ragged rows", "a,b\n1,x\n1,y,z\n", [], /expected 2 values, as many as the header has, found 3/],
    ["a column without a name", "a,,b\n1,2,x\n", [], /a name for every column/],
    ["a name twice", "a,a,b\n1,2,x\n", [], /a name of its own for every column/],
    ["an open quote", 'a,b\n1,"x\n2,y\n', [], /quotes around whole values|expected/],
    ["no such target", "a,c\n1,x\n2,y\n", [], /expected the column "b" to predict, found a, c/],
    ["a single class", "a,b\n1,x\n2,x\n", [], /at least two different values to predict, found "x" alone/],
    ["two ways to train", "a,b\n1,x\n2,y\n", ["--full", "--lora", "2"], /expected one of them, found lora and full/],
    ["no model folder", "a,b\n1,x\n2,y\n", ["--base", "/nowhere"], /\/nowhere\/config\.json: expected a readable file/],
    ["an option of additions", "a,b\n1,x\n2,y\n", ["--lora-alpha", "8"], /--lora-alpha: expected --lora with it/],
    ["an option of a service", "a,b\n1,x\n2,y\n", ["--poll-seconds", "1"], /--poll-seconds: expected --remote with it/],
    ["an unknown task", "a,b\n1,x\n2,y\n", ["--task", "guess"], /expected/],
  ])("%s", async (name, text, more, message) => {
    const out = at(`refused ${name}`);
    await run("fit", csv("bad.csv", text), "--target", "b", "--out", out, ...more);
    expect(printed.errors).toMatch(message);
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
    expect(process.exitCode).toBe(2);
    expect(existsSync(join(out, "lift.json"))).toBe(false);
  });

  test("a row that is longer than a folder model's context is named", async () => {
    const folder = at("short context");
    mkdirSync(folder);
    const config = gpt2Config({ vocabSize: 257, contextLength: 24, dim: 8, numLayers: 1, numHeads: 2, hiddenDim: 8 });
    const params = causalLanguageModel(config).init(new Random(0));
    const files = {
      "tokenizer.json": byteTokenizerJson(),
      "tokenizer_config.json": { eos_token: "<|endoftext|>" },
    };
    await writeLanguageModel(folder, { config, params }, { files });
    const file = csv("long.csv", `a,b\n1,x\n${"word ".repeat(12)},y\n2,x\n3,y\n`);
    await run("fit", file, "--target", "b", "--base", folder, "--out", at("long"));
    expect(printed.errors).toContain('row 2 ("');
    expect(printed.errors).toContain("expected at most 24 tokens, the context of");
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
    expect(process.exitCode).toBe(2);
  });

  test("more than a hundred classes are read, and all are answers", { timeout: 120_000 }, async () => {
    const rows = Array.from({ length: 240 }, (_, i) => `${i % 120},c${i % 120}`);
    const file = csv("classes.csv", `a,b\n${rows.join("\n")}\n`);
    await run("fit", file, "--target", "b", "--epochs", "1", "--copies", "1", "--out", at("classes"));
    expect(printed.errors).toBe("");
    const { model } = await readRun(at("classes"));
    expect(model.schema.target).toMatchObject({ kind: "classes", classes: { length: 120 } });
    const [prediction] = await predictRows(model, [[7]]);
    expect(prediction?.valid).toBe(true);
    expect(prediction?.probabilities).toHaveLength(120);
  });

  test("BOM, semicolons, CRLF, decimal commas and missing values are read", async () => {
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${i % 2},${i % 10};${i === 3 ? "NA" : i % 2};${i % 2 ? "ja" : "nein"}`,
    );
    const file = csv("german.csv", `\uFEFFa;c;b\r\n${rows.join("\r\n")}\r\n`);
    await run("fit", file, "--target", "b", "--out", at("german"), "--epochs", "1", "--copies", "1");
    expect(printed.errors).toBe("");
    const { record } = await readRun(at("german"));
    expect(record.schema.features.map(({ name, kind }) => `${name} ${kind}`)).toEqual(["a number", "c number"]);
  });

  test("a folder without a run, and one whose training was interrupted", async () => {
    await run("evaluate", at("nothing"), at("bad.csv"));
    expect(printed.errors).toContain("expected a finished run of lift fit, found none");
    await run("evaluate", at("stopped").replace("stopped", "nothing/else"), at("bad.csv"));
    expect(process.exitCode).toBe(2);
  });

  test("a finished run is not overwritten", async () => {
    const before = readFileSync(join(at("german"), "lift.json"), "utf8");
    await run("fit", at("german.csv"), "--target", "b", "--out", at("german"));
    expect(printed.errors).toContain("expected a new or empty folder");
    expect(readFileSync(join(at("german"), "lift.json"), "utf8")).toBe(before);
  });
});

describe("a service that speaks OpenAI's protocol", () => {
  const seen: { method: string; url: string; body: string; key: string | undefined }[] = [];
  let server: Server;
  let url = "";
  let fails = false;
  beforeAll(async () => {
    let asked = 0;
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const path = `${request.method} ${request.url}`;
        seen.push({ method: request.method ?? "", url: request.url ?? "", body, key: request.headers.authorization });
        const reply = (status: number, value: unknown) =>
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
        if (path === "POST /v1/files") return reply(200, { id: "file-1" });
        if (path === "POST /v1/fine_tuning/jobs") return reply(200, { id: "job-1", status: "queued" });
        if (path === "GET /v1/fine_tuning/jobs/job-1") {
          if (fails) return reply(200, { id: "job-1", status: "failed", error: { message: "bad rows" } });
          return reply(
            200,
            ++asked < 2
              ? { id: "job-1", status: "running" }
              : { id: "job-1", status: "succeeded", fine_tuned_model: "ft:mine" },
          );
        }
        if (path === "POST /v1/chat/completions") {
          const text = (JSON.parse(body) as { messages: { content: string }[] }).messages[1]?.content ?? "";
          const x = Number(/x1=([-+0-9.]+)/.exec(text)?.[1]);
          return reply(200, { choices: [{ message: { content: x === 7 ? "no idea" : x > 0 ? "up" : "down" } }] });
        }
        return reply(404, { error: { message: "no such path" } });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("gets the rows, trains, and answers; what it writes beside the answers is counted", async () => {
    const file = csv("signs.csv", "x,way\n1,up\n-1,down\n2,up\n-2,down\n");
    const done = await runJson<{ model: string }>(
      "fit",
      file,
      "--target",
      "way",
      "--remote",
      url,
      "--poll-seconds",
      "0.01",
      "--epochs",
      "2",
      "--out",
      at("remote"),
    );
    expect(done.model).toBe("ft:mine");
    const upload = seen.find((request) => request.url === "/v1/files");
    expect(upload?.body).toContain('"content":"When we have x1=1, what is this type?###"');
    expect(JSON.parse(seen.find((request) => request.url === "/v1/fine_tuning/jobs")?.body ?? "")).toMatchObject({
      training_file: "file-1",
      method: { supervised: { hyperparameters: { n_epochs: 2 } } },
    });
    const test4 = csv("signs-test.csv", "x,way\n5,up\n-5,down\n7,up\n");
    const found = await runJson<{ n: number; validRate: number; accuracy: number }>("evaluate", at("remote"), test4);
    expect(found).toMatchObject({ n: 3, validRate: 2 / 3, accuracy: 2 / 3 });
  });

  test("that fails, refuses or is not there is told of", async () => {
    const words = (address: string, out: string) => [
      "fit",
      at("signs.csv"),
      "--target",
      "way",
      "--remote",
      address,
      "--poll-seconds",
      "0.01",
      "--out",
      at(out),
    ];
    fails = true;
    await run(...words(url, "remote-failed"));
    expect(printed.errors).toContain("expected a job that succeeds, found failed: bad rows");
    await run(...words(`${url}/elsewhere`, "remote-404"));
    expect(printed.errors).toContain("expected success, found 404");
    await run(...words("http://127.0.0.1:9", "remote-none"));
    expect(printed.errors).toContain("check the address");
    expect(process.exitCode).toBe(2);
  });
});
