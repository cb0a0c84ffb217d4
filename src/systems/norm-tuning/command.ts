import type { Command } from "commander";
import { addAction } from "../../terminal/index.ts";
import { mergeSchema, reconstructSchema, tuneSchema, verifySchema } from "./config.ts";

/** Adds `tenfold norm` and its commands to the program. The work itself is loaded when a command runs. */
export function registerNorm(program: Command): void {
  const norm = program
    .command("norm")
    .description(
      "random networks that do a trained one's work by their norm layers alone; training little of a network",
    );

  addAction(norm, "reconstruct", {
    description: "make a random network compute what a target does, by its norm layers alone, with a certificate",
    schema: reconstructSchema,
    out: true,
    load: async () => (await import("./actions.ts")).runReconstruct,
  });

  addAction(norm, "verify <dir>", {
    description: "check a reconstruction from its files and the target alone",
    argumentHelp: { dir: "folder of a reconstruction" },
    schema: verifySchema,
    load: async () => (await import("./actions.ts")).runVerify,
  });

  addAction(norm, "tune", {
    description:
      "train only norms, biases, the head, low-rank additions or everything, and compare: accuracy against trained parameters",
    schema: tuneSchema,
    out: true,
    load: async () => (await import("./tune-actions.ts")).runTune,
  });

  addAction(norm, "merge <run>", {
    description: "put a stored difference back into its base: a plain network as ONNX or safetensors",
    argumentHelp: { run: "folder of one choice of a tune run, such as RUN/norm" },
    schema: mergeSchema,
    load: async () => (await import("./tune-actions.ts")).runMerge,
  });
}
