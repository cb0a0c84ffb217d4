import type { Command } from "commander";
import { ConfigError } from "../../core/index.ts";
import {
  addAction,
  addCommonOptions,
  type CommonOptions,
  optionsFromSchema,
  parseOptions,
  runAction,
} from "../../terminal/index.ts";
import { exportSchema, hardSchema, logisticSchema, optimalSchema, quadraticSchema } from "./config.ts";

type Raw = CommonOptions & Readonly<Record<string, unknown>>;

/** Adds `tenfold order` and its commands to the program. The work itself is loaded when a command runs. */
export function registerOrder(program: Command): void {
  const order = program
    .command("order")
    .description("in which order to visit the examples: measured rates, comparison on your data, export");

  const bench = addCommonOptions(order.command("bench"))
    .description("compare orders on random quadratics, or by logistic regression on your data")
    .option("--task <name>", "quadratic: rates on random quadratics; logistic: your data", "quadratic");
  optionsFromSchema(bench, quadraticSchema);
  optionsFromSchema(bench, logisticSchema);
  bench.action(
    runAction(async (raw: Raw) => {
      const { runLogistic, runQuadratic } = await import("./actions.ts");
      if (raw.task === "quadratic") {
        refuseForeign(raw, logisticSchema.shape, quadraticSchema.shape, "quadratic", "logistic");
        await runQuadratic(parseOptions(quadraticSchema, raw, "order bench"), raw);
      } else if (raw.task === "logistic") {
        refuseForeign(raw, quadraticSchema.shape, logisticSchema.shape, "logistic", "quadratic");
        await runLogistic(parseOptions(logisticSchema, raw, "order bench"), raw);
      } else {
        throw new ConfigError({ where: "--task", expected: "quadratic or logistic", found: `"${String(raw.task)}"` });
      }
    }),
  );

  addAction(order, "optimal", {
    description: "one dimension: permutations that converge exponentially, beside random reshuffling",
    schema: optimalSchema,
    load: async () => (await import("./actions.ts")).runOptimal,
  });

  addAction(order, "hard", {
    description: "a strongly convex problem on which no order helps: all n! are tried in every epoch",
    schema: hardSchema,
    load: async () => (await import("./actions.ts")).runHard,
  });

  addAction(order, "export", {
    description: "print the orders themselves, for any other trainer",
    schema: exportSchema,
    load: async () => (await import("./actions.ts")).runExport,
  });
}

/** @throws {ConfigError} for an option that was given but belongs to the other task */
function refuseForeign(raw: Raw, foreign: object, own: object, task: string, other: string): void {
  const key = Object.keys(foreign).find((name) => raw[name] !== undefined && !(name in own));
  if (key === undefined) return;
  const option = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new ConfigError({
    where: "order bench",
    expected: `options of --task ${task}`,
    found: option,
    hint: `${option} belongs to --task ${other}`,
  });
}
