/** From a source file to a program for a machine of its size. @module */
import { ConfigError } from "../../core/index.ts";
import type { Datum } from "./assembler/declarations.ts";
import { assembleFleq } from "./assembler/fleq.ts";
import type { SourceFiles } from "./assembler/preprocess.ts";
import { assembleSubleq, type SubleqAssembly } from "./assembler/subleq.ts";
import { standardBlocks } from "./blocks/index.ts";
import { buildFleq, type FleqMachine } from "./fleq-machine.ts";
import { type FleqProgram, fleqColumns } from "./fleq-state.ts";
import type { FunctionBlock } from "./function-block.ts";
import { type CompiledLanguage, compileLanguage } from "./language/compile.ts";
import { parse } from "./language/parse.ts";
import { type Place, sourceError } from "./source.ts";
import { buildSubleq, type SubleqMachine, type SubleqMode } from "./subleq-machine.ts";
import { type SubleqProgram, subleqColumns } from "./subleq-state.ts";
import { mostColumns, type Precision } from "./transformer.ts";

/** What all compiled programs have. */
interface Compiled {
  /** Data by name. */
  readonly data: readonly Datum[];
  readonly labels: ReadonlyMap<string, number>;
  /** Where each instruction comes from, as `file:line`. */
  readonly lines: readonly string[];
}

/** A program for a SUBLEQ machine. */
export interface CompiledSubleq extends Compiled {
  readonly machine: SubleqMachine;
  readonly program: SubleqProgram;
  /** Programs of the structured language only. */
  readonly output?: CompiledLanguage["output"];
  readonly fault?: CompiledLanguage["fault"];
}

/** A program for a FLEQ machine. */
export interface CompiledFleq extends Compiled {
  readonly machine: FleqMachine;
  readonly program: FleqProgram;
}

/** A program and the machine it is for. */
export type CompiledProgram = CompiledSubleq | CompiledFleq;

/** Whether a program is one for a SUBLEQ machine. */
export function isSubleq(compiled: CompiledProgram): compiled is CompiledSubleq {
  return compiled.machine.spec.kind === "subleq";
}

/** Options of {@link compileSource}. */
export interface CompileOptions {
  /** SUBLEQ and the structured language; default 16. */
  readonly bits?: number;
  /** Default: the next power of two that the program fits on, 32 at least. */
  readonly columns?: number;
  /** SUBLEQ and the structured language; default float64. */
  readonly precision?: Precision;
  /** SUBLEQ and the structured language; default hardened. */
  readonly mode?: SubleqMode;
  readonly temperature?: number;
  /** FLEQ: functions beyond the standard ones. */
  readonly blocks?: readonly FunctionBlock[];
}

const leastColumns = 32;

/**
 * Compiles a `.subleq` or `.fleq` file by its assembler, a `.loop` file by the compiler of the structured language.
 *
 * @throws {DataError} with file, line and column; {@link ConfigError} for a machine that is too small
 * @example
 * ```ts
 * const compiled = await compileSource(await findProgram("factorial"), diskFiles(), { bits: 16 });
 * ```
 */
export async function compileSource(
  path: string,
  files: SourceFiles,
  options: CompileOptions = {},
): Promise<CompiledProgram> {
  const kind = /\.[^./\\]*$/.exec(path)?.[0] ?? "";
  if (kind === ".fleq") {
    refuseSubleqOptions(options);
    const blocks = [...standardBlocks, ...(options.blocks ?? [])];
    const { program, size, data, labels, places } = await assembleFleq(path, files, blocks);
    const columns = chooseColumns(fleqColumns(program, size), options.columns);
    const machine = buildFleq({ kind: "fleq", columns, size, ...(options.blocks && { blocks: options.blocks }) });
    return { machine, program, data, labels, lines: places.map(lineName) };
  }
  const { bits = 16, precision = "float64", mode = "hardened", temperature } = options;
  const spec = { kind: "subleq", bits, precision, mode, ...(temperature !== undefined && { temperature }) } as const;
  const compile = async (): Promise<SubleqAssembly & Partial<CompiledLanguage>> => {
    if (kind === ".subleq") return assembleSubleq(path, files);
    if (kind !== ".loop") {
      throw new ConfigError({ where: path, expected: "a file .subleq, .fleq or .loop", found: kind || "no ending" });
    }
    const { name, text } = await files.read(path, undefined);
    return compileLanguage(parse(text, name), bits, name);
  };
  const { program, data, labels, places, cellPlaces, output, fault } = await compile();
  checkNumbers(program.memory, cellPlaces, bits);
  const columns = chooseColumns(subleqColumns(program), options.columns);
  const machine = buildSubleq({ ...spec, columns });
  const compiled = { machine, program, data, labels, lines: places.map(lineName) };
  return { ...compiled, ...(output && { output }), ...(fault && { fault }) };
}

/** Refuses options that a FLEQ machine does not have, where they are given. */
export function refuseSubleqOptions(
  options: Readonly<Record<"bits" | "mode" | "temperature" | "precision", unknown>> | CompileOptions,
): void {
  const given = options as Readonly<Record<string, unknown>>;
  const option = ["bits", "mode", "temperature"].find((name) => given[name] !== undefined);
  const refuse = (name: string) => {
    const expected = "a SUBLEQ machine; those of FLEQ are float64, at temperature 32";
    throw new ConfigError({ where: `--${name}`, expected, found: `${given[name]} for FLEQ` });
  };
  if (option !== undefined) refuse(option);
  if (given.precision === "float32") refuse("precision");
}

const lineName = ({ file, line }: Place) => `${file}:${line}`;

function chooseColumns(needed: number, asked: number | undefined): number {
  const columns = asked ?? Math.max(leastColumns, 2 ** Math.ceil(Math.log2(needed)));
  if (needed <= columns && columns <= mostColumns) return columns;
  const most = asked === undefined ? mostColumns : columns;
  throw new ConfigError({
    where: "columns",
    expected: `${needed} at least, which is what the program needs`,
    found: `${most}${asked === undefined ? ", the largest machine" : ""}`,
  });
}

/** Refuses numbers that a machine's bits do not hold. */
function checkNumbers(memory: readonly bigint[], places: readonly (Place | undefined)[], bits: number): void {
  const [low, high] = [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n];
  const cell = memory.findIndex((value) => value < low || value > high);
  if (cell < 0) return;
  const place = places[cell];
  if (!place) {
    const expected = "more bits: the program's routines count beyond what these hold";
    throw new ConfigError({
      where: "--bits",
      expected,
      found: `${bits}, which end at ${high}; ${memory[cell]} is needed`,
    });
  }
  throw sourceError(
    place,
    `a number from ${low} to ${high}, which is what ${bits} bits hold`,
    `${memory[cell]}`,
    "compile with more --bits",
  );
}
