import type { Command } from "commander";
import { addAction } from "../../terminal/index.ts";
import { addItemSchema, evaluateSchema, exportSchema, fitSchema, idsSchema, serveSchema, topSchema } from "./config.ts";

const run = { run: "folder of a run" };
const served = { run: "folder of a run, or of an exported bundle" };

/** Adds `tenfold recommend` and its commands to the program. The work itself is loaded when a command runs. */
export function registerRecommend(program: Command): void {
  const recommend = program
    .command("recommend")
    .description("what comes next, decoded as the semantic ID of an item: fit, evaluate, serve");
  addAction(recommend, "fit", {
    description: "give items semantic IDs and train a model that decodes the next one, into a run folder",
    schema: fitSchema,
    out: true,
    load: async () => (await import("./actions.ts")).runFit,
  });
  addAction(recommend, "evaluate <run>", {
    description: "rank the whole catalogue for every user's last item, beside baselines",
    argumentHelp: run,
    schema: evaluateSchema,
    load: async () => (await import("./evaluate-action.ts")).runEvaluate,
  });
  addAction(recommend, "top <run>", {
    description: "recommend items after a history",
    argumentHelp: served,
    schema: topSchema,
    load: async () => (await import("./actions.ts")).runTop,
  });
  addAction(recommend, "ids <run>", {
    description: "the tree of semantic IDs with its items, or one item's ID",
    argumentHelp: run,
    schema: idsSchema,
    load: async () => (await import("./actions.ts")).runIds,
  });
  addAction(recommend, "add-item <run>", {
    description: "give new items IDs by the frozen codes, without training",
    argumentHelp: served,
    schema: addItemSchema,
    load: async () => (await import("./actions.ts")).runAddItem,
  });
  addAction(recommend, "export <run>", {
    description: "write encoder, decoder, catalogue and item coder as one bundle",
    argumentHelp: run,
    schema: exportSchema,
    load: async () => (await import("./serve-action.ts")).runExport,
  });
  addAction(recommend, "serve <run>", {
    description: "answer POST /recommend and POST /items over HTTP",
    argumentHelp: served,
    schema: serveSchema,
    load: async () => (await import("./serve-action.ts")).runServe,
  });
}
