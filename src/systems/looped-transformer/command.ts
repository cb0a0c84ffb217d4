import type { Command } from "commander";
import { addAction } from "../../terminal/index.ts";
import {
  benchSchema,
  compileSchema,
  explainSchema,
  exportSchema,
  programsSchema,
  runSchema,
  traceSchema,
  verifySchema,
} from "./config.ts";

/** Adds `tenfold loop` and its commands to the program. The work itself is loaded when a command runs. */
export function registerLoop(program: Command): void {
  const loop = program
    .command("loop")
    .description("programs in the input of a transformer that is applied again and again: compile, run, export");

  addAction(loop, "compile <source>", {
    description: "compile a program for a machine of its size",
    argumentHelp: { source: "file .loop, .subleq or .fleq, or a program of the package" },
    schema: compileSchema,
    load: async () => (await import("./actions.ts")).runCompile,
  });

  const argumentHelp = { program: "file that loop compile wrote, or a source" };
  addAction(loop, "run <program>", {
    description: "run a program until it halts",
    argumentHelp,
    schema: runSchema,
    load: async () => (await import("./actions.ts")).runRun,
  });

  addAction(loop, "trace <program>", {
    description: "show what every loop does",
    argumentHelp,
    schema: traceSchema,
    load: async () => (await import("./actions.ts")).runTrace,
  });

  addAction(loop, "verify", {
    description: "run random programs, and compare the whole state with a plain interpreter after every loop",
    schema: verifySchema,
    load: async () => (await import("./actions.ts")).runVerify,
  });

  addAction(loop, "export <program>", {
    description: "write the program's machine as an ONNX model: one step, or a whole run",
    argumentHelp,
    schema: exportSchema,
    load: async () => (await import("./actions.ts")).runExport,
  });

  addAction(loop, "explain <program>", {
    description: "the machine's layers, heads and rows by name",
    argumentHelp,
    schema: explainSchema,
    load: async () => (await import("./actions.ts")).runExplain,
  });

  addAction(loop, "bench", {
    description: "loops a second by size of machine, beside the dense weights in ONNX Runtime",
    schema: benchSchema,
    load: async () => (await import("./actions.ts")).runBench,
  });

  addAction(loop, "programs", {
    description: "list the programs that come with the package",
    schema: programsSchema,
    load: async () => (await import("./actions.ts")).runPrograms,
  });
}
