/** SUBLEQ instructions by what they are for, with labels that are placed later. @module */
import { assert } from "../../../core/index.ts";
import { minusOneCell, zeroCell } from "../assembler/subleq.ts";
import type { Place } from "../source.ts";
import type { SubleqProgram } from "../subleq-state.ts";

/** A memory cell. */
export type Cell = number;

/** A place among the instructions. */
export class Label {
  instruction: number | undefined;
}

/** Collects cells and instructions. */
export class SubleqBuilder {
  readonly #memory: bigint[] = [0n, -1n];
  readonly #cellPlaces: (Place | undefined)[] = [undefined, undefined];
  readonly #constants = new Map<bigint, Cell>([
    [0n, zeroCell],
    [-1n, minusOneCell],
  ]);
  readonly #instructions: { a: Cell; b: Cell; target: Label | undefined; place: Place }[] = [];
  /** A cell for moments: every method may use it. */
  readonly #accumulator: Cell;
  /** Where the statement at work stands. */
  place: Place;

  constructor(place: Place) {
    this.place = place;
    this.#accumulator = this.cell();
  }

  /** A new cell. */
  cell(value = 0n, place?: Place): Cell {
    this.#cellPlaces.push(place);
    return this.#memory.push(value) - 1;
  }

  /** What a cell has before the program runs. */
  initialize(cell: Cell, value: bigint, place: Place): void {
    this.#memory[cell] = value;
    this.#cellPlaces[cell] = place;
  }

  /** A cell that always has this value; `place` is where the program's text has it, if it does. */
  constant(value: bigint, place?: Place): Cell {
    const known = this.#constants.get(value);
    if (known !== undefined) return known;
    const cell = this.cell(value, place);
    this.#constants.set(value, cell);
    return cell;
  }

  /** b <- b - a; if b <= 0 go to the label, where there is one. */
  subleq(a: Cell, b: Cell, target?: Label): void {
    this.#instructions.push({ a, b, target, place: this.place });
  }

  /** The label stands for the instruction that comes next. */
  mark(label: Label): void {
    assert(label.instruction === undefined, "a label in two places");
    label.instruction = this.#instructions.length;
  }

  goTo(label: Label): void {
    this.subleq(zeroCell, zeroCell, label);
  }

  /** Goes on at the label where the cell is 0 or less. */
  ifNotPositive(cell: Cell, label: Label): void {
    this.subleq(zeroCell, cell, label);
  }

  /** cell <- 0 */
  clear(cell: Cell): void {
    this.subleq(cell, cell);
  }

  /** to <- to - from */
  subtract(from: Cell, to: Cell): void {
    this.subleq(from, to);
  }

  /** to <- to + from; from may be to. */
  add(from: Cell, to: Cell): void {
    this.clear(this.#accumulator);
    this.subleq(from, this.#accumulator);
    this.subleq(this.#accumulator, to);
  }

  /** to <- from */
  copy(from: Cell, to: Cell): void {
    if (from === to) return;
    this.clear(to);
    if (from !== zeroCell) this.add(from, to);
  }

  /** to <- -from; from may not be to. */
  negate(from: Cell, to: Cell): void {
    this.clear(to);
    this.subtract(from, to);
  }

  /** Goes on at one label where the cell is below 0, else at the other. The cell may be any number and keeps it. */
  ifNegative(cell: Cell, negative: Label, otherwise: Label): void {
    const [atMostZero, isZero] = [new Label(), new Label()];
    this.ifNotPositive(cell, atMostZero);
    this.goTo(otherwise);
    // The number is 0 or less, so that adding 1 and taking it away again cannot overflow.
    this.mark(atMostZero);
    const stillNotPositive = new Label();
    this.subleq(minusOneCell, cell, stillNotPositive);
    this.goTo(isZero);
    this.mark(stillNotPositive);
    this.subtract(this.constant(1n), cell);
    this.goTo(negative);
    this.mark(isZero);
    this.subtract(this.constant(1n), cell);
    this.goTo(otherwise);
  }

  /** The program; `end` is where it halts. */
  build(end: Label): { program: SubleqProgram; places: Place[]; cellPlaces: (Place | undefined)[] } {
    this.mark(end);
    this.subleq(zeroCell, minusOneCell, end);
    const instructions = this.#instructions.map(({ a, b, target }, i) => {
      const c = target ? target.instruction : i + 1;
      assert(c !== undefined, "a label without a place");
      return { a, b, c };
    });
    return {
      program: { memory: this.#memory, instructions },
      places: this.#instructions.map(({ place }) => place),
      cellPlaces: this.#cellPlaces,
    };
  }
}

/** A part of a program that several places call: they leave the number of the place in a cell, by which it goes back. */
export class Routine {
  readonly #builder: SubleqBuilder;
  readonly #start = new Label();
  readonly #caller: Cell;
  readonly #returns: Label[] = [];

  constructor(builder: SubleqBuilder) {
    this.#builder = builder;
    this.#caller = builder.cell();
  }

  /** Runs the routine and goes on here. */
  call(): void {
    const back = new Label();
    this.#returns.push(back);
    this.#builder.copy(this.#builder.constant(BigInt(this.#returns.length)), this.#caller);
    this.#builder.goTo(this.#start);
    this.#builder.mark(back);
  }

  /** Whether anything calls it. */
  get used(): boolean {
    return this.#returns.length > 0;
  }

  /** Writes the routine: `body` ends by going to the label it is given, or by running off its end. */
  define(body: (end: Label) => void): void {
    const end = new Label();
    this.#builder.mark(this.#start);
    body(end);
    this.#builder.mark(end);
    for (const back of this.#returns) this.#builder.subleq(this.#builder.constant(1n), this.#caller, back);
  }
}
