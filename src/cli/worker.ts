import type { Command } from "commander";
import { workerSchema } from "../systems/local-sgd/index.ts";
import { addAction } from "../terminal/index.ts";

/** Adds `tenfold worker`. */
export function registerWorker(program: Command): void {
  addAction(program, "worker", {
    description: "compute for recipes with engine: bullmq, on this machine, until Ctrl-C",
    schema: workerSchema,
    load: async () => (await import("../recipe/index.ts")).runRecipeWorker,
  });
}
