/**
 * What is certain about a reconstruction: that no hidden unit ever clips on the domain, and how far its outputs can be from the
 * target's. docs/norm-tuning-bounds.md derives every line.
 *
 * @module
 */
import { svd } from "../../linalg/index.ts";
import type { ReluLayer, ReluNetwork } from "../../nn/index.ts";
import type { Domain } from "./domain.ts";
import type { FrozenBlock } from "./frozen.ts";

/** y = scale x + shift, a channel at a time: a norm layer whose statistics are fixed. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** What stands for one layer of the target: first map, norm, ReLU, second map, norm (and the target's own ReLU, but after the last). */
export interface Block {
  readonly frozen: FrozenBlock;
  readonly first: Affine;
  readonly second: Affine;
}

/** Where the target's activations before a layer can be, and how far the reconstruction's can be from them. */
export interface Reach {
  /** float64[dim]: every activation of the target lies in [low, high]. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** No vector of the target's activations is longer. */
  readonly norm: number;
  /** float64[dim]: largest distance of the reconstruction's activation. */
  readonly drift: Float64Array;
  /** Largest length of the vector of distances. */
  readonly driftNorm: number;
}

/** Unit roundoff of float64. */
const u = 2 ** -53;

/** n roundings in a row: relative error at most this. */
const roundings = (n: number) => (n * u) / (1 - n * u);

/** Covers the rounding of the bounds' own arithmetic, which has less than a million roundings in a row. */
const outward = 1 + 1e-9;

const lengthOf = (values: Float64Array) => {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return 0;
  let sum = 0;
  for (const value of values) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum);
};

/** Before the first layer nothing has drifted yet. */
export function reachOfDomain(domain: Domain, inDim: number): Reach {
  const [low, high] = domain.kind === "box" ? [domain.low, domain.high] : [-domain.radius, domain.radius];
  const corner = Math.max(Math.abs(low), Math.abs(high)) * Math.sqrt(inDim);
  return {
    low: new Float64Array(inDim).fill(low),
    high: new Float64Array(inDim).fill(high),
    norm: (domain.kind === "ball" ? domain.radius : corner) * outward,
    drift: new Float64Array(inDim),
    driftNorm: 0,
  };
}

/** Bounds of a block's hidden units before the shift, over all that can reach them. */
export interface UnitBounds {
  /** float64[width]: the least shift with which the unit never clips, rounding and drift included. */
  readonly needed: Float64Array;
  /** float64[width]: largest value before the shift. */
  readonly highest: Float64Array;
  /** float64[width]: largest error of the value before the shift by rounding. */
  readonly rounding: Float64Array;
  /** float64[width]: sum of the magnitudes of its terms. */
  readonly magnitude: Float64Array;
}

/** Bounds of the hidden units of a block whose first norm scales by `scale`. */
export function boundUnits({ width, inDim, first }: FrozenBlock, scale: Float64Array, reach: Reach): UnitBounds {
  const { low, high, norm, drift, driftNorm } = reach;
  const needed = new Float64Array(width);
  const highest = new Float64Array(width);
  const rounding = new Float64Array(width);
  const magnitude = new Float64Array(width);
  for (let k = 0; k < width; k++) {
    const gamma = scale[k]!;
    let [lowest, most, size, moved, square] = [0, 0, 0, 0, 0];
    for (let i = 0; i < inDim; i++) {
      const factor = gamma * first[k * inDim + i]!;
      const [atLow, atHigh] = [factor * low[i]!, factor * high[i]!];
      lowest += Math.min(atLow, atHigh);
      most += Math.max(atLow, atHigh);
      size += Math.max(Math.abs(atLow), Math.abs(atHigh));
      moved += Math.abs(factor) * drift[i]!;
      square += factor * factor;
    }
    const length = Math.sqrt(square);
    const away = Math.min(moved, length * driftNorm) * outward;
    const total = (size + moved) * outward;
    const rounded = roundings(inDim + 3) * total;
    // Interval or norm, whichever is tighter; the interval's own sums round too.
    const reachable = length * norm * outward;
    needed[k] = Math.min(rounded - lowest, reachable) + away + rounded;
    highest[k] = Math.min(most + rounded, reachable) + away + rounded;
    rounding[k] = rounded;
    magnitude[k] = total;
  }
  return { needed, highest, rounding, magnitude };
}

/** Upper bound of the spectral norm. */
function spectralNorm({ weight, outDim, inDim }: ReluLayer): number {
  const frobenius = lengthOf(weight) * outward;
  if (frobenius === 0 || Math.min(outDim, inDim) > 256) return frobenius;
  // Scaled, as squares of tiny or huge weights leave the numbers.
  const scaled = weight.map((value) => value / frobenius);
  return Math.min(frobenius, svd(scaled, outDim, inDim).s[0]! * (1 + 1e-8) * frobenius);
}

/** What {@link advance} adds to the next layer's reach. */
export interface Advance {
  readonly reach: Reach;
  /** Smallest of shift - needed over the units, in parts of the unit's magnitude; negative where a unit can clip. */
  readonly smallestMargin: number;
  /** A unit with that margin. */
  readonly tightestUnit: number;
}

/**
 * Where activations can be after a layer of the target, and how far those of its block can be from them.
 *
 * @param relu - whether the target has its ReLU after the layer
 */
export function advance(layer: ReluLayer, block: Block, reach: Reach, relu: boolean): Advance {
  const { outDim, inDim, weight, bias } = layer;
  const { frozen, first } = block;
  const { width } = frozen;
  const units = boundUnits(frozen, first.scale, reach);

  let smallestMargin = Number.POSITIVE_INFINITY;
  let tightestUnit = 0;
  for (let k = 0; k < width; k++) {
    const margin = (first.shift[k]! - units.needed[k]!) / (units.magnitude[k]! || 1);
    if (margin < smallestMargin) [smallestMargin, tightestUnit] = [margin, k];
  }
  // Largest value and largest error of every hidden unit.
  const hidden = units.highest.map((value, k) => Math.max(0, value + first.shift[k]!) * outward);
  const hiddenError = units.rounding.map((value, k) => value + u * hidden[k]!);

  const norm = spectralNorm(layer);
  const next = {
    low: new Float64Array(outDim),
    high: new Float64Array(outDim),
    drift: new Float64Array(outDim),
  };
  const added = new Float64Array(outDim);
  for (let j = 0; j < outDim; j++) {
    const own = blockError(j, layer, block, reach, hidden, hiddenError);
    let [lowest, most, size, carried, square] = [bias[j]!, bias[j]!, Math.abs(bias[j]!), 0, 0];
    for (let i = 0; i < inDim; i++) {
      const w = weight[j * inDim + i]!;
      const [atLow, atHigh] = [w * reach.low[i]!, w * reach.high[i]!];
      lowest += Math.min(atLow, atHigh);
      most += Math.max(atLow, atHigh);
      size += Math.max(Math.abs(atLow), Math.abs(atHigh)) + Math.abs(w) * reach.drift[i]!;
      carried += Math.abs(w) * reach.drift[i]!;
      square += w * w;
    }
    const length = Math.sqrt(square) * outward;
    // The target's own rounding, when it is computed in float64 too.
    const rounded = roundings(inDim + 2) * size * outward;
    added[j] = (own + rounded) * outward;
    next.drift[j] = Math.min(carried, length * reach.driftNorm) * outward + added[j]!;
    const [from, to] = [
      Math.max(lowest - rounded, bias[j]! - length * reach.norm - rounded),
      Math.min(most + rounded, bias[j]! + length * reach.norm + rounded),
    ];
    next.low[j] = relu ? Math.max(0, from) : from;
    next.high[j] = relu ? Math.max(0, to) : to;
  }
  const corner = next.low.map((value, j) => Math.max(Math.abs(value), Math.abs(next.high[j]!)));
  return {
    smallestMargin,
    tightestUnit,
    reach: {
      ...next,
      norm: Math.min(norm * reach.norm + lengthOf(bias), lengthOf(corner)) * outward,
      driftNorm: Math.min(norm * reach.driftNorm + lengthOf(added), lengthOf(next.drift)) * outward,
    },
  };
}

/** How far output j of a block can be from the target's layer on the same input: mistaken weights and bias, and rounding. */
function blockError(
  j: number,
  { inDim, weight, bias }: ReluLayer,
  { frozen, first, second }: Block,
  reach: Reach,
  hidden: Float64Array,
  hiddenError: Float64Array,
): number {
  const { width } = frozen;
  const row = frozen.second.subarray(j * width, (j + 1) * width);
  const gamma = second.scale[j]!;
  const product = new Float64Array(inDim);
  const magnitudes = new Float64Array(inDim);
  let [shift, shiftSize, passed, passedError] = [0, 0, 0, 0];
  for (let k = 0; k < width; k++) {
    const factor = row[k]!;
    if (factor === 0) continue;
    const through = factor * first.scale[k]!;
    const from = k * inDim;
    for (let i = 0; i < inDim; i++) {
      const term = through * frozen.first[from + i]!;
      product[i]! += term;
      magnitudes[i]! += Math.abs(term);
    }
    shift += factor * first.shift[k]!;
    shiftSize += Math.abs(factor * first.shift[k]!);
    passed += Math.abs(factor) * hidden[k]!;
    passedError += Math.abs(factor) * hiddenError[k]!;
  }
  const size = Math.abs(gamma);
  let error = 0;
  for (let i = 0; i < inDim; i++) {
    const wanted = weight[j * inDim + i]!;
    const mistake =
      Math.abs(gamma * product[i]! - wanted) +
      roundings(width + 5) * (size * magnitudes[i]! + Math.abs(wanted)) * outward;
    error += mistake * (Math.max(Math.abs(reach.low[i]!), Math.abs(reach.high[i]!)) + reach.drift[i]!);
  }
  const offset = second.shift[j]!;
  error += Math.abs(gamma * shift + offset - bias[j]!);
  error += roundings(width + 5) * (size * shiftSize + Math.abs(offset) + Math.abs(bias[j]!)) * outward;
  error += size * (passedError + roundings(width + 1) * passed);
  return (error + roundings(3) * (size * passed + Math.abs(offset))) * outward;
}

/** What {@link certify} is sure of. */
export interface Certainty {
  /** Largest distance of any output from the target's, over the whole domain, both computed in float64 in any order of sums. */
  readonly errorBound: number;
  /** Smallest margin of a hidden unit over the shift it needs, block by block, in parts of the unit's magnitude. */
  readonly margins: readonly number[];
  /** The first unit that can clip; undefined where none can. */
  readonly clips: { readonly block: number; readonly unit: number } | undefined;
}

/** Bounds the error of blocks that stand for the layers of `target` on `domain`. The bound holds only where no unit can clip. */
export function certify(target: ReluNetwork, blocks: readonly Block[], domain: Domain): Certainty {
  let reach = reachOfDomain(domain, target.layers[0]!.inDim);
  const margins: number[] = [];
  let clips: Certainty["clips"];
  for (const [l, layer] of target.layers.entries()) {
    const step = advance(layer, blocks[l]!, reach, l + 1 < target.layers.length);
    margins.push(step.smallestMargin);
    if (step.smallestMargin < 0) clips ??= { block: l, unit: step.tightestUnit };
    reach = step.reach;
  }
  return { errorBound: Math.max(...reach.drift), margins, clips };
}
