/** The FLEQ assembler. @module */
import type { FleqInstruction, FleqProgram } from "../fleq-state.ts";
import { type FunctionBlock, type Shape, valueBound } from "../function-block.ts";
import { describe, type Place, sourceError, type Token, TokenReader, tokenize } from "../source.ts";
import {
  type Datum,
  Names,
  readConst,
  readConstant,
  readLabels,
  requireInstructions,
  resolveLabel,
} from "./declarations.ts";
import { preprocess, type SourceFiles } from "./preprocess.ts";

/** An assembled FLEQ program with what its parts are called. */
export interface FleqAssembly {
  readonly program: FleqProgram;
  /** Rows and columns of the machine's matrices. */
  readonly size: number;
  readonly data: readonly Datum[];
  readonly labels: ReadonlyMap<string, number>;
  readonly places: readonly Place[];
}

/** Cells that every program has: one to jump on, and one that never lets jump. */
const zeroCell = 0;
const oneCell = 1;
const scratchCell = 2;

interface PendingInstruction {
  readonly place: Place;
  readonly function: string;
  readonly a: Token | number;
  readonly b: Token | number;
  readonly c: Token | number;
  readonly flag: Token | number;
  /** A label, the next instruction, or this one. */
  readonly target: Token | "next" | "here";
}

/**
 * Assembles a FLEQ program.
 *
 * ```
 * size 2                              // matrices are 2 x 2; without it they are as large as the largest of the data
 * data A = [2, 1; 1, 3]               // rows after ;
 * data x = [1; 1]                     // a column
 * data n = 5                          // a number
 * data step = 1
 * data y[2, 1]                        // zeros
 * loop: y = matmul(A, x)              // A transposed times x
 *       n = sub(n, step) if n <= 0 goto done
 *       goto loop
 * done: halt
 * ```
 *
 * Data take the corner of their matrix; what is outside stays 0, and shapes must fit. An instruction computes, branches on the first entry of a matrix, or does both, in this order. `y = x` copies.
 *
 * @param blocks - the functions there are
 * @throws {DataError} with file, line and column
 */
export async function assembleFleq(
  path: string,
  files: SourceFiles,
  blocks: readonly FunctionBlock[],
): Promise<FleqAssembly> {
  const names = new Names();
  const data: { datum: Datum; values: number[]; place: Place }[] = [];
  const pending: PendingInstruction[] = [];
  let size: { value: number; place: Place } | undefined;
  let last: Place = { file: path, line: 1, column: 1 };
  for (const { text, place } of await preprocess(path, files)) {
    last = place;
    const reader = new TokenReader(tokenize(text, place));
    readLabels(reader, names, pending.length);
    if (reader.accept("const")) readConst(reader, names);
    else if (reader.accept("data")) {
      data.push(readData(reader, names, data.length + scratchCell + 1));
    } else if (reader.peek().text === "size" && reader.peek(1).text !== "=") {
      if (size) throw sourceError(reader.peek().place, "one size", `another, after line ${size.place.line}`);
      size = readSize(reader);
    } else if (reader.peek().kind !== "end") pending.push(readInstruction(reader, names, blocks));
  }
  requireInstructions(pending, last);
  const ends = pending.at(-1)?.target === "here" && ![...names.labels.values()].includes(pending.length);
  if (!ends) pending.push(haltAt(last));
  const largest = Math.max(1, ...data.flatMap(({ datum }) => datum.shape));
  const machineSize = size?.value ?? 2 ** Math.ceil(Math.log2(largest));
  const tooLarge = data.find(({ datum }) => datum.shape.some((side) => side > machineSize));
  if (tooLarge) {
    const found = `${tooLarge.datum.name} of ${tooLarge.datum.shape.join(" x ")}`;
    throw sourceError(tooLarge.place, `matrices of at most ${machineSize} x ${machineSize}, as size says`, found);
  }
  const program = new Shaped(names, blocks, machineSize, data.length + scratchCell + 1);
  for (const entry of pending) program.add(entry);
  const { instructions, places, labels, masks } = program.finish();
  const matrix = (rows: number, columns: number, values: readonly number[]) => {
    const full = new Float64Array(machineSize * machineSize);
    for (let r = 0; r < rows; r++) full.set(values.slice(r * columns, (r + 1) * columns), r * machineSize);
    return full;
  };
  return {
    program: {
      memory: [
        matrix(1, 1, [0]),
        matrix(1, 1, [1]),
        matrix(1, 1, [0]),
        ...data.map(({ datum, values }) => matrix(datum.shape[0]!, datum.shape[1]!, values)),
        ...masks.map(([rows, columns]) => matrix(rows, columns, Array<number>(rows * columns).fill(1))),
      ],
      instructions,
    },
    size: machineSize,
    data: data.map(({ datum }) => datum),
    labels,
    places,
  };
}

/** Instructions with their cells and shapes; functions that leave numbers outside of a shape are followed by a product that clears them. */
class Shaped {
  readonly #names: Names;
  readonly #blocks: ReadonlyMap<string, FunctionBlock>;
  readonly #size: number;
  readonly #firstMask: number;
  readonly #masks: Shape[] = [];
  readonly #entries: { instruction: Omit<FleqInstruction, "target">; target: Token | "next" | "here"; place: Place }[] =
    [];
  /** Where each instruction of the source begins. */
  readonly #starts: number[] = [];

  constructor(names: Names, blocks: readonly FunctionBlock[], size: number, firstMask: number) {
    this.#names = names;
    this.#blocks = new Map(blocks.map((block) => [block.name, block]));
    this.#size = size;
    this.#firstMask = firstMask;
  }

  add({ place, function: name, a, b, c, flag, target }: PendingInstruction): void {
    this.#starts.push(this.#entries.length);
    const block = this.#blocks.get(name)!;
    const [cellA, cellB, cellC, cellFlag] = [a, b, c, flag].map((operand) => this.#cellOf(operand)) as [
      number,
      number,
      number,
      number,
    ];
    if (typeof c !== "number") this.#checkShapes(block, a, b, c);
    if (typeof flag !== "number" && this.#shapeOf(flag).some((side) => side !== 1)) {
      throw sourceError(flag.place, "a number to test", `${flag.text} of ${this.#shapeOf(flag).join(" x ")}`);
    }
    const instruction = { function: name, a: cellA, b: cellB, c: cellC, flag: cellFlag };
    const clears = block.fillsZeros && typeof c !== "number" && this.#shapeOf(c).some((side) => side < this.#size);
    if (!clears) {
      this.#entries.push({ instruction, target, place });
      return;
    }
    this.#entries.push({ instruction: { ...instruction, flag: oneCell }, target: "next", place });
    const mask = { ...instruction, function: "mul", a: cellC, b: this.#maskOf(this.#shapeOf(c)) };
    this.#entries.push({ instruction: mask, target, place });
  }

  finish() {
    const starts = [...this.#starts, this.#entries.length];
    const end = this.#entries.length - 1;
    const labels = new Map([...this.#names.labels].map(([label, at]) => [label, starts[at]!] as const));
    const instructions = this.#entries.map(({ instruction, target }, i): FleqInstruction => {
      const next = target === "here" ? end : target === "next" ? i + 1 : starts[resolveLabel(target, this.#names)]!;
      return { ...instruction, target: next };
    });
    return { instructions, labels, places: this.#entries.map(({ place }) => place), masks: this.#masks };
  }

  #cellOf(operand: Token | number): number {
    return typeof operand === "number" ? operand : this.#datumOf(operand).cell;
  }

  #datumOf(token: Token): Datum {
    const datum = this.#names.data.get(token.text);
    if (!datum) throw this.#names.unknown(token, "data", this.#names.data.keys());
    return datum;
  }

  #shapeOf(token: Token): Shape {
    return this.#datumOf(token).shape as unknown as Shape;
  }

  #checkShapes(block: FunctionBlock, a: Token | number, b: Token | number, c: Token): void {
    // A copy is a sum with 0, whose shape is any.
    const operands = [a, b].filter((operand): operand is Token => typeof operand !== "number");
    const shapes = operands.map((operand) => this.#shapeOf(operand));
    const [first, second = first] = shapes as [Shape, Shape?];
    const same = first[0] === second[0] && first[1] === second[1];
    const result = block.shape ? block.shape(first, second) : same ? first : undefined;
    const written = operands.map((operand) => `${operand.text} of ${this.#shapeOf(operand).join(" x ")}`).join(" and ");
    if (!result)
      throw sourceError(operands[0]!.place, `operands that fit ${block.name}: ${block.description}`, written);
    const target = this.#shapeOf(c);
    if (target[0] === result[0] && target[1] === result[1]) return;
    throw sourceError(c.place, `data of ${result.join(" x ")} for the result`, `${c.text} of ${target.join(" x ")}`);
  }

  #maskOf(shape: Shape): number {
    const known = this.#masks.findIndex(([rows, columns]) => rows === shape[0] && columns === shape[1]);
    return this.#firstMask + (known >= 0 ? known : this.#masks.push(shape) - 1);
  }
}

function readSize(reader: TokenReader) {
  const { place } = reader.next();
  const value = Number(reader.expectKind("number", "a size of 1, 2, 4, 8, 16 or 32").text);
  reader.expectEnd();
  if (!(value >= 1 && value <= 32 && Number.isInteger(Math.log2(value)))) {
    throw sourceError(place, "a size of 1, 2, 4, 8, 16 or 32", `${value}`);
  }
  return { value, place };
}

function readData(reader: TokenReader, names: Names, cell: number): { datum: Datum; values: number[]; place: Place } {
  const name = reader.expectKind("name", "the name of the data");
  let values: number[] = [];
  let shape: [number, number] = [1, 1];
  if (reader.accept("[")) {
    const side = () => {
      const { place } = reader.peek();
      const length = readConstant(reader, names);
      if (Number.isInteger(length) && length >= 1 && length <= 32) return length;
      throw sourceError(place, "a whole number from 1 to 32", `${length}`);
    };
    const rows = side();
    reader.expect(",");
    shape = [rows, side()];
    reader.expect("]");
    values = Array<number>(shape[0] * shape[1]).fill(0);
  } else {
    reader.expect("=");
    if (reader.accept("[")) [values, shape] = readMatrix(reader, names, name.place);
    else values.push(readNumber(reader, names));
  }
  reader.expectEnd();
  const datum = { name: name.text, cell, shape };
  names.data.set(names.define(name), datum);
  return { datum, values, place: name.place };
}

/** A constant within the machine's range. */
function readNumber(reader: TokenReader, names: Names): number {
  const { place } = reader.peek();
  const value = readConstant(reader, names);
  if (Math.abs(value) <= valueBound) return value;
  throw sourceError(place, `data of at most ${valueBound}, by absolute value`, `${value}`);
}

function readMatrix(reader: TokenReader, names: Names, place: Place): [number[], [number, number]] {
  const rows: number[][] = [[]];
  for (;;) {
    rows.at(-1)!.push(readNumber(reader, names));
    if (reader.accept(";")) rows.push([]);
    else if (!reader.accept(",")) break;
  }
  reader.expect("]");
  const columns = rows[0]!.length;
  const ragged = rows.findIndex((row) => row.length !== columns);
  if (ragged >= 0)
    throw sourceError(place, `rows of ${columns} numbers`, `${rows[ragged]!.length} in row ${ragged + 1}`);
  return [rows.flat(), [rows.length, columns]];
}

function readInstruction(reader: TokenReader, names: Names, blocks: readonly FunctionBlock[]): PendingInstruction {
  const first = reader.peek();
  const idle = { function: "add", a: zeroCell, b: zeroCell, c: scratchCell, place: first.place };
  if (reader.accept("halt")) {
    reader.expectEnd();
    return haltAt(first.place);
  }
  if (reader.accept("goto")) {
    const target = reader.expectKind("name", "a label");
    reader.expectEnd();
    return { ...idle, flag: zeroCell, target };
  }
  if (first.text === "if") {
    const branch = readBranch(reader);
    reader.expectEnd();
    return { ...idle, ...branch };
  }
  const c = reader.expectKind("name", "data, goto, if, halt, const, data or size");
  reader.expect("=");
  const computed = { place: first.place, c, ...readCall(reader, names, blocks) };
  const branch = reader.peek().text === "if" ? readBranch(reader) : { flag: oneCell, target: "next" as const };
  reader.expectEnd();
  return { ...computed, ...branch };
}

function readCall(reader: TokenReader, names: Names, blocks: readonly FunctionBlock[]) {
  const word = reader.expectKind("name", "a function or data");
  // x = y
  if (!reader.accept("(")) return { function: "add", a: word, b: zeroCell };
  const block = blocks.find(({ name }) => name === word.text);
  if (!block) {
    const known = blocks.map(({ name }) => name);
    throw names.unknown(word, `a function: ${known.join(", ")}`, known);
  }
  const operands = [reader.expectKind("name", "data")];
  while (reader.accept(",")) operands.push(reader.expectKind("name", "data"));
  reader.expect(")");
  if (operands.length !== block.operands) {
    const found = `${operands.length}`;
    throw sourceError(word.place, `${block.operands} operand${block.operands > 1 ? "s" : ""} of ${block.name}`, found);
  }
  return { function: block.name, a: operands[0]!, b: operands[1] ?? zeroCell };
}

/** `if flag <= 0 goto label` */
function readBranch(reader: TokenReader): { flag: Token; target: Token } {
  reader.expect("if");
  const flag = reader.expectKind("name", "data to test");
  reader.expect("<=");
  const zero = reader.expectKind("number", "0");
  if (Number(zero.text) !== 0) throw sourceError(zero.place, "0, as the machine tests nothing else", describe(zero));
  reader.expect("goto");
  return { flag, target: reader.expectKind("name", "a label") };
}

function haltAt(place: Place): PendingInstruction {
  const cells = { a: zeroCell, b: zeroCell, c: scratchCell, flag: zeroCell };
  return { place, function: "add", ...cells, target: "here" };
}
