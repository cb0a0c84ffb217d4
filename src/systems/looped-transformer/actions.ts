import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError, hostTensor } from "../../core/index.ts";
import { requireNewFile, writeFileAtomic, writeNpy } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal } from "../../terminal/index.ts";
import { benchMachines } from "./bench.ts";
import { type CompiledProgram, compileSource, isSubleq, refuseSubleqOptions } from "./compile.ts";
import type {
  BenchConfig,
  CompileConfig,
  ExplainConfig,
  ExportConfig,
  RunConfig,
  TraceConfig,
  VerifyConfig,
} from "./config.ts";
import { explainHead, explainUnits, summarizeLayers } from "./explain.ts";
import { encodeFleq } from "./fleq-state.ts";
import { exportRun } from "./onnx-loop.ts";
import { exportStep } from "./onnx-step.ts";
import { pacer } from "./pace.ts";
import { mostBits } from "./precision.ts";
import { encodeProgram, readProgram } from "./program-file.ts";
import { programHeader } from "./program-header.ts";
import { type LoopReport, type RunningProgram, start } from "./running.ts";
import { diskFiles, findProgram, isSource, libraryPrograms } from "./source-files.ts";
import { encodeSubleq } from "./subleq-state.ts";
import { countTransformer } from "./transformer.ts";
import { type NamedValue, withSettings } from "./values.ts";
import { type Verification, verifyMachine } from "./verify.ts";
import { weightsSha256 } from "./weights-sha256.ts";

const plural = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

const count = (value: number) => value.toLocaleString("en-US");

/** How often a run looks at the clock and lets signals in. */
const loopsBetweenPauses = 256;

/** A compiled program, or a source compiled with defaults. */
async function openProgram(path: string): Promise<CompiledProgram> {
  const found = await findProgram(path);
  return isSource(found) ? compileSource(found, diskFiles()) : readProgram(found);
}

/** What a machine is, in one line. */
function describeMachine({ machine }: CompiledProgram): string {
  const { transformer, spec } = machine;
  const { layers, parameters, nonzero } = countTransformer(transformer);
  const numbers = spec.kind === "subleq" ? `${spec.bits} bits` : `${spec.size} x ${spec.size} matrices`;
  return (
    `${spec.kind}, ${transformer.columns} columns of ${transformer.width} rows, ${numbers}, ${transformer.precision}, ` +
    `temperature ${transformer.temperature}: ${layers} layers, ${count(parameters)} weights, ${count(nonzero)} of them not 0`
  );
}

/** `tenfold loop compile` */
export async function runCompile(source: string, config: CompileConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { out, force, ...options } = config;
  const path = await findProgram(source);
  requireOtherFile("--out", out, path);
  if (!force) await requireNewFile(out);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const compiled = await compileSource(path, diskFiles(), Object.fromEntries(given));
  await writeFileAtomic(out, encodeProgram(compiled));
  const { temperature, safeTemperature } = compiled.machine.transformer;
  if (temperature < safeTemperature) {
    terminal.warn(
      `temperature ${temperature} is below ${safeTemperature}: wrong columns count, and only --engine full runs it`,
    );
  }
  const { program, machine, data } = compiled;
  terminal.print(describeMachine(compiled));
  terminal.print(
    `${plural(program.instructions.length, "instruction")} and ${count(program.memory.length)} memory cells; data ${data.map(({ name }) => name).join(", ") || "none"}`,
  );
  terminal.info(`wrote ${out}: run it with tenfold loop run ${out}`);
  terminal.result({
    out,
    ...programHeader(compiled),
    instructions: program.instructions.length,
    cells: program.memory.length,
    data: data.map(({ name }) => name),
    weights: weightsSha256(machine.transformer),
  });
}

/** Refuses to write over what is read, or to one file twice. */
function requireOtherFile(where: string, path: string, other: string): void {
  if (resolve(path) !== resolve(other)) return;
  throw new ConfigError({ where, expected: `a file other than ${other}`, found: path });
}

/** `tenfold loop run` */
export async function runRun(path: string, config: RunConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const compiled = withSettings(await openProgram(path), config.set);
  const running = start(compiled, config.engine);
  const began = performance.now();
  const pause = pacer();
  const progress = terminal.progress("loop", config.maxLoops);
  try {
    while (!running.halted && running.loops < config.maxLoops) {
      running.step();
      if (running.loops % loopsBetweenPauses !== 0 || !(await pause())) continue;
      progress.update(running.loops);
      if (terminal.signal.aborted) break;
    }
  } finally {
    progress.stop();
  }
  const seconds = (performance.now() - began) / 1000;
  const memory = running.memory();
  for (const value of running.printed) terminal.print(`${value}`);
  for (const [name, value] of Object.entries(memory)) terminal.print(`${name} = ${formatValue(value)}`);
  terminal.info(`${outcomeOf(running, terminal)}, ${count(Math.round(running.loops / seconds))} a second`);
  const { halted, loops, printed } = running;
  if (!halted && !terminal.signal.aborted) {
    terminal.warn(`--max-loops ${config.maxLoops} reached before the program halted; this is its memory then`);
  }
  if (terminal.signal.aborted) process.exitCode = 130;
  terminal.result({ ...programHeader(compiled), halted, loops, printed, memory, seconds });
}

function outcomeOf({ halted, loops }: RunningProgram, { signal }: Terminal): string {
  return `${halted ? "halted" : signal.aborted ? "stopped" : "not halted"} after ${count(loops)} loops`;
}

/** Numbers as they are, columns and matrices by rows. */
function formatValue(value: NamedValue): string {
  if (typeof value === "number") return formatNumber(value);
  const rows = value.map((row) => (typeof row === "number" ? formatNumber(row) : row.map(formatNumber).join(", ")));
  return `[${rows.join(Array.isArray(value[0]) ? "; " : ", ")}]`;
}

const formatNumber = (value: number) => (Number.isInteger(value) ? `${value}` : `${Number(value.toPrecision(10))}`);

/** `tenfold loop trace` */
export async function runTrace(path: string, config: TraceConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const compiled = withSettings(await openProgram(path), config.set);
  const running = start(compiled, config.engine);
  const reports: LoopReport[] = [];
  const pause = pacer();
  while (!running.halted && running.loops < config.maxLoops && !terminal.signal.aborted) {
    const report = running.trace();
    if (report.loop >= config.from) reports.push(report);
    await pause();
  }
  if (terminal.signal.aborted) process.exitCode = 130;
  printTrace(terminal, running, reports);
  if (reports.length === 0) terminal.warn(`--from ${config.from} is beyond the last loop, ${running.loops}`);
  terminal.result({ ...programHeader(compiled), halted: running.halted, loops: running.loops, trace: reports });
}

function printTrace(terminal: Terminal, running: RunningProgram, reports: readonly LoopReport[]): void {
  terminal.table(reports, [
    { header: "loop", value: ({ loop }) => loop },
    { header: "at", value: ({ instruction }) => instruction },
    { header: "instruction", value: ({ text }) => text },
    { header: "memory", value: ({ written }) => `${written.name} = ${formatValue(written.value)}` },
    { header: "next", value: ({ next }) => next },
    { header: "line", value: ({ line }) => line },
  ]);
  terminal.info(outcomeOf(running, terminal));
}

/** `8,16,22` or `8..24` */
function readBits(text: string): number[] {
  const most = mostBits.float64;
  const [low, high] = text.split("..").map(Number) as [number, number?];
  const inRange = (value: number) => Number.isInteger(value) && value >= 2 && value <= most;
  const bits =
    high === undefined || Number.isNaN(high)
      ? text.split(",").map(Number)
      : Array.from({ length: inRange(low) && inRange(high) ? Math.max(0, high - low + 1) : 0 }, (_, i) => low + i);
  const wrong = bits.find((value) => !inRange(value));
  if (bits.length === 0 || wrong !== undefined) {
    const expected = `whole numbers from 2 to ${mostBits.float64}, such as 16, 8,16,22 or 8..24`;
    throw new ConfigError({ where: "--bits", expected, found: text });
  }
  return bits;
}

/** `tenfold loop verify` */
export async function runVerify(config: VerifyConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { machine, without, temperature, precision, bits = "16", mode = "hardened", ...rest } = config;
  if (machine === "fleq") refuseSubleqOptions({ bits: config.bits, mode: config.mode, temperature, precision });
  const widths = machine === "subleq" ? readBits(bits) : [0];
  const rows: (Verification & { readonly bits: number; readonly seconds: number })[] = [];
  for (const [i, width] of widths.entries()) {
    const progress = terminal.progress(machine === "subleq" ? `verify ${width} bits` : "verify", config.programs);
    const began = performance.now();
    const found = await verifyMachine({
      ...rest,
      machine,
      mode,
      bits: width,
      precision: precision ?? (width <= mostBits.float32 ? "float32" : "float64"),
      seed: raw.seed,
      signal: terminal.signal,
      progress: (fraction) => progress.update(Math.round(fraction * config.programs)),
      ...(temperature !== undefined && { temperature }),
      ...(without !== undefined && {
        alter: (transformer) => ({ ...transformer, layers: leaveOut(transformer.layers, without) }),
      }),
    }).finally(() => progress.stop());
    rows.push({ ...found, bits: width, seconds: (performance.now() - began) / 1000 });
    if (i === 0) terminal.info(`temperature ${found.temperature}, engine ${config.engine}`);
  }
  terminal.table(rows, [
    ...(machine === "subleq" ? [{ header: "bits", value: (row: (typeof rows)[number]) => row.bits }] : []),
    { header: "precision", value: (row) => row.precision },
    { header: "programs", value: (row) => row.programs },
    { header: "loops", value: (row) => row.steps },
    { header: "mismatches", value: (row) => row.mismatches },
    ...(machine === "fleq"
      ? [{ header: "largest error", value: (row: (typeof rows)[number]) => (row.largestError ?? 0).toExponential(1) }]
      : []),
    { header: "weights", value: (row) => `${row.weights.slice(0, 12)}…` },
  ]);
  for (const { first } of rows) if (first !== undefined) terminal.print(`first mismatch: ${first}`);
  const total = (pick: (row: Verification) => number) => rows.reduce((sum, row) => sum + pick(row), 0);
  terminal.result({
    machine,
    programs: total((row) => row.programs),
    steps: total((row) => row.steps),
    mismatches: total((row) => row.mismatches),
    precision: [...new Set(rows.map((row) => row.precision))].join(", "),
    rows,
  });
  if (rows.some(({ mismatches }) => mismatches > 0)) process.exitCode = 1;
}

function leaveOut<T>(layers: readonly T[], layer: number): T[] {
  if (layer > layers.length) {
    throw new ConfigError({ where: "--without", expected: `a layer from 1 to ${layers.length}`, found: `${layer}` });
  }
  return layers.filter((_, i) => i !== layer - 1);
}

/** `tenfold loop export` */
export async function runExport(path: string, config: ExportConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { onnx, loop, state, force } = config;
  const compiled = await openProgram(path);
  requireOtherFile("--onnx", onnx, path);
  if (state !== undefined) {
    requireOtherFile("--state", state, path);
    requireOtherFile("--state", state, onnx);
  }
  const written = state === undefined ? [onnx] : [onnx, state];
  if (!force) for (const file of written) await requireNewFile(file);
  const { transformer } = compiled.machine;
  const bytes = loop ? exportRun(transformer) : exportStep(transformer);
  await writeFileAtomic(onnx, bytes);
  if (state !== undefined) {
    const initial = isSubleq(compiled)
      ? encodeSubleq(compiled.machine, compiled.program)
      : encodeFleq(compiled.machine, compiled.program);
    try {
      await writeNpy(state, hostTensor(initial, [1, transformer.columns, transformer.width]));
    } catch (error) {
      // Both or none, so that the same command can be tried again.
      if (!force) await rm(onnx);
      throw error;
    }
  }
  const inputs = loop ? "state and loops" : "state";
  terminal.print(
    `${onnx}: ${loop ? "a whole run" : "one loop"}, ${count(bytes.length)} bytes; inputs ${inputs}, output next`,
  );
  terminal.print(`state: ${transformer.precision} [1, ${transformer.columns}, ${transformer.width}]`);
  terminal.result({
    ...programHeader(compiled),
    onnx,
    loop,
    bytes: bytes.length,
    ...(state !== undefined && { state }),
    shape: [1, transformer.columns, transformer.width],
  });
}

/** `tenfold loop explain` */
export async function runExplain(path: string, { layer }: ExplainConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const compiled = await openProgram(path);
  const { transformer, ranges } = compiled.machine;
  const layers = summarizeLayers(transformer);
  if (layer === undefined) {
    terminal.print(describeMachine(compiled));
    terminal.print("");
    terminal.table(ranges, [
      { header: "rows", value: ({ offset, size }) => (size > 0 ? `${offset}..${offset + size - 1}` : "none") },
      { header: "name", value: ({ name }) => name },
    ]);
    terminal.print("");
    terminal.table(layers, [
      { header: "layer", value: (row) => row.layer },
      { header: "name", value: (row) => row.name },
      { header: "heads", value: (row) => (row.heads.length > 4 ? `${row.heads.length}` : row.heads.join(", ")) },
      { header: "units", value: (row) => row.units },
      { header: "not 0", value: (row) => row.nonzero },
      { header: "what it does", value: (row) => row.purpose },
    ]);
    terminal.result({ ...programHeader(compiled), rows: ranges, layers });
    return;
  }
  const chosen = transformer.layers[layer - 1];
  if (!chosen) {
    throw new ConfigError({ where: "--layer", expected: `a layer from 1 to ${layers.length}`, found: `${layer}` });
  }
  const heads = chosen.heads.map((head) => explainHead(head, ranges));
  const units = explainUnits(chosen, ranges);
  terminal.print(`layer ${layer}, ${chosen.name}: ${chosen.purpose}`);
  for (const { name, query, key, copies } of heads) {
    terminal.print(`head ${name}`);
    terminal.print(`  query ${query.join("; ")}`);
    terminal.print(`  key   ${key.join("; ")}`);
    terminal.print(`  value ${copies.join("; ")}`);
  }
  let purpose = "";
  for (const unit of units) {
    if (unit.purpose !== purpose) terminal.print(unit.purpose);
    purpose = unit.purpose;
    terminal.print(`  ${unit.formula}`);
  }
  terminal.result({ ...programHeader(compiled), ...layers[layer - 1]!, heads, formulas: units });
}

/** `tenfold loop bench` */
export async function runBench(config: BenchConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const progress = terminal.progress("loop bench", config.columns.length);
  const rows = await benchMachines({
    ...config,
    seed: raw.seed,
    signal: terminal.signal,
    progress: (fraction) => progress.update(Math.round(fraction * config.columns.length)),
  }).finally(() => progress.stop());
  terminal.table(rows, [
    { header: "columns", value: (row) => row.columns },
    { header: "rows", value: (row) => row.width },
    { header: "weights", value: (row) => row.parameters },
    { header: "not 0", value: (row) => row.nonzero },
    { header: "fast, loops/s", value: (row) => Math.round(row.fast) },
    { header: "ONNX Runtime, loops/s", value: (row) => Math.round(row.onnx) },
    { header: "ratio", value: (row) => row.ratio.toFixed(1), align: "right" },
    { header: "same state", value: (row) => (row.equal ? "yes" : "NO") },
  ]);
  terminal.result({ bits: config.bits, precision: config.precision, loops: config.loops, rows });
}

/** `tenfold loop programs` */
export async function runPrograms(_: unknown, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const files = await libraryPrograms();
  const rows = await Promise.all(
    files.map(async (file) => {
      const { text } = await diskFiles().read(await findProgram(file), undefined);
      return { program: file, summary: /^\s*\/\/\s*(.*)$/m.exec(text)?.[1] ?? "" };
    }),
  );
  terminal.table(rows, [
    { header: "program", value: ({ program }) => program },
    { header: "what it does", value: ({ summary }) => summary },
  ]);
  terminal.result({ programs: rows });
}
