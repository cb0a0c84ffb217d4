import type { Command } from "commander";
import {
  addCommonOptions,
  type CommonOptions,
  optionsFromSchema,
  parseOptions,
  runAction,
} from "../../terminal/index.ts";
import { benchSchema, boardSchema, planSchema, resumeSchema, runSchema, trainSchema, workerSchema } from "./config.ts";

type Raw = CommonOptions & Readonly<Record<string, unknown>>;

/** Adds `tenfold local` and its commands to the program. The work itself is loaded when a command runs. */
export function registerLocal(program: Command): void {
  const local = program
    .command("local")
    .description("many workers, shuffled data, one model: in one process, in threads, or on a fleet");

  const run = addCommonOptions(local.command("run"), { out: true }).description(
    "minimise a problem with workers that average gradients or weights",
  );
  optionsFromSchema(run, runSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runProblem(parseOptions(runSchema, raw, "local run"), raw),
    ),
  );

  const train = addCommonOptions(local.command("train"), { out: true }).description(
    "train a network with workers that average gradients or weights",
  );
  optionsFromSchema(train, trainSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runTrain(parseOptions(trainSchema, raw, "local train"), raw),
    ),
  );

  const resume = addCommonOptions(local.command("resume").argument("<run>", "folder of a run")).description(
    "go on with a run that stopped or failed, on the same engine or another",
  );
  optionsFromSchema(resume, resumeSchema).action(
    runAction(async (folder: string, raw: Raw) =>
      (await import("./actions.ts")).runResume(folder, parseOptions(resumeSchema, raw, "local resume"), raw),
    ),
  );

  const plan = addCommonOptions(local.command("plan")).description(
    "the cheapest number of local steps, from measured spreads and the cost of an exchange",
  );
  optionsFromSchema(plan, planSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./lab-actions.ts")).runPlan(parseOptions(planSchema, raw, "local plan"), raw),
    ),
  );

  const bench = addCommonOptions(local.command("bench")).description(
    "slopes of the error in epochs, workers or local steps, with intervals",
  );
  optionsFromSchema(bench, benchSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./lab-actions.ts")).runBench(parseOptions(benchSchema, raw, "local bench"), raw),
    ),
  );

  const worker = addCommonOptions(local.command("worker")).description(
    "compute for runs with --engine bullmq, on this machine, until Ctrl-C",
  );
  optionsFromSchema(worker, workerSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./fleet-actions.ts")).runWorker(parseOptions(workerSchema, raw, "local worker"), raw),
    ),
  );

  const board = addCommonOptions(local.command("board")).description("a page that shows the queues, until Ctrl-C");
  optionsFromSchema(board, boardSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./fleet-actions.ts")).runBoard(parseOptions(boardSchema, raw, "local board"), raw),
    ),
  );
}
