/** Multiplication, division, comparison and access to arrays, out of subtractions. @module */
import { type Cell, Label, Routine, type SubleqBuilder } from "./builder.ts";

/** A routine with its operands and results in cells of its own. */
export interface Arithmetic {
  readonly routine: Routine;
  readonly left: Cell;
  readonly right: Cell;
  readonly result: Cell;
  /** Division only. */
  readonly remainder: Cell;
  define(): void;
}

function cells(builder: SubleqBuilder) {
  return { left: builder.cell(), right: builder.cell(), result: builder.cell(), remainder: builder.cell() };
}

/** Runs `round` once for every bit. */
function forEachBit(builder: SubleqBuilder, bits: number, count: Cell, round: () => void): void {
  builder.copy(builder.constant(BigInt(bits)), count);
  const [again, done] = [new Label(), new Label()];
  builder.mark(again);
  round();
  builder.subleq(builder.constant(1n), count, done);
  builder.goTo(again);
  builder.mark(done);
}

/** result <- left * right, the low bits: from the highest bit of right down, double, and add left where it is 1. */
export function multiplication(builder: SubleqBuilder, bits: number): Arithmetic {
  const own = cells(builder);
  const routine = new Routine(builder);
  const count = builder.cell();
  return {
    ...own,
    routine,
    define() {
      const { left, right, result } = own;
      routine.define(() => {
        builder.clear(result);
        forEachBit(builder, bits, count, () => {
          builder.add(result, result);
          const [one, next] = [new Label(), new Label()];
          builder.ifNegative(right, one, next);
          builder.mark(one);
          builder.add(left, result);
          builder.mark(next);
          builder.add(right, right);
        });
      });
    },
  };
}

/**
 * result <- left / right, rounded towards 0, and remainder: long division of magnitudes, bit by bit. By 0: result 0, remainder left.
 *
 * The magnitude of -2^(bits - 1) is that number again; taken without sign it is right, as long as it is the dividend. As a divisor it
 * is a case of its own.
 */
export function division(builder: SubleqBuilder, bits: number): Arithmetic {
  const own = cells(builder);
  const routine = new Routine(builder);
  const [count, dividend, divisor, trial, signs, dividendSign] = Array.from({ length: 6 }, () => builder.cell()) as [
    Cell,
    Cell,
    Cell,
    Cell,
    Cell,
    Cell,
  ];
  const one = () => builder.constant(1n);

  /** to <- |from|, flag + 1 where from is negative */
  const magnitude = (from: Cell, to: Cell, ...flags: Cell[]) => {
    const [negative, positive, done] = [new Label(), new Label(), new Label()];
    builder.ifNegative(from, negative, positive);
    builder.mark(negative);
    builder.negate(from, to);
    for (const flag of flags) builder.add(one(), flag);
    builder.goTo(done);
    builder.mark(positive);
    builder.copy(from, to);
    builder.mark(done);
  };

  return {
    ...own,
    routine,
    define() {
      const { left, right, result, remainder } = own;
      routine.define((end) => {
        builder.clear(result);
        builder.copy(left, remainder);
        // By 0: right <= 0 and not below 0.
        const [notPositive, go] = [new Label(), new Label()];
        builder.ifNotPositive(right, notPositive);
        builder.goTo(go);
        builder.mark(notPositive);
        builder.ifNegative(right, go, end);
        builder.mark(go);
        builder.clear(signs);
        builder.clear(dividendSign);
        magnitude(left, dividend, signs, dividendSign);
        magnitude(right, divisor, signs);
        const [lowest, usual] = [new Label(), new Label()];
        builder.ifNegative(divisor, lowest, usual);
        // The divisor is -2^(bits - 1): the quotient is 1 where the dividend is it too, else 0.
        builder.mark(lowest);
        builder.copy(left, trial);
        builder.subtract(right, trial);
        const [equal, maybe] = [new Label(), new Label()];
        builder.ifNotPositive(trial, maybe);
        builder.goTo(end);
        builder.mark(maybe);
        builder.ifNegative(trial, end, equal);
        builder.mark(equal);
        builder.copy(one(), result);
        builder.clear(remainder);
        builder.goTo(end);
        builder.mark(usual);
        builder.clear(remainder);
        forEachBit(builder, bits, count, () => {
          builder.add(result, result);
          // trial <- 2 remainder + bit - divisor, in an order in which it stays within the numbers.
          builder.copy(remainder, trial);
          builder.subtract(divisor, trial);
          builder.add(remainder, trial);
          const [bit, noBit] = [new Label(), new Label()];
          builder.ifNegative(dividend, bit, noBit);
          builder.mark(bit);
          builder.add(one(), trial);
          builder.mark(noBit);
          builder.add(dividend, dividend);
          const [below, fits, next] = [new Label(), new Label(), new Label()];
          builder.ifNegative(trial, below, fits);
          builder.mark(below);
          builder.add(divisor, trial);
          builder.copy(trial, remainder);
          builder.goTo(next);
          builder.mark(fits);
          builder.copy(trial, remainder);
          builder.add(one(), result);
          builder.mark(next);
        });
        // The quotient is negative where one sign was, the remainder where the dividend's was.
        negateWhere(builder, dividendSign, remainder, trial);
        builder.subtract(one(), signs);
        const [notOne, maybeOne] = [new Label(), new Label()];
        builder.ifNotPositive(signs, maybeOne);
        builder.goTo(notOne);
        builder.mark(maybeOne);
        const exactlyOne = new Label();
        builder.ifNegative(signs, notOne, exactlyOne);
        builder.mark(exactlyOne);
        builder.negate(result, trial);
        builder.copy(trial, result);
        builder.mark(notOne);
      });
    },
  };
}

/** cell <- -cell where the flag is 1 */
function negateWhere(builder: SubleqBuilder, flag: Cell, cell: Cell, spare: Cell): void {
  const done = new Label();
  builder.ifNotPositive(flag, done);
  builder.negate(cell, spare);
  builder.copy(spare, cell);
  builder.mark(done);
}

/** result <- -1, 0 or 1 as left is below, equal to or above right. Differences are taken only where they cannot overflow. */
export function comparison(builder: SubleqBuilder): Arithmetic {
  const own = cells(builder);
  const routine = new Routine(builder);
  return {
    ...own,
    routine,
    define() {
      const { left, right, result } = own;
      const one = () => builder.constant(1n);
      routine.define((end) => {
        const [leftNegative, leftPositive, below, above, sameSign] = Array.from({ length: 5 }, () => new Label()) as [
          Label,
          Label,
          Label,
          Label,
          Label,
        ];
        builder.clear(result);
        builder.ifNegative(left, leftNegative, leftPositive);
        builder.mark(leftNegative);
        builder.ifNegative(right, sameSign, below);
        builder.mark(leftPositive);
        builder.ifNegative(right, above, sameSign);
        builder.mark(sameSign);
        builder.subtract(right, left);
        const notPositive = new Label();
        builder.ifNotPositive(left, notPositive);
        builder.mark(above);
        builder.add(one(), result);
        builder.goTo(end);
        builder.mark(notPositive);
        builder.ifNegative(left, below, end);
        builder.mark(below);
        builder.subtract(one(), result);
      });
    },
  };
}

/** Reads and writes of one array by a computed index. */
export interface ArrayAccess {
  readonly index: Cell;
  readonly value: Cell;
  readonly read: Routine;
  readonly write: Routine;
  define(): void;
}

/**
 * Access to the cells from `first` on: the index is counted down along a chain of branches, one an element. An index outside of the
 * array goes to `fault`.
 */
export function arrayAccess(builder: SubleqBuilder, first: Cell, length: number, fault: Label): ArrayAccess {
  const [index, value] = [builder.cell(), builder.cell()];
  const [read, write] = [new Routine(builder), new Routine(builder)];

  const choose = (end: Label, each: (element: Cell) => void) => {
    const inside = new Label();
    builder.ifNegative(index, fault, inside);
    builder.mark(inside);
    const elements = Array.from({ length }, () => new Label());
    builder.ifNotPositive(index, elements[0]!);
    for (const element of elements.slice(1)) builder.subleq(builder.constant(1n), index, element);
    builder.goTo(fault);
    for (const [i, element] of elements.entries()) {
      builder.mark(element);
      each(first + i);
      builder.goTo(end);
    }
  };

  return {
    index,
    value,
    read,
    write,
    define() {
      if (read.used) read.define((end) => choose(end, (element) => builder.copy(element, value)));
      if (write.used) write.define((end) => choose(end, (element) => builder.copy(value, element)));
    },
  };
}
