/** Compiled programs on disk: one JSON document, from which the machine is built again. @module */
import { z } from "zod";
import { ConfigError, DataError, schemaProblem } from "../../core/index.ts";
import { readFileBytes, sha256 } from "../../storage/index.ts";
import { standardBlocks } from "./blocks/index.ts";
import { type CompiledFleq, type CompiledProgram, type CompiledSubleq, isSubleq } from "./compile.ts";
import { buildFleq } from "./fleq-machine.ts";
import { buildSubleq } from "./subleq-machine.ts";
import { mostColumns } from "./transformer.ts";
import { weightsSha256 } from "./weights-sha256.ts";

const format = "tenfold-looped-program";
const version = 1;

const count = z.int().nonnegative();
const columns = z.int().min(4).max(mostColumns);
const datum = z.strictObject({
  name: z.string(),
  cell: count,
  shape: z.array(z.int().positive()).max(2),
  computed: z.boolean().optional(),
});
const shared = {
  format: z.literal(format),
  version: z.literal(version),
  data: z.array(datum),
  labels: z.array(z.tuple([z.string(), count])),
  lines: z.array(z.string()),
  /** SHA-256 of the weights that the machine must have. */
  weights: z.string(),
  sha256: z.string(),
};

const subleqFile = z.strictObject({
  ...shared,
  machine: z.strictObject({
    kind: z.literal("subleq"),
    columns,
    bits: z.int(),
    precision: z.enum(["float32", "float64"]),
    mode: z.enum(["hardened", "paper"]),
    temperature: z.number().positive(),
  }),
  /** Whole numbers as text. */
  memory: z.array(z.string().regex(/^-?\d+$/)),
  /** [a, b, c] */
  instructions: z.array(z.tuple([count, count, count])).min(1),
  output: z.strictObject({ value: count, count }).optional(),
  fault: z
    .strictObject({ cell: count, arrays: z.array(z.strictObject({ name: z.string(), index: count })) })
    .optional(),
});

const fleqFile = z.strictObject({
  ...shared,
  machine: z.strictObject({
    kind: z.literal("fleq"),
    columns,
    size: z.int().positive(),
    precision: z.literal("float64"),
    temperature: z.number().positive(),
    functions: z.array(z.string()),
  }),
  /** Matrices, row by row. */
  memory: z.array(z.array(z.number())),
  /** [function, a, b, c, flag, p] */
  instructions: z.array(z.tuple([z.string(), count, count, count, count, count])).min(1),
});

type ProgramFile = z.output<typeof subleqFile> | z.output<typeof fleqFile>;

/** The hash of a file's fields but for the hash itself. */
function ownHash(fields: Omit<ProgramFile, "sha256">): string {
  return sha256(JSON.stringify(fields));
}

/**
 * The text of a program file.
 *
 * @throws {ConfigError} for machines with functions of your own, which a file cannot hold
 */
export function encodeProgram(compiled: CompiledProgram): string {
  const { data, labels, lines, machine } = compiled;
  const common = {
    format,
    version,
    data: data.map(({ name, cell, shape, computed }) => ({
      name,
      cell,
      shape: [...shape],
      ...(computed && { computed }),
    })),
    labels: [...labels],
    lines: [...lines],
    weights: weightsSha256(machine.transformer),
  } as const;
  const fields = isSubleq(compiled) ? { ...common, ...subleqFields(compiled) } : { ...common, ...fleqFields(compiled) };
  return `${JSON.stringify({ ...fields, sha256: ownHash(fields as unknown as Omit<ProgramFile, "sha256">) }, null, 1)}\n`;
}

function subleqFields({ machine, program, output, fault }: CompiledSubleq) {
  const { kind, columns: n, bits, precision, mode, temperature } = machine.spec;
  return {
    machine: { kind, columns: n, bits, precision, mode, temperature },
    memory: program.memory.map(String),
    instructions: program.instructions.map(({ a, b, c }) => [a, b, c]),
    ...(output && { output }),
    ...(fault && { fault }),
  };
}

function fleqFields({ machine, program }: CompiledFleq) {
  const { kind, columns: n, size, temperature, blocks } = machine.spec;
  if (blocks?.length) {
    const found = blocks.map(({ name }) => name).join(", ");
    throw new ConfigError({ where: "machine", expected: "the standard functions, which a file can name", found });
  }
  return {
    machine: {
      kind,
      columns: n,
      size,
      precision: "float64",
      temperature,
      functions: machine.blocks.map(({ name }) => name),
    },
    memory: program.memory.map((matrix) => Array.from(matrix)),
    instructions: program.instructions.map((i) => [i.function, i.a, i.b, i.c, i.flag, i.target]),
  };
}

/**
 * Reads a program file and builds its machine.
 *
 * @throws {DataError} where it is none, or was changed after it was written
 */
export async function readProgram(path: string): Promise<CompiledProgram> {
  return decodeProgram(new TextDecoder().decode(await readFileBytes(path)), path);
}

/** {@link readProgram}, from the file's text. */
export function decodeProgram(text: string, where: string): CompiledProgram {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const expected = "a program as tenfold loop compile writes it";
    throw new DataError({ where, expected, found: "text that is not JSON", cause });
  }
  const { version: found, machine: of } = (document ?? {}) as { version?: unknown; machine?: { kind?: unknown } };
  if (found !== undefined && found !== version) {
    throw new DataError({ where, expected: `version ${version}`, found: `${found}`, hint: "compile it again" });
  }
  const kind = of?.kind;
  if (kind !== "subleq" && kind !== "fleq") {
    const expected = "a compiled program, for a machine subleq or fleq";
    throw new DataError({ where, expected, found: kind === undefined ? "none" : JSON.stringify(kind) });
  }
  const parsed = (kind === "fleq" ? fleqFile : subleqFile).safeParse(document);
  if (!parsed.success) {
    const { path, expected, found } = schemaProblem(parsed.error);
    const field = path ? `, "${path}"` : "";
    throw new DataError({ where: `${where}${field}`, expected: `a compiled program, here ${expected}`, found });
  }
  const { sha256: claimed, ...fields } = parsed.data as ProgramFile;
  if (ownHash(fields as Omit<ProgramFile, "sha256">) !== claimed) {
    const hint = "it was changed after it was written: compile it again, or give other data with --set";
    throw new DataError({ where, expected: `fields with the file's sha256`, found: "others", hint });
  }
  checkReferences(parsed.data as ProgramFile, where);
  const compiled = rebuild(parsed.data as ProgramFile);
  const weights = weightsSha256(compiled.machine.transformer);
  if (weights !== parsed.data.weights) {
    throw new DataError({
      where,
      expected: `a machine with weights ${parsed.data.weights.slice(0, 12)}…`,
      found: `${weights.slice(0, 12)}…, which this version builds`,
      hint: "compile it again",
    });
  }
  return compiled;
}

/** Refuses numbers of cells and instructions that there are not. */
function checkReferences(file: ProgramFile, where: string): void {
  const cells = file.memory.length;
  const instructions = file.instructions.length;
  const refuse = (what: string, found: unknown, below: number): never => {
    throw new DataError({ where: `${where}, ${what}`, expected: `a number below ${below}`, found: `${found}` });
  };
  for (const { name, cell, shape } of file.data) {
    const last = cell + (shape.length === 1 ? shape[0]! : 1) - 1;
    if (last >= cells) refuse(`data ${name}`, last, cells);
  }
  for (const [label, instruction] of file.labels)
    if (instruction >= instructions) refuse(`label ${label}`, instruction, instructions);
  for (const [i, instruction] of file.instructions.entries()) {
    const numbers: number[] = [];
    for (const field of instruction) if (typeof field === "number") numbers.push(field);
    const target = numbers.at(-1)!;
    const wrong = numbers.slice(0, -1).find((cell) => cell >= cells);
    if (wrong !== undefined) refuse(`instruction ${i}`, wrong, cells);
    if (target >= instructions) refuse(`instruction ${i}`, target, instructions);
  }
  if (file.lines.length !== instructions) {
    throw new DataError({ where: `${where}, lines`, expected: `${instructions} lines`, found: `${file.lines.length}` });
  }
  if (!isSubleqFile(file)) {
    const entries = file.machine.size ** 2;
    const odd = file.memory.find((matrix) => matrix.length !== entries);
    if (odd)
      throw new DataError({
        where: `${where}, memory`,
        expected: `matrices of ${entries} numbers`,
        found: `${odd.length}`,
      });
    return;
  }
  const { output, fault, data } = file;
  const special = [output?.value, output?.count, fault?.cell, ...(fault?.arrays.map(({ index }) => index) ?? [])];
  const wrong = special.find((cell) => cell !== undefined && cell >= cells);
  if (wrong !== undefined) refuse("output or fault", wrong, cells);
  const unknown = fault?.arrays.find(
    ({ name }) => !data.some((known) => known.name === name && known.shape.length === 1),
  );
  if (unknown)
    throw new DataError({ where: `${where}, fault`, expected: "arrays among the data", found: unknown.name });
}

function rebuild(file: ProgramFile): CompiledProgram {
  const { lines } = file;
  const data = file.data.map(({ computed, ...rest }) => ({ ...rest, ...(computed && { computed }) }));
  const labels = new Map(file.labels);
  if (isSubleqFile(file)) {
    const { machine, memory, instructions, output, fault } = file;
    return {
      machine: buildSubleq(machine),
      program: { memory: memory.map(BigInt), instructions: instructions.map(([a, b, c]) => ({ a, b, c })) },
      data,
      labels,
      lines,
      ...(output && { output }),
      ...(fault && { fault }),
    };
  }
  const { machine, memory, instructions } = file;
  const missing = machine.functions.find((name) => !standardBlocks.some((block) => block.name === name));
  if (missing !== undefined) {
    throw new DataError({ where: "program", expected: "functions that this version has", found: missing });
  }
  return {
    machine: buildFleq({ kind: "fleq", columns: machine.columns, size: machine.size }),
    program: {
      memory: memory.map((matrix) => Float64Array.from(matrix)),
      instructions: instructions.map(([name, a, b, c, flag, target]) => ({ function: name, a, b, c, flag, target })),
    },
    data,
    labels,
    lines,
  };
}

const isSubleqFile = (file: ProgramFile): file is z.output<typeof subleqFile> => file.machine.kind === "subleq";
