import type { Command } from "commander";
import { addAction } from "../../terminal/index.ts";
import { alignSchema, compareSchema, evaluateSchema, exportSchema, fingerprintSchema, lookupSchema } from "./config.ts";

/** Adds `tenfold translate` and its commands to the program. The work itself is loaded when a command runs. */
export function registerTranslate(program: Command): void {
  const translate = program
    .command("translate")
    .description(
      "a dictionary from two embeddings, without parallel text: images, a few words or spelling to start from",
    );

  addAction(translate, "align", {
    description: "bring two languages into one space and write the dictionary, into a run folder",
    schema: alignSchema,
    out: true,
    load: async () => (await import("./actions.ts")).runAlign,
  });

  addAction(translate, "evaluate <run>", {
    description: "hold a run's dictionary against a right one",
    schema: evaluateSchema,
    load: async () => (await import("./actions.ts")).runEvaluate,
  });

  addAction(translate, "lookup <run> <words...>", {
    description: "translations of words, in both directions",
    schema: lookupSchema,
    load: async () => (await import("./actions.ts")).runLookup,
  });

  addAction(translate, "export <run>", {
    description: "write a run's dictionary or vectors for other tools",
    schema: exportSchema,
    load: async () => (await import("./actions.ts")).runExport,
  });

  addAction(translate, "compare <run>", {
    description: "the run's start beside other starts on the same files",
    schema: compareSchema,
    load: async () => (await import("./compare-action.ts")).runCompare,
  });

  addAction(translate, "fingerprint", {
    description: "words x images by a CLIP model in a local folder",
    schema: fingerprintSchema,
    load: async () => (await import("./fingerprint-action.ts")).runFingerprint,
  });
}
