import type { Command } from "commander";
import { addAction } from "../../terminal/index.ts";
import { benchSchema, boardSchema, planSchema, resumeSchema, runSchema, trainSchema, workerSchema } from "./config.ts";

/** Adds `tenfold local` and its commands to the program. The work itself is loaded when a command runs. */
export function registerLocal(program: Command): void {
  const local = program
    .command("local")
    .description("many workers, shuffled data, one model: in one process, in threads, or on a fleet");

  addAction(local, "run", {
    description: "minimise a problem with workers that average gradients or weights",
    schema: runSchema,
    out: true,
    load: async () => (await import("./actions.ts")).runProblem,
  });

  addAction(local, "train", {
    description: "train a network with workers that average gradients or weights",
    schema: trainSchema,
    out: true,
    load: async () => (await import("./actions.ts")).runTrain,
  });

  addAction(local, "resume <run>", {
    description: "go on with a run that stopped or failed, on the same engine or another",
    argumentHelp: { run: "folder of a run" },
    schema: resumeSchema,
    load: async () => (await import("./actions.ts")).runResume,
  });

  addAction(local, "plan", {
    description: "the cheapest number of local steps, from measured spreads and the cost of an exchange",
    schema: planSchema,
    load: async () => (await import("./lab-actions.ts")).runPlan,
  });

  addAction(local, "bench", {
    description: "slopes of the error in epochs, workers or local steps, with intervals",
    schema: benchSchema,
    load: async () => (await import("./lab-actions.ts")).runBench,
  });

  addAction(local, "worker", {
    description: "compute for runs with --engine bullmq, on this machine, until Ctrl-C",
    schema: workerSchema,
    load: async () => (await import("./fleet-actions.ts")).runWorker,
  });

  addAction(local, "board", {
    description: "a page that shows the queues, until Ctrl-C",
    schema: boardSchema,
    load: async () => (await import("./fleet-actions.ts")).runBoard,
  });
}
