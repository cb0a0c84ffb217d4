import type { z } from "zod";
import { codeVersion } from "../dist/index.ts";
import { serveWorker, type workerSchema } from "../systems/local-sgd/index.ts";
import type { CommonOptions } from "../terminal/index.ts";
import { fleetSuffix, workModule } from "./work.ts";

/** `tenfold worker`: computes for recipes whose workers run on a fleet, on this machine, until Ctrl-C. */
export async function runRecipeWorker(options: z.output<typeof workerSchema>, raw: CommonOptions): Promise<void> {
  await serveWorker(options, raw, { module: workModule, version: `${await codeVersion()}${fleetSuffix}` });
}
