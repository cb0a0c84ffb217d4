import type { Command } from "commander";
import { addAction } from "../../terminal/index.ts";
import {
  benchSchema,
  boundarySchema,
  cardSchema,
  evaluateSchema,
  exportSchema,
  fitSchema,
  generateSchema,
  predictSchema,
  promptSchema,
  serveSchema,
} from "./config.ts";

const actions = () => import("./actions.ts");
const run = "folder that lift fit wrote";

/** Adds `tenfold lift` and its commands to the program. The work itself is loaded when a command runs. */
export function registerLift(program: Command): void {
  const lift = program.command("lift").description("fine-tune a language model on a table, through text alone");

  addAction(lift, "fit <table>", {
    description: "fine-tune a language model on the rows of a table, into a run folder",
    argumentHelp: { table: "CSV, TSV, JSON lines or Parquet file" },
    schema: fitSchema,
    out: true,
    load: async () => (await import("./fit-action.ts")).runFit,
  });
  addAction(lift, "predict <run> <table>", {
    description: "predict the rows of a table: row, prediction, probabilities, valid, raw text",
    argumentHelp: { run, table: "rows to predict" },
    schema: predictSchema,
    out: true,
    load: async () => (await actions()).runPredict,
  });
  addAction(lift, "evaluate <run> <table>", {
    description: "hold predictions against right answers, with classic methods beside",
    argumentHelp: { run, table: "rows with answers" },
    schema: evaluateSchema,
    load: async () => (await actions()).runEvaluate,
  });
  addAction(lift, "prompt <run>", {
    description: "the text that a training row becomes",
    argumentHelp: { run },
    schema: promptSchema,
    load: async () => (await actions()).runPrompt,
  });
  addAction(lift, "generate <run>", {
    description: "make rows of a class, by a model fitted with --generator",
    argumentHelp: { run },
    schema: generateSchema,
    out: true,
    load: async () => (await actions()).runGenerate,
  });
  addAction(lift, "boundary <run>", {
    description: "a picture of the classes over two columns",
    argumentHelp: { run },
    schema: boundarySchema,
    out: true,
    load: async () => (await actions()).runBoundary,
  });
  addAction(lift, "export <run>", {
    description: "training rows for a service, or the whole model for other tools",
    argumentHelp: { run },
    schema: exportSchema,
    out: true,
    load: async () => (await actions()).runExport,
  });
  addAction(lift, "serve <run>", {
    description: "answer HTTP: POST /predict, GET /model, /health, /openapi.json",
    argumentHelp: { run },
    schema: serveSchema,
    load: async () => (await actions()).runServe,
  });
  addAction(lift, "card <run>", {
    description: "a model card: data, text, base, figures, limits",
    argumentHelp: { run },
    schema: cardSchema,
    out: true,
    load: async () => (await actions()).runCard,
  });
  addAction(lift, "bench", {
    description: "many tables and seeds, with classic methods beside",
    schema: benchSchema,
    load: async () => (await import("./bench-action.ts")).runBenchAction,
  });
}
