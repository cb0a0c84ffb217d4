import type { Command } from "commander";
import {
  addCommonOptions,
  type CommonOptions,
  optionsFromSchema,
  parseOptions,
  runAction,
} from "../../terminal/index.ts";
import { alignSchema, compareSchema, evaluateSchema, exportSchema, fingerprintSchema, lookupSchema } from "./config.ts";

type Raw = CommonOptions & Readonly<Record<string, unknown>>;

/** Adds `tenfold translate` and its commands to the program. The work itself is loaded when a command runs. */
export function registerTranslate(program: Command): void {
  const translate = program
    .command("translate")
    .description(
      "a dictionary from two embeddings, without parallel text: images, a few words or spelling to start from",
    );

  const align = addCommonOptions(translate.command("align"), { out: true }).description(
    "bring two languages into one space and write the dictionary, into a run folder",
  );
  optionsFromSchema(align, alignSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runAlign(parseOptions(alignSchema, raw, "translate align"), raw),
    ),
  );

  const evaluate = addCommonOptions(translate.command("evaluate <run>")).description(
    "hold a run's dictionary against a right one",
  );
  optionsFromSchema(evaluate, evaluateSchema).action(
    runAction(async (run: string, raw: Raw) =>
      (await import("./actions.ts")).runEvaluate(run, parseOptions(evaluateSchema, raw, "translate evaluate"), raw),
    ),
  );

  const lookup = addCommonOptions(translate.command("lookup <run> <words...>")).description(
    "translations of words, in both directions",
  );
  optionsFromSchema(lookup, lookupSchema).action(
    runAction(async (run: string, words: string[], raw: Raw) =>
      (await import("./actions.ts")).runLookup(run, words, parseOptions(lookupSchema, raw, "translate lookup"), raw),
    ),
  );

  const exported = addCommonOptions(translate.command("export <run>")).description(
    "write a run's dictionary or vectors for other tools",
  );
  optionsFromSchema(exported, exportSchema).action(
    runAction(async (run: string, raw: Raw) =>
      (await import("./actions.ts")).runExport(run, parseOptions(exportSchema, raw, "translate export"), raw),
    ),
  );

  const compare = addCommonOptions(translate.command("compare <run>")).description(
    "the run's start beside other starts on the same files",
  );
  optionsFromSchema(compare, compareSchema).action(
    runAction(async (run: string, raw: Raw) =>
      (await import("./compare-action.ts")).runCompare(run, parseOptions(compareSchema, raw, "translate compare"), raw),
    ),
  );

  const fingerprint = addCommonOptions(translate.command("fingerprint")).description(
    "words x images by a CLIP model in a local folder",
  );
  optionsFromSchema(fingerprint, fingerprintSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./fingerprint-action.ts")).runFingerprint(
        parseOptions(fingerprintSchema, raw, "translate fingerprint"),
        raw,
      ),
    ),
  );
}
