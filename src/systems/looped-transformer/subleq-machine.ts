/** The one-instruction machine: mem[b] <- mem[b] - mem[a]; if mem[b] <= 0 go to c. @module */
import { ConfigError } from "../../core/index.ts";
import { pointerHead } from "./attention.ts";
import { FeedForwardBuilder } from "./feed-forward.ts";
import { chooseTemperature, mostBits } from "./precision.ts";
import { part, RowAllocator, type RowRange, rowAt, rowsOf } from "./rows.ts";
import type { Entry } from "./sparse-matrix.ts";
import {
  type FeedForward,
  type Head,
  type LoopedTransformer,
  mostColumns,
  type Precision,
  type TransformerLayer,
} from "./transformer.ts";

/**
 * `paper`: ten layers, as in the paper's code. `hardened`: one more, which makes what was read exact before the adders double
 * the error at every bit, so that a low temperature does for any number of bits.
 */
export type SubleqMode = "hardened" | "paper";

/** Rows of a SUBLEQ machine's state. */
export interface SubleqRows {
  /** a, b, c of an instruction, in instruction columns. */
  readonly instruction: RowRange;
  /** A number in two's complement, highest bit first, in memory columns. */
  readonly memory: RowRange;
  /** In the scratch column: mem[a], mem[b] and later the difference. */
  readonly a: RowRange;
  readonly b: RowRange;
  /** In the scratch column: the instruction under way. */
  readonly current: RowRange;
  /** In the scratch column: the address of the instruction under way. */
  readonly counter: RowRange;
  /** Every column's own address; 0 in the scratch column. */
  readonly position: RowRange;
  readonly buffer: RowRange;
  /** 1 in the scratch column, 0 in the others. */
  readonly indicator: RowRange;
}

/** Sizes and precision of a SUBLEQ machine. */
export interface SubleqSpec {
  readonly kind: "subleq";
  /** Columns: one of scratch, the others memory cells and instructions. */
  readonly columns: number;
  /** Bits of a number: from -2^(bits-1) to 2^(bits-1) - 1, wrapping around. */
  readonly bits: number;
  readonly precision: Precision;
  readonly mode: SubleqMode;
  /** Default: what columns, bits, precision and mode ask for. */
  readonly temperature?: number;
}

/** A SUBLEQ machine: its weights and where its state has what. */
export interface SubleqMachine {
  readonly spec: SubleqSpec & { readonly temperature: number };
  readonly rows: SubleqRows;
  readonly ranges: readonly RowRange[];
  readonly transformer: LoopedTransformer;
}

/** Columns of a SUBLEQ machine that work. */
export const subleqScratch = 1;

/** Bits of an address among `columns`. */
export const addressBitsFor = (columns: number) => Math.max(1, Math.ceil(Math.log2(columns)));

/**
 * Builds the weights of a SUBLEQ machine.
 *
 * @throws {ConfigError} where the precision does not carry that many bits
 * @remarks Giannou, Rajput, Sohn, Lee, Lee and Papailiopoulos (2023), section 4 and the authors' code, with one set of weights: nothing
 * depends on the state, and the biases are the same in all columns.
 * @example
 * ```ts
 * const machine = buildSubleq({ kind: "subleq", columns: 32, bits: 8, precision: "float64", mode: "hardened" });
 * machine.transformer.layers.length; // 11
 * ```
 */
export function buildSubleq(spec: SubleqSpec): SubleqMachine {
  const { columns, bits, precision, mode } = spec;
  const most = mostBits[precision];
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= most)) {
    throw new ConfigError({
      where: "bits",
      expected: `a whole number from 2 to ${most}, which is what ${precision} carries`,
      found: `${bits}`,
      ...(precision === "float32" && bits <= mostBits.float64 && { hint: "take float64" }),
    });
  }
  if (!(Number.isInteger(columns) && columns >= 4 && columns <= mostColumns)) {
    throw new ConfigError({
      where: "columns",
      expected: `a whole number from 4 to ${mostColumns}`,
      found: `${columns}`,
    });
  }
  const safeTemperature = chooseTemperature({ columns, bits: mode === "paper" ? bits : 0 });
  const temperature = spec.temperature ?? safeTemperature;
  const L = addressBitsFor(columns);
  const allocator = new RowAllocator();
  const rows: SubleqRows = {
    instruction: allocator.allocate("instruction", 3 * L),
    memory: allocator.allocate("memory", bits),
    a: allocator.allocate("a", bits),
    b: allocator.allocate("b", bits),
    current: allocator.allocate("current", 3 * L),
    counter: allocator.allocate("counter", L),
    position: allocator.allocate("position", L),
    buffer: allocator.allocate("buffer", Math.max(3 * L, 2 * bits)),
    indicator: allocator.allocate("indicator", 1),
  };
  const build: Build = { rows, width: allocator.width, bits, addressBits: L };
  const layers = [
    fetchInstruction(build),
    readOperands(build),
    ...(mode === "hardened" ? [snapOperands(build)] : []),
    invertA(build),
    addOne(build),
    addB(build),
    writeB(build),
    testSign(build),
    advanceCounter(build),
    chooseNext(build),
    snapState(build),
  ];
  return {
    spec: { ...spec, temperature },
    rows,
    ranges: allocator.ranges,
    transformer: {
      width: allocator.width,
      columns,
      addressBits: L,
      scratchColumns: subleqScratch,
      constantColumns: [],
      temperature,
      safeTemperature,
      precision,
      layers,
    },
  };
}

interface Build {
  readonly rows: SubleqRows;
  readonly width: number;
  readonly bits: number;
  readonly addressBits: number;
}

const feedForward = ({ width, rows }: Build) => new FeedForwardBuilder(width, rows.indicator.offset);

function layer(name: string, purpose: string, heads: readonly Head[], network: FeedForward): TransformerLayer {
  return { name, purpose, heads, feedForward: network };
}

/** current <- the instruction at the counter. */
function fetchInstruction(build: Build): TransformerLayer {
  const { rows, width, addressBits: L } = build;
  const buffer = part(rows.buffer, 0, 3 * L);
  const head = pointerHead(
    "instruction at the counter",
    width,
    rows.position,
    [rows.counter],
    [
      { from: rows.instruction, to: buffer },
      { from: rows.current, to: buffer },
    ],
  );
  const network = feedForward(build).overwrite(rows.current, buffer, "scratch").clear(buffer).build();
  return layer("fetch", "the instruction that the counter points to becomes the current one", [head], network);
}

/** a <- mem[a], b <- mem[b]. */
function readOperands(build: Build): TransformerLayer {
  const { rows, width, bits, addressBits: L } = build;
  const halves = [part(rows.buffer, 0, bits), part(rows.buffer, bits, bits)] as const;
  const targets = [rows.a, rows.b] as const;
  const heads = targets.map((target, i) =>
    pointerHead(
      `memory at ${target.name}`,
      width,
      rows.position,
      [part(rows.current, i * L, L)],
      [
        { from: rows.memory, to: halves[i]! },
        { from: target, to: halves[i]! },
      ],
    ),
  );
  const network = feedForward(build)
    .overwrite(rows.a, halves[0], "scratch")
    .overwrite(rows.b, halves[1], "scratch")
    .clear(...halves)
    .build();
  return layer("read", "the numbers that a and b point to are copied to the scratch column", heads, network);
}

/** Makes exact what was read. */
function snapOperands(build: Build): TransformerLayer {
  const { rows } = build;
  const network = feedForward(build).snap(rows.a, rows.b, rows.current).build();
  return layer("snap operands", "what was read becomes exact, before the adders double errors bit by bit", [], network);
}

/** buffer <- the bits of a turned over, which is -a - 1. */
function invertA(build: Build): TransformerLayer {
  const { rows, bits } = build;
  const builder = feedForward(build).group("buffer <- not a", (units) => {
    for (let i = 0; i < bits; i++) {
      const output = rowAt(rows.buffer, i);
      units.unit([[rowAt(rows.a, i), -1]], [[output, 2]]);
      units.unit([[rows.indicator.offset, 1]], [[output, -1]]);
    }
  });
  return layer("invert", "the bits of a are turned over: -a - 1 in two's complement", [], builder.build());
}

/** The second half of the buffer <- the first + 1, which is -a. */
function addOne(build: Build): TransformerLayer {
  const { rows, bits } = build;
  const [first, second] = [part(rows.buffer, 0, bits), part(rows.buffer, bits, bits)];
  const network = feedForward(build).adder(second, [first], 1).clear(first).build();
  return layer("negate", "1 is added: -a", [], network);
}

/** b <- b - a. */
function addB(build: Build): TransformerLayer {
  const { rows, bits } = build;
  const negative = part(rows.buffer, bits, bits);
  const network = feedForward(build).clear(rows.b, rows.a, negative).adder(rows.b, [negative, rows.b], 0).build();
  return layer("subtract", "b - a takes the place of b", [], network);
}

/** mem[b] <- b. */
function writeB(build: Build): TransformerLayer {
  const { rows, width, bits, addressBits: L } = build;
  const buffer = part(rows.buffer, 0, bits);
  const head = pointerHead(
    "memory at b",
    width,
    rows.position,
    [part(rows.current, L, L)],
    [
      { from: rows.memory, to: buffer },
      { from: rows.b, to: buffer },
    ],
  );
  const network = feedForward(build).overwrite(rows.memory, buffer, "elsewhere").clear(buffer).build();
  return layer("write", "the difference is written to the memory cell that b points to", [head], network);
}

/** The first row of a <- 1 where b <= 0, else 0; b <- 0. */
function testSign(build: Build): TransformerLayer {
  const { rows, bits } = build;
  const flag = rowAt(rows.a, 0);
  const builder = feedForward(build).group("flag <- b <= 0", (units) => {
    units.unit([[rowAt(rows.b, 0), 1]], [[flag, 1]]);
    const allZero: Entry[] = rowsOf(rows.b).map((row) => [row, -1]);
    units.unit([...allZero, [rows.indicator.offset, 1 - bits]], [[flag, 1]]);
  });
  return layer(
    "test",
    "the flag becomes 1 where the difference is negative or zero",
    [],
    builder.clear(rows.b).build(),
  );
}

/** counter <- counter + 1. */
function advanceCounter(build: Build): TransformerLayer {
  const { rows } = build;
  const network = feedForward(build).clear(rows.counter).adder(rows.counter, [rows.counter], 1).build();
  return layer("advance", "the counter moves to the next column", [], network);
}

/** counter <- c where the flag is 1. */
function chooseNext(build: Build): TransformerLayer {
  const { rows, addressBits: L } = build;
  const flag = part(rows.a, 0, 1);
  const builder = chooseCounter(feedForward(build), {
    counter: rows.counter,
    target: part(rows.current, 2 * L, L),
    flag: flag.offset,
    indicator: rows.indicator.offset,
  });
  return layer("branch", "the counter becomes c where the flag is 1", [], builder.clear(flag).build());
}

/** counter <- target where the flag is 1, in scratch columns; for bits of +1 and -1. */
export function chooseCounter(
  builder: FeedForwardBuilder,
  rows: { readonly counter: RowRange; readonly target: RowRange; readonly flag: number; readonly indicator: number },
): FeedForwardBuilder {
  const { counter, target, flag, indicator } = rows;
  return builder.group("counter <- flag ? target : counter", () => {
    for (let i = 0; i < counter.size; i++) {
      const [own, other] = [rowAt(counter, i), rowAt(target, i)];
      for (const sign of [1, -1]) {
        builder.unit(
          [
            [other, sign],
            [indicator, -1],
            [flag, 1],
          ],
          [[own, sign]],
        );
        builder.unit(
          [
            [own, sign],
            [flag, -1],
          ],
          [[own, sign]],
        );
      }
      builder.linear([[own, 1]], [[own, -1]]);
    }
  });
}

/** Makes exact what the next loop starts from. */
function snapState(build: Build): TransformerLayer {
  const { rows } = build;
  const network = feedForward(build).snap(rows.memory, rows.counter, rows.current).build();
  return layer("snap", "memory, counter and instruction become exact", [], network);
}
