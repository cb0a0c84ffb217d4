import type { Command } from "commander";
import {
  addCommonOptions,
  type CommonOptions,
  optionsFromSchema,
  parseOptions,
  runAction,
} from "../../terminal/index.ts";
import { benchSchema, fitSchema, planSchema, verifySchema } from "./config.ts";

type Raw = CommonOptions & Readonly<Record<string, unknown>>;

/** Adds `tenfold memorize` and its commands to the program. The work itself is loaded when a command runs. */
export function registerMemorize(program: Command): void {
  const memorize = program
    .command("memorize")
    .description("a network of threshold neurons that knows a table by heart, built rather than trained");

  const fit = addCommonOptions(memorize.command("fit <data>")).description(
    "build the network for a table (CSV, JSON lines, Parquet, or a set known by name)",
  );
  optionsFromSchema(fit, fitSchema).action(
    runAction(async (data: string, raw: Raw) =>
      (await import("./actions.ts")).runFit(data, parseOptions(fitSchema, raw, "memorize fit"), raw),
    ),
  );

  const verify = addCommonOptions(memorize.command("verify <net> <data>")).description(
    "run every row of a table through the weights of net.json, and look at the weights",
  );
  optionsFromSchema(verify, verifySchema).action(
    runAction(async (net: string, data: string, raw: Raw) =>
      (await import("./actions.ts")).runVerify(net, data, parseOptions(verifySchema, raw, "memorize verify"), raw),
    ),
  );

  const plan = addCommonOptions(memorize.command("plan")).description(
    "how large a network gets before there is any data, beside other constructions",
  );
  optionsFromSchema(plan, planSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runPlan(parseOptions(planSchema, raw, "memorize plan"), raw),
    ),
  );

  const bench = addCommonOptions(memorize.command("bench")).description(
    "memorize random labels of random points: sizes, seconds and memory",
  );
  optionsFromSchema(bench, benchSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runBench(parseOptions(benchSchema, raw, "memorize bench"), raw),
    ),
  );
}
