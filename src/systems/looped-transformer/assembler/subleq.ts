/** The SUBLEQ assembler. @module */
import { describe, type Place, sourceError, type Token, TokenReader, tokenize } from "../source.ts";
import type { SubleqInstruction, SubleqProgram } from "../subleq-state.ts";
import { mostColumns } from "../transformer.ts";
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

/** An assembled SUBLEQ program with what its parts are called. */
export interface SubleqAssembly {
  readonly program: SubleqProgram;
  /** Data that the program names; constants of its instructions are not among them. */
  readonly data: readonly Datum[];
  readonly labels: ReadonlyMap<string, number>;
  /** Where each instruction stands in the source. */
  readonly places: readonly Place[];
  /** Where the number of each memory cell stands; nothing for those that every program has. */
  readonly cellPlaces: readonly (Place | undefined)[];
}

/** Cells that every program has: halting takes 0 from -1 for ever. */
export const zeroCell = 0;
export const minusOneCell = 1;

/** An operand before all names are known. */
interface Operand {
  readonly token: Token;
  /** The element of an array. */
  readonly index: number | undefined;
  /** The value of a `#constant`. */
  readonly literal: number | undefined;
}

interface PendingInstruction {
  readonly place: Place;
  readonly a: Operand;
  readonly b: Operand;
  /** A label, or the next instruction. */
  readonly target: Token | "next" | "here";
}

/**
 * Assembles a SUBLEQ program.
 *
 * ```
 * const step = 1
 * data x = 7                  // also: data list = [3, 1, 2], data room[10]
 * loop: subleq #step, x, done // x <- x - 1; if x <= 0 go to done
 *       goto loop
 * done: halt
 * ```
 *
 * Operands are data, `list[0]`, or `#` and a constant. Without a label `subleq` goes on with the next line either way. A program
 * that does not end with `halt` has one at its end.
 *
 * @throws {DataError} with file, line and column
 */
export async function assembleSubleq(path: string, files: SourceFiles): Promise<SubleqAssembly> {
  const names = new Names();
  const memory: number[] = [0, -1];
  const cellPlaces: (Place | undefined)[] = [undefined, undefined];
  names.reserve("zero", "minusone");
  names.data.set("zero", { name: "zero", cell: zeroCell, shape: [] });
  names.data.set("minusone", { name: "minusone", cell: minusOneCell, shape: [] });
  const pending: PendingInstruction[] = [];
  let last: Place = { file: path, line: 1, column: 1 };
  for (const { text, place } of await preprocess(path, files)) {
    last = place;
    const reader = new TokenReader(tokenize(text, place));
    readLabels(reader, names, pending.length);
    if (reader.accept("const")) readConst(reader, names);
    else if (reader.accept("data")) readData(reader, names, memory, cellPlaces);
    else if (reader.peek().kind !== "end") pending.push(readInstruction(reader, names));
  }
  requireInstructions(pending, last);
  // Labels at the very end, and programs that run off it, find a halt there.
  const ends = pending.at(-1)?.target === "here" && ![...names.labels.values()].includes(pending.length);
  if (!ends) pending.push(haltAt(last));
  const literals = new Map<number, number>();
  const cellOf = ({ token, index, literal }: Operand): number => {
    if (literal !== undefined) return literals.get(literal) ?? addLiteral(literal, token.place);
    const datum = names.data.get(token.text);
    if (!datum) throw names.unknown(token, "data", names.data.keys());
    const [length] = datum.shape;
    if (length === undefined) {
      if (index === undefined) return datum.cell;
      throw sourceError(token.place, `${token.text} without an index`, `${token.text}[${index}]`);
    }
    if (index === undefined) throw sourceError(token.place, `an element such as ${token.text}[0]`, token.text);
    if (!(Number.isInteger(index) && index >= 0 && index < length)) {
      throw sourceError(token.place, `an element from ${token.text}[0] to ${token.text}[${length - 1}]`, `${index}`);
    }
    return datum.cell + index;
  };
  const addLiteral = (value: number, place: Place) => {
    if (!Number.isInteger(value)) throw sourceError(place, "a whole number", `${value}`);
    literals.set(value, memory.length);
    cellPlaces.push(place);
    return memory.push(value) - 1;
  };
  const instructions = pending.map(({ a, b, target }, i): SubleqInstruction => {
    const c = target === "here" ? i : target === "next" ? i + 1 : resolveLabel(target, names);
    return { a: cellOf(a), b: cellOf(b), c };
  });
  // Jumps to a halt in the middle end at the last instruction, which is where the machine is seen to stand still.
  const halts = pending.flatMap(({ target }, i) => (target === "here" ? [i] : []));
  const end = pending.length - 1;
  return {
    program: {
      memory: memory.map(BigInt),
      instructions: instructions.map((instruction, i) =>
        halts.includes(i) ? { ...instruction, c: end } : instruction,
      ),
    },
    data: [...names.data.values()].filter(({ name }) => name !== "zero" && name !== "minusone"),
    labels: names.labels,
    places: pending.map(({ place }) => place),
    cellPlaces,
  };
}

function readData(reader: TokenReader, names: Names, memory: number[], places: (Place | undefined)[]): void {
  const name = reader.expectKind("name", "the name of the data");
  const values: number[] = [];
  let shape: number[] = [];
  const value = () => {
    const { place } = reader.peek();
    const number = readConstant(reader, names);
    if (!Number.isInteger(number)) throw sourceError(place, "a whole number", `${number}`);
    values.push(number);
    places.push(place);
  };
  if (reader.accept("[")) {
    const { place } = reader.peek();
    const length = readConstant(reader, names);
    reader.expect("]");
    if (!(Number.isInteger(length) && length >= 1 && length <= mostColumns)) {
      throw sourceError(place, `a length from 1 to ${mostColumns}`, `${length}`);
    }
    for (let i = 0; i < length; i++) {
      values.push(0);
      places.push(name.place);
    }
    shape = [length];
  } else {
    reader.expect("=");
    if (reader.accept("[")) {
      do value();
      while (reader.accept(","));
      reader.expect("]");
      shape = [values.length];
    } else value();
  }
  reader.expectEnd();
  names.data.set(names.define(name), { name: name.text, cell: memory.length, shape });
  memory.push(...values);
}

function readInstruction(reader: TokenReader, names: Names): PendingInstruction {
  const word = reader.next();
  if (word.text === "halt") {
    reader.expectEnd();
    return haltAt(word.place);
  }
  const zero = { token: { ...word, text: "zero" }, index: undefined, literal: undefined };
  if (word.text === "goto") {
    const label = reader.expectKind("name", "a label");
    reader.expectEnd();
    return { place: word.place, a: zero, b: zero, target: label };
  }
  if (word.text !== "subleq") {
    throw names.unknown(word, "subleq, goto, halt, const, data, macro, repeat or include", [
      ..."subleq goto halt const data macro repeat include".split(" "),
    ]);
  }
  const a = readOperand(reader, names);
  reader.expect(",");
  const b = readOperand(reader, names);
  const target = reader.accept(",") ? reader.expectKind("name", "a label") : "next";
  reader.expectEnd();
  if (b.literal !== undefined || b.token.text === "zero" || b.token.text === "minusone") {
    if (b.token.text !== "zero" || a.token.text !== "zero") {
      throw sourceError(b.token.place, "data to take from, which is not a constant", describe(b.token));
    }
  }
  return { place: word.place, a, b, target };
}

function readOperand(reader: TokenReader, names: Names): Operand {
  const token = reader.peek();
  if (reader.accept("#")) return { token, index: undefined, literal: readConstant(reader, names) };
  reader.expectKind("name", "data, or # and a constant");
  if (!reader.accept("[")) return { token, index: undefined, literal: undefined };
  const index = readConstant(reader, names);
  reader.expect("]");
  return { token, index, literal: undefined };
}

/** mem[1] - mem[0] = -1 <= 0: goes to itself. */
function haltAt(place: Place): PendingInstruction {
  const cell = (text: string): Operand => ({
    token: { kind: "name", text, place },
    index: undefined,
    literal: undefined,
  });
  return { place, a: cell("zero"), b: cell("minusone"), target: "here" };
}
