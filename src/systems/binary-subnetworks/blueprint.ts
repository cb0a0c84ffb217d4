/** The layers of the random network that a target is found in: what each unit may be used for, before any sign is looked at. @module */
import { ConfigError } from "../../core/index.ts";
import { type ChannelMatrix, channelMatrix, type QuantizedTarget } from "./quantized-target.ts";

/**
 * How whole numbers are made of signs: by doubling a value again and again and adding the powers of two that the number's binary
 * digits ask for, or by adding the value as often as the number says.
 */
export type Gadget = "doubling" | "unary";

/** Units offered for every unit needed. */
const slackFactor = 3;

/** One layer of the target as a matrix of whole numbers over nonnegative channels. */
export interface Block extends ChannelMatrix {
  /** Copies of every channel and power that units of this block choose among. */
  readonly copies: number;
}

/** What is built of which size. */
export interface Blueprint {
  readonly gadget: Gadget;
  /** Doublings in a block: the bits, or none in a unary one. */
  readonly doublings: number;
  /** Inputs of the network, the constant one included. */
  readonly inputs: number;
  /** Whether every input is taken twice, as x and as -x, for it may be negative. The constant input never is. */
  readonly split: boolean;
  readonly hasBias: boolean;
  readonly blocks: readonly Block[];
}

/** The parts of a blueprint that do not depend on copies. */
export interface Shape {
  readonly quantized: QuantizedTarget;
  readonly gadget: Gadget;
  readonly split: boolean;
}

/** The blueprint with `copies` in every block but the last, and `lastCopies` there. */
export function drawBlueprint({ quantized, gadget, split }: Shape, copies: number, lastCopies: number): Blueprint {
  const { layers, hasBias, bits } = quantized;
  const blocks = layers.map((_, l): Block => {
    const matrix = channelMatrix(quantized, l);
    const own = l === 0 && split ? withNegatives(matrix, layers[0]!.inDim) : matrix;
    return { ...own, copies: l + 1 === layers.length ? lastCopies : copies };
  });
  return {
    gadget,
    doublings: gadget === "unary" ? 0 : bits,
    inputs: layers[0]!.inDim + (hasBias ? 1 : 0),
    split,
    hasBias,
    blocks,
  };
}

/** [N, b] -> [N, -N, b]: the channels are relu(x), relu(-x) and the constant. */
function withNegatives({ rows, columns, values }: ChannelMatrix, inDim: number): ChannelMatrix {
  const wide = columns + inDim;
  const out = new Float64Array(rows * wide);
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * columns, (i + 1) * columns);
    out.set(row.subarray(0, inDim), i * wide);
    for (let j = 0; j < inDim; j++) out[i * wide + inDim + j] = row[j]! === 0 ? 0 : -row[j]!;
    out.set(row.subarray(inDim), i * wide + 2 * inDim);
  }
  return { rows, columns: wide, values: out };
}

/** Units that a block's input layer offers for each channel. */
export function entryPool({ doublings }: Blueprint, copies: number): number {
  return Math.max(2, doublings + 1) * slackFactor * copies;
}

/** Units that a block's doubling layers offer for each channel and power. */
export function powerPool(copies: number): number {
  return slackFactor * copies;
}

/**
 * The number of units of every layer, from the inputs (first) to the outputs (last).
 *
 * @throws {ConfigError} where a layer would have more units than 31 bits can number
 */
export function layerWidths(blueprint: Blueprint): number[] {
  const { blocks, doublings, inputs, split, hasBias } = blueprint;
  // A split input has one pool twice as large, of which units are x or -x as their sign falls.
  const entries = (split ? 2 : 1) * (inputs - (hasBias ? 1 : 0)) + (hasBias ? 1 : 0);
  const widths = [inputs, entries * entryPool(blueprint, blocks[0]!.copies)];
  for (const [b, { rows, columns, copies }] of blocks.entries()) {
    for (let t = 1; t <= doublings; t++) widths.push(columns * (t + 1) * powerPool(copies));
    const next = blocks[b + 1];
    widths.push(next ? rows * entryPool(blueprint, next.copies) : rows);
  }
  const most = Math.max(...widths);
  if (most >= 2 ** 31) {
    throw new ConfigError({
      where: "--eps",
      expected: "layers of fewer than 2^31 units",
      found: `one of ${most}`,
      hint: "take a larger eps, or --gadget doubling",
    });
  }
  return widths;
}

/** The highest power of two in the numbers that a channel is multiplied by; -1 where it is not used. */
export function topPower({ rows, columns, values }: ChannelMatrix, channel: number): number {
  let most = 0;
  for (let i = 0; i < rows; i++) most = Math.max(most, Math.abs(values[i * columns + channel]!));
  return most === 0 ? -1 : Math.floor(Math.log2(most));
}

/** How often a combining unit adds the values of each power: the binary digits of |n|, or |n| times the value itself. */
export function termsOf(gadget: Gadget, value: number): [power: number, count: number][] {
  const magnitude = Math.abs(value);
  if (magnitude === 0) return [];
  if (gadget === "unary") return [[0, magnitude]];
  const terms: [number, number][] = [];
  for (let rest = magnitude, power = 0; rest > 0; rest = Math.floor(rest / 2), power++) {
    if (rest % 2 === 1) terms.push([power, 1]);
  }
  return terms;
}
