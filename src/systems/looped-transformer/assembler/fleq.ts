/** The FLEQ assembler. @module */
import type { FleqInstruction, FleqProgram } from "../fleq-state.ts";
import type { FunctionBlock } from "../function-block.ts";
import { describe, type Place, sourceError, type Token, TokenReader, tokenize } from "../source.ts";
import { type Datum, Names, readConst, readConstant, readLabel, resolveLabel } from "./declarations.ts";
import { preprocess, type SourceFiles } from "./preprocess.ts";

/** An assembled FLEQ program with what its parts are called. */
export interface FleqAssembly {
  readonly program: FleqProgram;
  /** Rows and columns of the machine's matrices. */
  readonly size: number;
  readonly data: readonly Datum[];
  readonly labels: Readonly<Record<string, number>>;
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
 * An instruction computes, branches on the first entry of a matrix, or does both, in this order. `y = x` copies.
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
    if (reader.accept("const")) readConst(reader, names);
    else if (reader.accept("data")) {
      data.push(readData(reader, names, data.length + scratchCell + 1));
    } else if (reader.peek().text === "size" && reader.peek(1).kind === "number") {
      size = readSize(reader);
    } else {
      readLabel(reader, names, pending.length);
      if (reader.peek().kind !== "end") pending.push(readInstruction(reader, names, blocks));
    }
  }
  const ends = pending.at(-1)?.target === "here" && ![...names.labels.values()].includes(pending.length);
  if (!ends) pending.push(haltAt(last));
  const largest = Math.max(1, ...data.flatMap(({ datum }) => datum.shape));
  const machineSize = size?.value ?? 2 ** Math.ceil(Math.log2(largest));
  const tooLarge = data.find(({ datum }) => datum.shape.some((side) => side > machineSize));
  if (tooLarge) {
    const found = `${tooLarge.datum.name} of ${tooLarge.datum.shape.join(" x ")}`;
    throw sourceError(tooLarge.place, `matrices of at most ${machineSize} x ${machineSize}, as size says`, found);
  }
  const cellOf = (operand: Token | number): number => {
    if (typeof operand === "number") return operand;
    const datum = names.data.get(operand.text);
    if (!datum) throw names.unknown(operand, "data", names.data.keys());
    return datum.cell;
  };
  const end = pending.length - 1;
  const instructions = pending.map((entry, i): FleqInstruction => {
    const { target } = entry;
    return {
      function: entry.function,
      a: cellOf(entry.a),
      b: cellOf(entry.b),
      c: cellOf(entry.c),
      flag: cellOf(entry.flag),
      target: target === "here" ? end : target === "next" ? i + 1 : resolveLabel(target, names),
    };
  });
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
      ],
      instructions,
    },
    size: machineSize,
    data: data.map(({ datum }) => datum),
    labels: Object.fromEntries(names.labels),
    places: pending.map(({ place }) => place),
  };
}

function readSize(reader: TokenReader) {
  const { place } = reader.next();
  const value = Number(reader.next().text);
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
    else values.push(readConstant(reader, names));
  }
  reader.expectEnd();
  const datum = { name: name.text, cell, shape };
  names.data.set(names.define(name), datum);
  return { datum, values, place: name.place };
}

function readMatrix(reader: TokenReader, names: Names, place: Place): [number[], [number, number]] {
  const rows: number[][] = [[]];
  do {
    rows.at(-1)!.push(readConstant(reader, names));
    if (reader.accept(";")) rows.push([]);
    else if (!reader.accept(",")) break;
  } while (reader.peek().text !== "]");
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
