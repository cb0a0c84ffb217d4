import type { Command } from "commander";
import {
  addCommonOptions,
  type CommonOptions,
  optionsFromSchema,
  parseOptions,
  runAction,
} from "../../terminal/index.ts";
import {
  benchSchema,
  compileSchema,
  explainSchema,
  exportSchema,
  runSchema,
  traceSchema,
  verifySchema,
} from "./config.ts";

type Raw = CommonOptions & Readonly<Record<string, unknown>>;
/** Options of commands that take data to begin with. */
type RawWithSettings = Raw & { readonly set: readonly string[] };

/** Adds `--set`, which may be given again and again. */
function addSettings(command: Command): Command {
  const help = "data to begin with: n=7, list[0]=3, list=1,2,3; in FLEQ also A=1,2;3,4 (may be repeated)";
  return command.option("--set <name=value>", help, (text: string, before: string[]) => [...before, text], []);
}

/** Adds `tenfold loop` and its commands to the program. The work itself is loaded when a command runs. */
export function registerLoop(program: Command): void {
  const loop = program
    .command("loop")
    .description("programs in the input of a transformer that is applied again and again: compile, run, export");

  const compile = addCommonOptions(
    loop.command("compile").argument("<source>", "file .loop, .subleq or .fleq, or a program of the package"),
  ).description("compile a program for a machine of its size");
  optionsFromSchema(compile, compileSchema).action(
    runAction(async (source: string, raw: Raw) =>
      (await import("./actions.ts")).runCompile(source, parseOptions(compileSchema, raw, "loop compile"), raw),
    ),
  );

  const run = addSettings(
    addCommonOptions(loop.command("run").argument("<program>", "file that loop compile wrote, or a source")),
  ).description("run a program until it halts");
  optionsFromSchema(run, runSchema).action(
    runAction(async (path: string, raw: RawWithSettings) =>
      (await import("./actions.ts")).runRun(path, parseOptions(runSchema, raw, "loop run"), raw),
    ),
  );

  const trace = addSettings(
    addCommonOptions(loop.command("trace").argument("<program>", "file that loop compile wrote, or a source")),
  ).description("show what every loop does");
  optionsFromSchema(trace, traceSchema).action(
    runAction(async (path: string, raw: RawWithSettings) =>
      (await import("./actions.ts")).runTrace(path, parseOptions(traceSchema, raw, "loop trace"), raw),
    ),
  );

  const verify = addCommonOptions(loop.command("verify")).description(
    "run random programs, and compare the whole state with a plain interpreter after every loop",
  );
  optionsFromSchema(verify, verifySchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runVerify(parseOptions(verifySchema, raw, "loop verify"), raw),
    ),
  );

  const exported = addCommonOptions(
    loop.command("export").argument("<program>", "file that loop compile wrote, or a source"),
  ).description("write the program's machine as an ONNX model: one step, or a whole run");
  optionsFromSchema(exported, exportSchema).action(
    runAction(async (path: string, raw: Raw) =>
      (await import("./actions.ts")).runExport(path, parseOptions(exportSchema, raw, "loop export"), raw),
    ),
  );

  const explain = addCommonOptions(
    loop.command("explain").argument("<program>", "file that loop compile wrote, or a source"),
  ).description("the machine's layers, heads and rows by name");
  optionsFromSchema(explain, explainSchema).action(
    runAction(async (path: string, raw: Raw) =>
      (await import("./actions.ts")).runExplain(path, parseOptions(explainSchema, raw, "loop explain"), raw),
    ),
  );

  const bench = addCommonOptions(loop.command("bench")).description(
    "loops a second by size of machine, beside the dense weights in ONNX Runtime",
  );
  optionsFromSchema(bench, benchSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runBench(parseOptions(benchSchema, raw, "loop bench"), raw),
    ),
  );

  addCommonOptions(loop.command("programs"))
    .description("list the programs that come with the package")
    .action(runAction(async (raw: Raw) => (await import("./actions.ts")).runPrograms(raw)));
}
