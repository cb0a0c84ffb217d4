import type { Command } from "commander";
import { addAction } from "../../terminal/index.ts";
import { benchSchema, fitSchema, planSchema, verifySchema } from "./config.ts";

/** Adds `tenfold memorize` and its commands to the program. The work itself is loaded when a command runs. */
export function registerMemorize(program: Command): void {
  const memorize = program
    .command("memorize")
    .description("a network of threshold neurons that knows a table by heart, built rather than trained");

  addAction(memorize, "fit <data>", {
    description: "build the network for a table (CSV, JSON lines, Parquet, or a set known by name)",
    schema: fitSchema,
    load: async () => (await import("./actions.ts")).runFit,
  });

  addAction(memorize, "verify <net> <data>", {
    description: "run every row of a table through the weights of net.json, and look at the weights",
    schema: verifySchema,
    load: async () => (await import("./actions.ts")).runVerify,
  });

  addAction(memorize, "plan", {
    description: "how large a network gets before there is any data, beside other constructions",
    schema: planSchema,
    load: async () => (await import("./actions.ts")).runPlan,
  });

  addAction(memorize, "bench", {
    description: "memorize random labels of random points: sizes, seconds and memory",
    schema: benchSchema,
    load: async () => (await import("./actions.ts")).runBench,
  });
}
