import type { Command } from "commander";
import {
  addCommonOptions,
  type CommonOptions,
  optionsFromSchema,
  parseOptions,
  runAction,
} from "../../terminal/index.ts";
import { compareSchema, exportSchema, frontierSchema, recoverSchema, trainSchema } from "./config.ts";

type Raw = CommonOptions & Readonly<Record<string, unknown>>;

/** Adds `tenfold lowrank` and its commands to the program. The work itself is loaded when a command runs. */
export function registerLowRank(program: Command): void {
  const lowrank = program
    .command("lowrank")
    .description("layers that learn their own rank while they train: one run, a family of models");

  const train = addCommonOptions(lowrank.command("train"), { out: true }).description(
    "train a network whose layers learn their ranks, into a resumable run folder",
  );
  optionsFromSchema(train, trainSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runTrain(parseOptions(trainSchema, raw, "lowrank train"), raw),
    ),
  );

  const frontier = addCommonOptions(lowrank.command("frontier").argument("<run>", "folder of a run")).description(
    "accuracy against cost: the run's submodels beside those of what it competes with",
  );
  optionsFromSchema(frontier, frontierSchema).action(
    runAction(async (run: string, raw: Raw) =>
      (await import("./actions.ts")).runFrontier(run, parseOptions(frontierSchema, raw, "lowrank frontier"), raw),
    ),
  );

  const exported = addCommonOptions(lowrank.command("export").argument("<run>", "folder of a run")).description(
    "write the submodel that fits a budget as ONNX or safetensors",
  );
  optionsFromSchema(exported, exportSchema).action(
    runAction(async (run: string, raw: Raw) =>
      (await import("./actions.ts")).runExport(run, parseOptions(exportSchema, raw, "lowrank export"), raw),
    ),
  );

  const compare = addCommonOptions(lowrank.command("compare"), { out: true }).description(
    "every way to a smaller network in one table, at equal parameters, over several seeds",
  );
  optionsFromSchema(compare, compareSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runCompare(parseOptions(compareSchema, raw, "lowrank compare"), raw),
    ),
  );

  const recover = addCommonOptions(lowrank.command("recover")).description(
    "what ordered ranks find on linear maps: singular values, principal components, an order that the data decide",
  );
  optionsFromSchema(recover, recoverSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runRecover(parseOptions(recoverSchema, raw, "lowrank recover"), raw),
    ),
  );
}
