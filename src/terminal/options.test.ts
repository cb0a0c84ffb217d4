import { Command } from "commander";
import { expect, test } from "vitest";
import { z } from "zod";
import { addCommonOptions, type CommonOptions, optionsFromSchema, parseOptions } from "./index.ts";

const schema = z.object({
  task: z.enum(["quadratic", "logistic"]).default("quadratic").describe("what to minimise"),
  epochs: z.array(z.int().min(1)).min(2).default([32, 64]).describe("epochs to stop after"),
  orders: z.array(z.enum(["rr", "ss", "grab"])).default(["rr"]),
  learningRate: z.number().positive().optional().describe("step size"),
  batchSize: z.int().min(1).max(64).default(8),
  n: z.int().min(2),
  label: z.string().optional(),
  nesterov: z.boolean().default(false).describe("look ahead"),
  shuffle: z.boolean().default(true).describe("do not shuffle"),
  dropout: z.union([z.literal("auto"), z.number().min(0).max(1)]).default("auto"),
  dim: z
    .int()
    .refine((dim) => Number.isInteger(Math.log2(dim)), "a power of two")
    .default(4),
});

function parse(...args: string[]): z.output<typeof schema> {
  const command = addCommonOptions(optionsFromSchema(new Command(), schema));
  command.exitOverride().parse(args, { from: "user" });
  return parseOptions(schema, command.opts(), "order bench");
}

function messageOf(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

test("text becomes what the schema says and defaults are filled in", () => {
  expect(parse("--n", "4")).toEqual({
    task: "quadratic",
    epochs: [32, 64],
    orders: ["rr"],
    batchSize: 8,
    n: 4,
    nesterov: false,
    shuffle: true,
    dropout: "auto",
    dim: 4,
  });
  const args =
    "--n 1e2 --epochs 8,16 --orders ss,grab --learning-rate 0.5 --label 7 --nesterov --no-shuffle --dropout 0.1";
  expect(parse(...args.split(" "))).toMatchObject({
    n: 100,
    epochs: [8, 16],
    orders: ["ss", "grab"],
    learningRate: 0.5,
    label: "7",
    nesterov: true,
    shuffle: false,
    dropout: 0.1,
  });
});

test("an error says what was expected and what was found", () => {
  expect(messageOf("--n", "4", "--epochs", "8,x")).toBe(
    '--epochs: expected a comma-separated list, at least 2 whole numbers of at least 1, found "8,x". ' +
      "Hint: tenfold order bench --help lists the options",
  );
  expect(messageOf("--n", "4", "--batch-size", "65")).toMatch(
    /^--batch-size: expected a whole number from 1 to 64, found "65"/,
  );
  expect(messageOf("--n", "4", "--learning-rate", "0")).toMatch(
    /^--learning-rate: expected a number above 0, found "0"/,
  );
  expect(messageOf("--n", "")).toMatch(/^--n: expected a whole number of at least 2, found ""/);
  expect(messageOf("--n", "4", "--dropout", "2")).toMatch(
    /^--dropout: expected auto, or a number from 0 to 1, found "2"/,
  );
  expect(messageOf("--n", "4", "--dim", "6")).toMatch(/^--dim: expected a power of two, found "6"/);
});

test("a misspelt choice is answered with the nearest one", () => {
  expect(messageOf("--n", "4", "--task", "quadratc")).toBe(
    '--task: expected one of quadratic, logistic, found "quadratc". Hint: did you mean --task quadratic?',
  );
  expect(messageOf("--n", "4", "--orders", "rr,grb")).toMatch(
    /each one of rr, ss, grab, found "rr,grb". Hint: did you mean --orders grab\?/,
  );
});

test("all errors come in one line", () => {
  const message = messageOf("--batch-size", "0", "--dim", "3");
  expect(message).toMatch(
    /^--batch-size: .*found "0"; --n: .*found nothing; --dim: expected a power of two, found "3"/,
  );
  expect(message).not.toContain("\n");
});

test("a schema's own rule names the command", () => {
  const rule = z.object({ a: z.int(), b: z.int() }).refine(({ a, b }) => a < b, "--a below --b");
  expect(() => parseOptions(rule, { a: "3", b: "2" }, "order bench")).toThrow(/^order bench: expected --a below --b/);
});

test("the help shows description, choices, range and default", () => {
  const help = optionsFromSchema(
    new Command().configureOutput({ getOutHelpWidth: () => 200 }),
    schema,
  ).helpInformation();
  expect(help).toMatch(/--task <value> +what to minimise \(choices: quadratic, logistic; default: quadratic\)/);
  expect(help).toMatch(/--epochs <a,b,c> +epochs to stop after \(at least 1; default: 32,64\)/);
  expect(help).toMatch(/--learning-rate <n> +step size \(above 0\)/);
  expect(help).toMatch(/--n <n> +\(at least 2; required\)/);
  expect(help).toMatch(/--nesterov +look ahead\n/);
  expect(help).toMatch(/--no-shuffle +do not shuffle\n/);
});

test("common options parse the seed and keep a schema from adding it again", () => {
  const command = addCommonOptions(new Command().exitOverride(), { out: "runs" });
  optionsFromSchema(command, z.object({ seed: z.int().default(0), n: z.int().default(1) }));
  expect(command.parse([], { from: "user" }).opts<CommonOptions>()).toEqual({ seed: 0, out: "runs" });
  command.parse(["--seed", "7", "--json", "--force", "--out", "x"], { from: "user" });
  expect(command.opts<CommonOptions>()).toEqual({ seed: 7, json: true, force: true, out: "x" });
  expect(() => command.parse(["--seed", "1.5"], { from: "user" })).toThrow(
    '--seed: expected a whole number, found "1.5"',
  );
});

test("an empty text where one is needed, and an empty number", () => {
  const where = (raw: Record<string, unknown>) => () =>
    parseOptions(z.object({ out: z.string().min(1), n: z.coerce.number() }), raw, "x");
  expect(where({ out: "", n: "1" })).toThrow('--out: expected a text that is not empty, found ""');
  expect(where({ n: "1" })).toThrow("--out: expected a text, found nothing");
  expect(where({ out: "a", n: " " })).toThrow('--n: expected a number, found " "');
});
