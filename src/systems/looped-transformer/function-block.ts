/** What a function of the FLEQ machine is: layers of its own between reading operands and writing the result. @module */
import type { FeedForwardBuilder } from "./feed-forward.ts";
import type { RowAllocator, RowRange } from "./rows.ts";
import { type Entry, sparseMatrix } from "./sparse-matrix.ts";
import type { Head } from "./transformer.ts";

/** Layers that a function block may take; all blocks work in the same ones. */
export const blockLayers = 4;

/**
 * The largest absolute value of a number on a FLEQ machine: gates are as wide as that. It is what gates cost in precision, too:
 * about a thousandth of a millionth of a millionth.
 */
export const valueBound = 1024;

/** Rows that every function block may read, and those it must leave alone otherwise. */
export interface OperandRows {
  /** Column k of the matrix that a points to, in scratch column k. */
  readonly a: RowRange;
  readonly b: RowRange;
  /** 1 in scratch columns, 0 elsewhere. */
  readonly indicator: RowRange;
  /** 1 in row k of scratch column k, 0 elsewhere. */
  readonly unit: RowRange;
}

/** How a scratch column attends while functions are computed. */
export interface BlockHead {
  readonly name: string;
  /**
   * Scores, as sums of products of a row of the reading column and a row of the column read. The constant column has the score 0,
   * unless a term of it says otherwise; columns of memory and instructions are out of reach.
   */
  readonly scores: readonly { readonly reader: readonly Entry[]; readonly read: readonly Entry[] }[];
  /** Whether the column reads itself and the constant column only. Otherwise all scratch columns are within reach. */
  readonly own: boolean;
  /** What is added to the reading column: `[to, from, weight]`. */
  readonly values: readonly (readonly [to: number, from: number, weight: number])[];
}

/** One of a block's layers while it is built. */
export interface BlockLayer {
  readonly rows: OperandRows;
  /** Units of the layer's feed-forward network. */
  readonly units: FeedForwardBuilder;
  /** Adds an attention head to the layer. */
  attend(head: BlockHead): void;
}

/** A block that has been given its rows. */
export interface PlannedBlock {
  /** `[size]`: column k of the result, in scratch column k, after the last layer; 0 in all other columns. */
  readonly result: RowRange;
  /**
   * The largest absolute value that the result can have, whatever the operands: blocks compute in every loop, and what they give for
   * operands outside of their domain must not leak through the gate that leaves it out.
   */
  readonly bound: number;
  /** Runs in the layer before the first: units only. */
  readonly prepare?: (layer: BlockLayer) => void;
  /** At most `blockLayers`. */
  readonly layers: readonly ((layer: BlockLayer) => void)[];
}

/** Rows and columns of data that take a corner of a machine's matrices; the rest of those is 0. */
export type Shape = readonly [rows: number, columns: number];

/**
 * A function c = f(a, b) of square matrices. Register one by giving it to {@link buildFleq}, beside the others.
 *
 * All blocks compute at once, whatever the instruction says; the machine then takes the result of the one it names. Rows that a block
 * allocates are 0 at the beginning of every loop.
 */
export interface FunctionBlock {
  /** Its word in the assembler. */
  readonly name: string;
  readonly operands: 1 | 2;
  /** One sentence. */
  readonly description: string;
  /** The result's shape, or nothing where operands of these shapes do not go together; default: that of both, which must be the same. */
  shape?(a: Shape, b: Shape): Shape | undefined;
  /** Whether zeros of the operands may give other numbers: then the assembler clears what lies outside of the result's shape. */
  readonly fillsZeros?: boolean;
  /** Allocates the rows it works in, and says what its layers are. */
  plan(allocator: RowAllocator, size: number): PlannedBlock;
  /** The same function in plain arithmetic: float64[size, size] row by row. */
  compute(a: Float64Array, b: Float64Array, size: number): Float64Array;
  /** What is wrong with operands outside its domain, as text; nothing where they are inside. */
  domain?(a: Float64Array, b: Float64Array): string | undefined;
}

/** What {@link blockHead} needs to know of the machine. */
export interface HeadFrame {
  readonly width: number;
  readonly temperature: number;
  readonly position: RowRange;
  /** +1 and -1: the scratch column's number, 0 elsewhere. */
  readonly lane: RowRange;
  readonly indicator: RowRange;
  /** 1 in columns of memory and instructions, 0 in scratch columns and the constant one. */
  readonly elsewhere: RowRange;
}

/** What columns out of reach score, after the temperature: they weigh e^-64 each. */
const outOfReach = -64;

/**
 * The head of a block: its scores, and terms that keep columns apart. Columns that are not scratch attend to themselves, by their
 * position. Scores are divided by the temperature, so that they are the logarithms of softmax weights, whatever it is.
 */
export function blockHead(frame: HeadFrame, { name, scores, own, values }: BlockHead): Head {
  const { width, temperature, position, lane, indicator, elsewhere } = frame;
  const query: Entry[][] = [];
  const key: Entry[][] = [];
  for (let i = 0; i < position.size; i++) {
    query.push([[position.offset + i, 1]]);
    key.push([[position.offset + i, 1]]);
  }
  const weight = outOfReach / temperature;
  query.push([[indicator.offset, weight]]);
  key.push([[elsewhere.offset, 1]]);
  if (own && lane.size > 0) {
    // 0 for the column itself, twice out of reach for every bit in which another's number differs.
    for (let i = 0; i < lane.size; i++) {
      query.push([[lane.offset + i, -weight]]);
      key.push([[lane.offset + i, 1]]);
    }
    query.push([[indicator.offset, lane.size * weight]]);
    key.push([[indicator.offset, 1]]);
  }
  for (const { reader, read } of scores) {
    query.push(reader.map(([row, value]) => [row, value / temperature]));
    key.push([...read]);
  }
  const rows: Entry[][] = Array.from({ length: width }, () => []);
  for (const [to, from, value] of values) rows[to]!.push([from, value]);
  return {
    name,
    query: sparseMatrix(width, query),
    key: sparseMatrix(width, key),
    value: sparseMatrix(width, rows),
  };
}
