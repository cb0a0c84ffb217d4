/** What both assemblers know by name: constants, data and labels. @module */
import { nearest } from "../../../core/index.ts";
import { describe, type Place, sourceError, type Token, type TokenReader } from "../source.ts";

/** Data under a name: cells in a row, or one matrix. */
export interface Datum {
  readonly name: string;
  /** First memory cell. */
  readonly cell: number;
  /** SUBLEQ: `[]` for a number, `[length]` for an array. FLEQ: `[rows, columns]`. */
  readonly shape: readonly number[];
  /** Whether the program gives it its first value itself, so that none can be set from outside. */
  readonly computed?: boolean;
}

/** Names of one program, each of one kind. */
export class Names {
  readonly constants = new Map<string, number>();
  readonly data = new Map<string, Datum>();
  readonly labels = new Map<string, number>();
  readonly #places = new Map<string, Place>();

  /** Keeps names for the machine itself. */
  reserve(...reserved: readonly string[]): void {
    for (const name of reserved) this.#places.set(name, { file: "the machine", line: 0, column: 0 });
  }

  /** Takes a name that nothing else has. */
  define(token: Token): string {
    const known = this.#places.get(token.text);
    if (known) {
      const where = known.line === 0 ? "which the machine has" : `defined on line ${known.line} of ${known.file}`;
      throw sourceError(token.place, "a new name", `${token.text}, ${where}`);
    }
    this.#places.set(token.text, token.place);
    return token.text;
  }

  /** The error for a name that nothing has. */
  unknown(token: Token, what: string, candidates: Iterable<string>): Error {
    const near = nearest(token.text, candidates);
    return sourceError(token.place, what, token.text, near === undefined ? undefined : `did you mean ${near}?`);
  }
}

/** Reads a constant expression: numbers and constants with + - * / and brackets. */
export function readConstant(reader: TokenReader, names: Names): number {
  return readSum(reader, names);
}

function readSum(reader: TokenReader, names: Names): number {
  let value = readProduct(reader, names);
  for (;;) {
    if (reader.accept("+")) value += readProduct(reader, names);
    else if (reader.accept("-")) value -= readProduct(reader, names);
    else return value;
  }
}

function readProduct(reader: TokenReader, names: Names): number {
  let value = readFactor(reader, names);
  for (;;) {
    if (reader.accept("*")) value *= readFactor(reader, names);
    else if (reader.accept("/")) value /= readFactor(reader, names);
    else return value;
  }
}

function readFactor(reader: TokenReader, names: Names): number {
  if (reader.accept("-")) return -reader.nested(() => readFactor(reader, names));
  if (reader.accept("(")) {
    const value = reader.nested(() => readSum(reader, names));
    reader.expect(")");
    return value;
  }
  const token = reader.next();
  if (token.kind === "number") return Number(token.text);
  if (token.kind === "name") {
    const value = names.constants.get(token.text);
    if (value === undefined) throw names.unknown(token, "a constant", names.constants.keys());
    return value;
  }
  throw sourceError(token.place, "a number or a constant", describe(token));
}

/** Reads `const NAME = value`, after the word. */
export function readConst(reader: TokenReader, names: Names): void {
  const name = reader.expectKind("name", "the constant's name");
  reader.expect("=");
  const value = readConstant(reader, names);
  reader.expectEnd();
  names.constants.set(names.define(name), value);
}

/** Reads the labels that a line begins with; the rest of the line stays. */
export function readLabels(reader: TokenReader, names: Names, instruction: number): void {
  while (reader.peek().kind === "name" && reader.peek(1).text === ":") {
    const label = reader.next();
    reader.expect(":");
    names.labels.set(names.define(label), instruction);
  }
}

/** The instruction that a label names. */
export function resolveLabel(token: Token, names: Names): number {
  const instruction = names.labels.get(token.text);
  if (instruction === undefined) throw names.unknown(token, "a label", names.labels.keys());
  return instruction;
}

/** Refuses programs that do nothing. */
export function requireInstructions(instructions: readonly unknown[], last: Place): void {
  if (instructions.length === 0) throw sourceError(last, "an instruction, such as halt", "none in the whole program");
}
