/** Feed-forward networks, unit by unit: the building blocks that all layers of both machines are made of. @module */
import { assert } from "../../core/index.ts";
import { type RowRange, rowAt, rowsOf } from "./rows.ts";
import { type Entry, sparseMatrix } from "./sparse-matrix.ts";
import type { FeedForward, UnitGroup } from "./transformer.ts";

/** What a unit, or a sum of units, is made of: `[row, weight]`. */
export type Terms = readonly Entry[];

/** Larger than any sum that a gate has to hold back. */
const gate = 128;

/** Distance from -1, 0 and 1 within which snapping makes a value exact. */
export const snapMargin = 0.1;

/** Collects units. The state is x; every method adds to it what its units give. */
export class FeedForwardBuilder {
  readonly #width: number;
  /** The row that is 1 in scratch columns and 0 in the others. */
  readonly #indicator: number;
  readonly #inner: Entry[][] = [];
  readonly #bias: number[] = [];
  readonly #outer: Entry[][] = [];
  readonly #groups: UnitGroup[] = [];

  constructor(width: number, indicator: number) {
    this.#width = width;
    this.#indicator = indicator;
  }

  /** Names the units that `add` makes. */
  group(purpose: string, add: (units: this) => void): this {
    const before = this.#bias.length;
    add(this);
    if (this.#bias.length > before) this.#groups.push({ purpose, units: this.#bias.length - before });
    return this;
  }

  /** One unit: relu(terms · x + bias), added to each output row with its weight. */
  unit(terms: Terms, outputs: Terms, bias = 0): void {
    this.#inner.push([...terms]);
    this.#bias.push(bias);
    this.#outer.push([...outputs]);
  }

  /** A linear map, by two units: terms · x, added to each output row with its weight. */
  linear(terms: Terms, outputs: Terms): void {
    this.unit(terms, outputs);
    this.unit(negated(terms), negated(outputs));
  }

  /** rows <- 0. */
  clear(...ranges: readonly RowRange[]): this {
    return this.group(`clear ${namesOf(ranges)}`, () => {
      for (const row of rowsOf(...ranges)) this.linear([[row, 1]], [[row, -1]]);
    });
  }

  /**
   * target <- target + factor (source - target), in scratch columns or in all others; 2 undoes that a read is the mean of two
   * columns of which one is the reader.
   *
   * @param bound - larger than any difference, where the gate is closed
   */
  overwrite(
    target: RowRange,
    source: RowRange,
    where: "scratch" | "elsewhere",
    { factor = 2, bound = gate }: { readonly factor?: number; readonly bound?: number } = {},
  ): this {
    assert(target.size === source.size, `${target.name} of ${target.size} rows from ${source.name} of ${source.size}`);
    return this.group(
      `${target.name} <- ${source.name}, in ${where === "scratch" ? "scratch" : "other"} columns`,
      () => {
        for (let i = 0; i < target.size; i++) {
          for (const sign of [1, -1]) {
            const difference: Entry[] = [
              [rowAt(source, i), sign * factor],
              [rowAt(target, i), -sign * factor],
            ];
            const [open, bias] = where === "scratch" ? [bound, -bound] : [-bound, 0];
            this.unit([...difference, [this.#indicator, open]], [[rowAt(target, i), sign]], bias);
          }
        }
      },
    );
  }

  /**
   * target <- factor source, in scratch columns; `factor` undoes that a read is a mean over columns of which one has the value.
   *
   * @param bound - larger than any value, where the gate is closed
   */
  assign(target: RowRange, source: RowRange, factor: number, bound = gate): this {
    assert(target.size === source.size, `${target.name} of ${target.size} rows from ${source.name} of ${source.size}`);
    return this.group(`${target.name} <- ${factor} ${source.name}, in scratch columns`, () => {
      for (let i = 0; i < target.size; i++) {
        for (const sign of [1, -1]) {
          const terms: Entry[] = [
            [rowAt(source, i), sign * factor],
            [rowAt(target, i), -sign],
            [this.#indicator, bound],
          ];
          this.unit(terms, [[rowAt(target, i), sign]], -bound);
        }
      }
    });
  }

  /**
   * Adds terms to a row where a switch is on, in scratch columns.
   *
   * @param on - terms that are 0 where the switch is on and -1 or less where it is off
   * @param bound - larger than any value of `terms`
   */
  gated(terms: Terms, on: Terms, row: number, bound: number): void {
    const closing = on.map(([at, weight]): Entry => [at, bound * weight]);
    this.unit([...closing, ...terms], [[row, 1]]);
    this.unit([...closing, ...negated(terms)], [[row, -1]]);
  }

  /**
   * target <- the low bits of a sum of numbers in two's complement (bits of +1 and -1, the highest first), plus `increment`. In
   * columns other than scratch nothing happens. Target must be 0 or be cleared in the same layer.
   *
   * @remarks Bit i of S is read off the ramps of S at h, 2h and 3h, h = 2^(i-1), where S adds the i lowest bits of at most two
   * numbers and so stays below 4h: papers' recipe, six units a bit.
   */
  adder(target: RowRange, operands: readonly (RowRange | Terms[])[], increment: number): this {
    const bits = target.size;
    assert(operands.length <= 2, "an adder of at most two numbers");
    return this.group(`${target.name} <- sum${increment ? ` + ${increment}` : ""}`, () => {
      for (let i = 1; i <= bits; i++) {
        const half = 2 ** (i - 1);
        // S: each bit b of +1 or -1 counts as (b + 1) / 2; constants come through the indicator.
        const sum: Entry[] = [[this.#indicator, increment]];
        for (const operand of operands) {
          for (let j = 1; j <= i; j++) {
            const weight = 2 ** (j - 1) / 2;
            for (const [row, sign] of bitTerms(operand, bits - j)) sum.push([row, sign * weight]);
            sum.push([this.#indicator, weight]);
          }
        }
        const output = rowAt(target, bits - i);
        const ramp = (sign: 1 | -1, offset: number, weight: number) =>
          this.unit(
            [...sum.map(([row, w]): Entry => [row, sign * w]), [this.#indicator, offset]],
            [[output, 2 * weight]],
          );
        ramp(1, 1 - half, 1);
        ramp(1, -half, -1);
        ramp(-1, 2 * half, 1);
        ramp(-1, 2 * half - 1, -1);
        ramp(1, 1 - 3 * half, 1);
        ramp(1, -3 * half, -1);
        this.unit([[this.#indicator, 1]], [[output, -3]]);
      }
    });
  }

  /** Moves values near -1, 0 and 1 onto them, in every column. */
  snap(...ranges: readonly RowRange[]): this {
    const slope = 1 / (1 - 2 * snapMargin);
    const rows = rowsOf(...ranges);
    return this.group(`snap ${namesOf(ranges)} to -1, 0, 1`, () => {
      for (const row of rows) {
        const steps = [
          [1 - snapMargin, slope],
          [snapMargin, -slope],
          [-snapMargin, slope],
          [snapMargin - 1, -slope],
        ] as const;
        for (const [bias, weight] of steps) this.unit([[row, 1]], [[row, weight]], bias);
        this.linear([[row, 1]], [[row, -1]]);
      }
      // The formula's -1, once for all rows.
      this.unit(
        [],
        rows.map((row): Entry => [row, -1]),
        1,
      );
    });
  }

  /** The finished network. */
  build(): FeedForward {
    const outerRows: Entry[][] = Array.from({ length: this.#width }, () => []);
    for (const [unit, outputs] of this.#outer.entries()) {
      for (const [row, weight] of outputs) outerRows[row]!.push([unit, weight]);
    }
    return {
      inner: sparseMatrix(this.#width, this.#inner),
      bias: Float64Array.from(this.#bias),
      outer: sparseMatrix(Math.max(1, this.#bias.length), outerRows),
      groups: this.#groups,
    };
  }
}

const negated = (terms: Terms): Terms => terms.map(([row, weight]) => [row, -weight]);

const namesOf = (ranges: readonly RowRange[]) => ranges.map(({ name }) => name).join(", ");

/** What a bit of an adder's operand is: its row, or given terms. */
function bitTerms(operand: RowRange | Terms[], bit: number): Terms {
  return Array.isArray(operand) ? (operand as Terms[])[bit]! : [[rowAt(operand as RowRange, bit), 1]];
}
