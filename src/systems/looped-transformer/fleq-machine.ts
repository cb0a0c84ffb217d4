/** The function machine: mem[c] <- f(mem[a], mem[b]); if mem[flag] <= 0 go to p. @module */
import { assert, ConfigError } from "../../core/index.ts";
import { copyRows, pointerHead } from "./attention.ts";
import { standardBlocks } from "./blocks/index.ts";
import { FeedForwardBuilder } from "./feed-forward.ts";
import {
  type BlockLayer,
  blockHead,
  blockLayers,
  type FunctionBlock,
  type PlannedBlock,
  valueBound,
} from "./function-block.ts";
import { part, RowAllocator, type RowRange, rowAt, rowsOf } from "./rows.ts";
import { type Entry, sparseMatrix } from "./sparse-matrix.ts";
import { addressBitsFor, chooseCounter } from "./subleq-machine.ts";
import { type Head, type LoopedTransformer, mostColumns, type TransformerLayer } from "./transformer.ts";

/** Sizes and functions of a FLEQ machine. Its numbers are float64: float32 would leave three digits of them. */
export interface FleqSpec {
  readonly kind: "fleq";
  readonly columns: number;
  /** Rows and columns of the matrix that a memory cell holds: a power of two; 1 for numbers. */
  readonly size: number;
  /** Functions beyond the standard ones. */
  readonly blocks?: readonly FunctionBlock[];
}

/** Rows of a FLEQ machine's state. */
export interface FleqRows {
  /** In instruction columns: a, b, c, flag, the function's row among all, p. */
  readonly instruction: RowRange;
  /** In memory columns: a column of the cell's matrix. */
  readonly memory: RowRange;
  readonly a: RowRange;
  readonly b: RowRange;
  readonly c: RowRange;
  readonly current: RowRange;
  readonly counter: RowRange;
  readonly position: RowRange;
  readonly lane: RowRange;
  readonly unit: RowRange;
  readonly indicator: RowRange;
  readonly elsewhere: RowRange;
  readonly flag: RowRange;
  readonly buffer: RowRange;
}

/** A FLEQ machine: its weights, its functions, and where its state has what. */
export interface FleqMachine {
  readonly spec: FleqSpec & { readonly temperature: number };
  readonly blocks: readonly FunctionBlock[];
  readonly rows: FleqRows;
  readonly ranges: readonly RowRange[];
  /** Rows of an instruction's fields, within `instruction` and `current`. */
  readonly fields: FleqFields;
  readonly transformer: LoopedTransformer;
}

/** Offsets and sizes of the fields of an instruction. */
export interface FleqFields {
  readonly cellBits: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly flag: number;
  readonly function: number;
  readonly target: number;
  readonly size: number;
}

/** Layers of a FLEQ machine, whatever its size and functions. */
export const fleqLayers = 13;

/** A power of two, for which nothing that should not be seen has any weight in float64. */
const temperature = 32;
/** Slope of the ramp that decides flag <= 0: between 0 and 2^-20 it is undecided, and the run stops. */
const flagSlope = 2 ** 20;
/** Wider than any difference of two values. */
const wide = 4 * valueBound;

/** Cells taken by scratch and by the constant column. */
export const reservedCells = 2;

/**
 * Builds the weights of a FLEQ machine: 13 layers, of which four are those of the functions, all at once.
 *
 * @throws {ConfigError} for sizes that cannot be
 * @remarks Giannou et al. (2023), section 5; layout, functions and depth of the parts are ours, as no code of theirs is public.
 * @example
 * ```ts
 * const machine = buildFleq({ kind: "fleq", columns: 64, size: 2 });
 * machine.transformer.layers.length; // 13
 * ```
 */
export function buildFleq(spec: FleqSpec): FleqMachine {
  const { columns, size } = spec;
  const blocks = [...standardBlocks, ...(spec.blocks ?? [])];
  if (!(Number.isInteger(size) && size >= 1 && size <= 32 && Number.isInteger(Math.log2(size)))) {
    throw new ConfigError({ where: "size", expected: "a power of two from 1 to 32", found: `${size}` });
  }
  if (!(Number.isInteger(columns) && columns > reservedCells * size && columns <= mostColumns)) {
    const expected = `a whole number from ${reservedCells * size + 1} to ${mostColumns}`;
    throw new ConfigError({ where: "columns", expected, found: `${columns}` });
  }
  const twice = blocks.find(({ name }, i) => blocks.findIndex((other) => other.name === name) !== i);
  if (twice) {
    throw new ConfigError({ where: "blocks", expected: "each name once", found: `${twice.name} twice` });
  }
  const L = addressBitsFor(columns);
  const laneBits = Math.log2(size);
  const fields = layOutFields(L, L - laneBits, blocks.length);
  const allocator = new RowAllocator();
  const rows: FleqRows = {
    instruction: allocator.allocate("instruction", fields.size),
    memory: allocator.allocate("memory", size),
    a: allocator.allocate("a", size),
    b: allocator.allocate("b", size),
    c: allocator.allocate("c", size),
    current: allocator.allocate("current", fields.size),
    counter: allocator.allocate("counter", L),
    position: allocator.allocate("position", L),
    lane: allocator.allocate("lane", laneBits),
    unit: allocator.allocate("unit", size),
    indicator: allocator.allocate("indicator", 1),
    elsewhere: allocator.allocate("elsewhere", 1),
    flag: allocator.allocate("flag", 1),
    buffer: allocator.allocate("buffer", Math.max(fields.size, 2 * size)),
  };
  const shared = allocator.ranges.length;
  const planned = blocks.map((block) => block.plan(allocator, size));
  for (const [i, { layers }] of planned.entries()) {
    if (layers.length <= blockLayers) continue;
    const found = `${layers.length}, by ${blocks[i]!.name}`;
    throw new ConfigError({ where: "blocks", expected: `at most ${blockLayers} layers`, found });
  }
  const build: Build = {
    rows,
    fields,
    planned,
    names: blocks.map(({ name }) => name),
    working: allocator.ranges.slice(shared),
    width: allocator.width,
    size,
  };
  const layers = [
    fetchInstruction(build),
    readOperands(build),
    prepare(build),
    ...Array.from({ length: blockLayers }, (_, l) => computeFunctions(build, l)),
    selectResult(build),
    writeResult(build),
    testAndAdvance(build),
    branch(build),
    clearWork(build),
    snapState(build),
  ];
  assert(layers.length === fleqLayers, `${layers.length} layers`);
  return {
    spec: { ...spec, temperature },
    blocks,
    rows,
    ranges: allocator.ranges,
    fields,
    transformer: {
      width: allocator.width,
      columns,
      addressBits: L,
      scratchColumns: size,
      constantColumns: [size],
      temperature,
      safeTemperature: temperature,
      precision: "float64",
      layers,
    },
  };
}

function layOutFields(addressBits: number, cellBits: number, functions: number): FleqFields {
  const target = 4 * cellBits + functions;
  return {
    cellBits,
    a: 0,
    b: cellBits,
    c: 2 * cellBits,
    flag: 3 * cellBits,
    function: 4 * cellBits,
    target,
    size: target + addressBits,
  };
}

interface Build {
  readonly rows: FleqRows;
  readonly fields: FleqFields;
  readonly planned: readonly PlannedBlock[];
  readonly names: readonly string[];
  /** Rows of the function blocks. */
  readonly working: readonly RowRange[];
  readonly width: number;
  readonly size: number;
}

const feedForward = ({ width, rows }: Build) => new FeedForwardBuilder(width, rows.indicator.offset);

/** A field of the current instruction. */
const field = ({ rows, fields }: Build, offset: number, size = fields.cellBits) => part(rows.current, offset, size);

/** current <- the instruction at the counter, in every scratch column. */
function fetchInstruction(build: Build): TransformerLayer {
  const { rows, width, size } = build;
  const buffer = part(rows.buffer, 0, rows.instruction.size);
  const copies = [{ from: rows.instruction, to: buffer }];
  const head = pointerHead("instruction at the counter", width, rows.position, [rows.counter], copies);
  // All scratch columns point there, and so read one another as well: the mean is over size + 1 columns.
  const network = feedForward(build)
    .assign(rows.current, buffer, size + 1)
    .clear(buffer)
    .build();
  const purpose = "the instruction that the counter points to becomes the current one, in every scratch column";
  return { name: "fetch", purpose, heads: [head], feedForward: network };
}

/** a <- mem[a], b <- mem[b]: scratch column k takes column k of the matrices. */
function readOperands(build: Build): TransformerLayer {
  const { rows, fields, width, size } = build;
  const buffers = [part(rows.buffer, 0, size), part(rows.buffer, size, size)] as const;
  const heads = (["a", "b"] as const).map((name, i) => {
    const pointer = [field(build, fields[name]), rows.lane];
    return pointerHead(`memory at ${name}`, width, rows.position, pointer, [{ from: rows.memory, to: buffers[i]! }]);
  });
  const network = feedForward(build)
    .assign(rows.a, buffers[0], 2, wide)
    .assign(rows.b, buffers[1], 2, wide)
    .clear(...buffers)
    .build();
  const purpose = "scratch column k takes column k of the matrices that a and b point to";
  return { name: "read", purpose, heads, feedForward: network };
}

/** Makes the instruction exact; functions take apart what they need. */
function prepare(build: Build): TransformerLayer {
  const { rows, planned } = build;
  const units = feedForward(build).snap(rows.current);
  const attend = () => assert(false, "heads begin in the next layer");
  for (const { prepare: own } of planned) own?.({ rows, units, attend });
  const purpose = "the instruction becomes exact; functions take signs and magnitudes of their operands";
  return { name: "prepare", purpose, heads: [], feedForward: units.build() };
}

/** Layer `l` of every function. */
function computeFunctions(build: Build, l: number): TransformerLayer {
  const { rows, planned, width } = build;
  const heads: Head[] = [];
  const units = feedForward(build);
  const frame = { ...rows, width, temperature };
  const layer: BlockLayer = { rows, units, attend: (head) => heads.push(blockHead(frame, head)) };
  for (const { layers } of planned) layers[l]?.(layer);
  const purpose = `step ${l + 1} of ${blockLayers} of all functions at once`;
  return { name: `functions ${l + 1}`, purpose, heads, feedForward: units.build() };
}

/** c <- the result of the function that the instruction names. */
function selectResult(build: Build): TransformerLayer {
  const { rows, fields, planned, names, size } = build;
  const builder = feedForward(build);
  for (const [f, { result, bound }] of planned.entries()) {
    const named = rowAt(field(build, fields.function, planned.length), f);
    builder.group(`c <- ${names[f]}, where the instruction names it`, (units) => {
      const on = [
        [named, 0.5],
        [rows.indicator.offset, -0.5],
      ] as const;
      for (let i = 0; i < size; i++) units.gated([[rowAt(result, i), 1]], on, rowAt(rows.c, i), bound);
    });
  }
  const purpose = "of all results, the one of the instruction's function is taken";
  return { name: "select", purpose, heads: [], feedForward: builder.build() };
}

/** mem[c] <- c. */
function writeResult(build: Build): TransformerLayer {
  const { rows, fields, width, size } = build;
  const buffer = part(rows.buffer, 0, size);
  const head = pointerHead(
    "memory at c",
    width,
    rows.position,
    [field(build, fields.c), rows.lane],
    [
      { from: rows.memory, to: buffer },
      { from: rows.c, to: buffer },
    ],
  );
  const network = feedForward(build).overwrite(rows.memory, buffer, "elsewhere", { bound: wide }).clear(buffer).build();
  const purpose = "the result is written to the matrix that c points to, column by column";
  return { name: "write", purpose, heads: [head], feedForward: network };
}

/** flag <- 1 where the first entry of mem[flag] is 0 or less; counter <- counter + 1. */
function testAndAdvance(build: Build): TransformerLayer {
  const { rows, fields, size } = build;
  const buffer = part(rows.buffer, 0, 1);
  const head = flagHead(build, field(build, fields.flag), buffer);
  const builder = feedForward(build)
    .group("flag <- mem[flag] <= 0", (units) => {
      const slope = flagSlope * (size + 1);
      units.unit(
        [
          [rows.indicator.offset, 1],
          [buffer.offset, -slope],
        ],
        [[rows.flag.offset, 1]],
      );
      units.unit([[buffer.offset, -slope]], [[rows.flag.offset, -1]]);
    })
    .clear(buffer, rows.counter)
    .adder(rows.counter, [rows.counter], 1);
  const purpose = "the flag becomes 1 where mem[flag] is 0 or less; the counter moves to the next column";
  return { name: "test and advance", purpose, heads: [head], feedForward: builder.build() };
}

/** Every scratch column reads the first entry of the flag's matrix: its column number is 0 whatever the reader's is. */
function flagHead({ rows, width }: Build, cell: RowRange, buffer: RowRange): Head {
  const { lane, indicator, position, memory } = rows;
  const zero = Array.from({ length: lane.size }, (): Entry => [indicator.offset, -1]);
  const pointer = [...rowsOf(cell).map((row): Entry => [row, 1]), ...zero];
  const address = sparseMatrix(
    width,
    pointer.map((entry, i) => [entry, [rowAt(position, i), 1]]),
  );
  const value = copyRows(width, [{ from: part(memory, 0, 1), to: buffer }]);
  return { name: "memory at flag", query: address, key: address, value };
}

/** counter <- p where the flag is 1. */
function branch(build: Build): TransformerLayer {
  const { rows, fields } = build;
  const builder = chooseCounter(feedForward(build), {
    counter: rows.counter,
    target: field(build, fields.target, rows.counter.size),
    flag: rows.flag.offset,
    indicator: rows.indicator.offset,
  });
  const purpose = "the counter becomes p where the flag is 1";
  return { name: "branch", purpose, heads: [], feedForward: builder.build() };
}

/** Leaves nothing behind but memory, counter and instruction. */
function clearWork(build: Build): TransformerLayer {
  const { rows, working } = build;
  const network = feedForward(build)
    .clear(rows.a, rows.b, rows.c, rows.flag)
    .clear(...working)
    .build();
  const purpose = "operands, results and all that functions left behind become 0";
  return { name: "clear", purpose, heads: [], feedForward: network };
}

/** Makes exact what the next loop starts from. */
function snapState(build: Build): TransformerLayer {
  const { rows } = build;
  const network = feedForward(build).snap(rows.counter, rows.current).build();
  return { name: "snap", purpose: "counter and instruction become exact", heads: [], feedForward: network };
}
