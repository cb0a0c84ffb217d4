import type { Command } from "commander";
import { addAction } from "../../terminal/index.ts";
import { compareSchema, exportSchema, frontierSchema, recoverSchema, trainSchema } from "./config.ts";

/** Adds `tenfold lowrank` and its commands to the program. The work itself is loaded when a command runs. */
export function registerLowRank(program: Command): void {
  const lowrank = program
    .command("lowrank")
    .description("layers that learn their own rank while they train: one run, a family of models");

  addAction(lowrank, "train", {
    description: "train a network whose layers learn their ranks, into a resumable run folder",
    schema: trainSchema,
    out: true,
    load: async () => (await import("./actions.ts")).runTrain,
  });

  addAction(lowrank, "frontier <run>", {
    description: "accuracy against cost: the run's submodels beside those of what it competes with",
    argumentHelp: { run: "folder of a run" },
    schema: frontierSchema,
    load: async () => (await import("./actions.ts")).runFrontier,
  });

  addAction(lowrank, "export <run>", {
    description: "write the submodel that fits a budget as ONNX or safetensors",
    argumentHelp: { run: "folder of a run" },
    schema: exportSchema,
    load: async () => (await import("./actions.ts")).runExport,
  });

  addAction(lowrank, "compare", {
    description: "every way to a smaller network in one table, at equal parameters, over several seeds",
    schema: compareSchema,
    out: true,
    load: async () => (await import("./actions.ts")).runCompare,
  });

  addAction(lowrank, "recover", {
    description:
      "what ordered ranks find on linear maps: singular values, principal components, an order that the data decide",
    schema: recoverSchema,
    load: async () => (await import("./actions.ts")).runRecover,
  });
}
