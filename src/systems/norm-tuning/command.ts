import type { Command } from "commander";
import {
  addCommonOptions,
  type CommonOptions,
  optionsFromSchema,
  parseOptions,
  runAction,
} from "../../terminal/index.ts";
import { mergeSchema, reconstructSchema, tuneSchema, verifySchema } from "./config.ts";

type Raw = CommonOptions & Readonly<Record<string, unknown>>;

/** Adds `tenfold norm` and its commands to the program. The work itself is loaded when a command runs. */
export function registerNorm(program: Command): void {
  const norm = program
    .command("norm")
    .description(
      "random networks that do a trained one's work by their norm layers alone; training little of a network",
    );

  const reconstruct = addCommonOptions(norm.command("reconstruct"), { out: true }).description(
    "make a random network compute what a target does, by its norm layers alone, with a certificate",
  );
  optionsFromSchema(reconstruct, reconstructSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runReconstruct(parseOptions(reconstructSchema, raw, "norm reconstruct"), raw),
    ),
  );

  const verify = addCommonOptions(norm.command("verify").argument("<dir>", "folder of a reconstruction")).description(
    "check a reconstruction from its files and the target alone",
  );
  optionsFromSchema(verify, verifySchema).action(
    runAction(async (dir: string, raw: Raw) =>
      (await import("./actions.ts")).runVerify(dir, parseOptions(verifySchema, raw, "norm verify"), raw),
    ),
  );

  const tune = addCommonOptions(norm.command("tune"), { out: true }).description(
    "train only norms, biases, the head, low-rank additions or everything, and compare: accuracy against trained parameters",
  );
  optionsFromSchema(tune, tuneSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./tune-actions.ts")).runTune(parseOptions(tuneSchema, raw, "norm tune"), raw),
    ),
  );

  const merge = addCommonOptions(
    norm.command("merge").argument("<run>", "folder of one choice of a tune run, such as RUN/norm"),
  );
  merge.description("put a stored difference back into its base: a plain network as ONNX or safetensors");
  optionsFromSchema(merge, mergeSchema).action(
    runAction(async (run: string, raw: Raw) =>
      (await import("./tune-actions.ts")).runMerge(run, parseOptions(mergeSchema, raw, "norm merge"), raw),
    ),
  );
}
