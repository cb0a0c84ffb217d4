/** A random network that computes what a target does, by nothing but its norm layers. @module */
import { ConfigError, Random } from "../../core/index.ts";
import { LogHistogram, type Pause } from "../../linalg/index.ts";
import { applyReluNetwork, type ReluNetwork } from "../../nn/index.ts";
import { pressingInputs } from "./adversary.ts";
import { type Affine, advance, type Block, boundUnits, reachOfDomain } from "./certify.ts";
import { type Domain, drawInput } from "./domain.ts";
import { applyBlocks, mapRows } from "./forward.ts";
import { type BlockSize, type FrozenBlock, freezeBlock, keepProbability } from "./frozen.ts";
import type { BlockNorms } from "./network.ts";
import { InfeasibleError, largestResidual, neededWidth, solveScales } from "./solve.ts";
import { columnStatistics, fromBatchNorm, toBatchNorm } from "./statistics.ts";

/** How a target is reconstructed. */
export interface ReconstructOptions {
  readonly domain: Domain;
  readonly seed: number;
  /** Frozen neurons for each weight of the target; default 1.2. */
  readonly widthFactor?: number;
  /** The least width instead, outDim (inDim - 1) + 1, with the second norms' scales as unknowns too; default false. */
  readonly minimal?: boolean;
  /** Frozen neurons less than that, to see a refusal; default 0. */
  readonly short?: number;
  /** c of the share of entries that frozen weights keep, c sqrt(log d / d); default all. */
  readonly sparsity?: number;
  /** Store the norms as batch norm, with running statistics of a calibration sample; default false. */
  readonly batchNorm?: boolean;
  /** Called between pieces of work with the share that is done. */
  readonly progress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** A reconstruction, whole: frozen weights, what was found for the norms, and what is certain about it. */
export interface Reconstruction {
  readonly blocks: readonly Block[];
  /** What is stored. */
  readonly norms: readonly BlockNorms[];
  /** Largest over smallest singular value of every layer's linear system. */
  readonly conditionNumbers: readonly number[];
  readonly residuals: readonly number[];
  /** No output differs from the target's by more, on the whole domain. */
  readonly errorBound: number;
}

/** Inputs that the running statistics are taken over. */
const calibrationSize = 512;
/** How far the shift of a unit lies above what it needs, in parts of its magnitude: room for the rounding of stored numbers. */
const spare = 1e-12;

/** Sizes of the block for a layer of the target. */
function blockSize(
  { inDim, outDim }: Pick<BlockSize, "inDim" | "outDim">,
  { widthFactor = 1.2, minimal = false, short = 0 }: Pick<ReconstructOptions, "widthFactor" | "minimal" | "short">,
): BlockSize {
  const full = minimal ? neededWidth({ inDim, outDim }, true) : Math.ceil(widthFactor * inDim * outDim - 1e-9);
  return { inDim, outDim, width: Math.max(1, full - short) };
}

/** Weights of a layer, at most: the solution takes some thousand passes over as many squared. */
const mostWeights = 20_000;

/** @throws {ConfigError} where a layer is too large to be solved for in minutes */
function checkSizes({ layers }: ReluNetwork): void {
  const large = layers.findIndex(({ inDim, outDim }) => inDim * outDim > mostWeights);
  if (large < 0) return;
  const { inDim, outDim } = layers[large]!;
  throw new ConfigError({
    where: `norm reconstruct, layer ${large}`,
    expected: `at most ${mostWeights} weights a layer`,
    found: `${outDim} x ${inDim}`,
    hint: "take a narrower target: the frozen network has a neuron for each weight",
  });
}

/** Lets the event loop turn now and then, and stops where asked to. */
function pauseFor(signal: AbortSignal | undefined): Pause {
  let last = performance.now();
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() - last < 50) return;
    await new Promise(setImmediate);
    last = performance.now();
  };
}

/**
 * Reconstructs a target: two random maps for each of its layers, frozen, with scales that make their product the layer's weight and
 * shifts that keep every hidden unit from clipping on the domain.
 *
 * @throws {InfeasibleError} where the frozen weights cannot reach a layer; nothing is returned then
 * @remarks Source: Giannou, Rajput and Papailiopoulos (2023), Theorem 1; shifts and bounds are ours (docs/norm-tuning-bounds.md).
 */
export async function reconstruct(target: ReluNetwork, options: ReconstructOptions): Promise<Reconstruction> {
  const { domain, seed, sparsity, minimal = false, batchNorm = false, progress, signal } = options;
  const { layers } = target;
  checkSizes(target);
  const pause = pauseFor(signal);
  const work = layers.map(({ inDim, outDim }) => (inDim * outDim) ** 2);
  const totalWork = work.reduce((sum, value) => sum + value, 0);
  let done = 0;

  const blocks: Block[] = [];
  const norms: BlockNorms[] = [];
  const conditionNumbers: number[] = [];
  const residuals: number[] = [];
  let reach = reachOfDomain(domain, layers[0]!.inDim);
  let sample = batchNorm ? calibrationSample(domain, layers[0]!.inDim, seed) : new Float64Array(0);
  for (const [l, layer] of layers.entries()) {
    signal?.throwIfAborted();
    const size = blockSize(layer, options);
    const frozen = freezeBlock(seed, l, size, keepProbability(sparsity, size));
    const scales = await solveScales(layer, frozen, { minimal, pause });
    if (!(scales.residual <= largestResidual)) {
      throw new InfeasibleError({
        layer: l,
        width: size.width,
        neededWidth: neededWidth(layer, minimal),
        residual: scales.residual,
        sparse: sparsity !== undefined,
      });
    }
    conditionNumbers.push(scales.conditionNumber);
    residuals.push(scales.residual);

    const statistics = batchNorm ? statisticsOf(frozen, sample) : undefined;
    const settle = (wanted: Affine, where: "first" | "second") => {
      if (!statistics) return { numbers: { weight: wanted.scale, bias: wanted.shift }, affine: wanted };
      const numbers = toBatchNorm(wanted, where === "first" ? statistics.first : statistics.second(first.affine));
      return { numbers, affine: fromBatchNorm(numbers) };
    };
    // The scale as it will be read back decides the shift.
    const units = boundUnits(frozen, scales.first, reach);
    const shift = units.needed.map((value, k) => value + spare * units.magnitude[k]!);
    const first = settle({ scale: scales.first, shift }, "first");
    const second = settle(
      { scale: scales.second, shift: outputShift(layer.bias, frozen, scales.second, first.affine) },
      "second",
    );
    const block: Block = { frozen, first: first.affine, second: second.affine };
    const step = advance(layer, block, reach, l + 1 < layers.length);
    if (!(step.smallestMargin >= 0)) throw tooLarge(l);
    blocks.push(block);
    norms.push({ first: first.numbers, second: second.numbers });
    reach = step.reach;
    if (batchNorm) sample = applyBlocks([block], sample, { relus: true });
    done += work[l]!;
    progress?.(done / totalWork);
    await pause();
  }
  const errorBound = Math.max(...reach.drift);
  if (!Number.isFinite(errorBound)) throw tooLarge(layers.length - 1);
  return { blocks, norms, conditionNumbers, residuals, errorBound };
}

const tooLarge = (layer: number) =>
  new ConfigError({
    where: `norm reconstruct, layer ${layer}`,
    expected: "numbers that float64 can hold",
    found: "scales or a domain beyond them",
    hint: "scale the target, or take a smaller --domain",
  });

/** b - second B first.shift, which takes out again what the shifts of the hidden units add. */
function outputShift(bias: Float64Array, { second, width }: FrozenBlock, scale: Float64Array, { shift }: Affine) {
  return bias.map((value, j) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += second[j * width + k]! * shift[k]!;
    return value - scale[j]! * sum;
  });
}

function calibrationSample(domain: Domain, inDim: number, seed: number): Float64Array {
  return drawInputs(domain, inDim, calibrationSize, new Random(seed, "norm", "calibration"));
}

/** float64[count, inDim] of a domain. */
export function drawInputs(domain: Domain, inDim: number, count: number, random: Random, times = 1): Float64Array {
  const inputs = new Float64Array(count * inDim);
  for (let n = 0; n < count; n++) inputs.set(drawInput(domain, inDim, random, times), n * inDim);
  return inputs;
}

/** Statistics of a block's two maps over a sample of its inputs. */
function statisticsOf(frozen: FrozenBlock, sample: Float64Array) {
  const { inDim, width, outDim } = frozen;
  const plain = (size: number): Affine => ({ scale: new Float64Array(size).fill(1), shift: new Float64Array(size) });
  return {
    first: columnStatistics(mapRows(sample, frozen.first, inDim, width, plain(width), false), width),
    second: (first: Affine) => {
      const hidden = mapRows(sample, frozen.first, inDim, width, first, true);
      return columnStatistics(mapRows(hidden, frozen.second, width, outDim, plain(outDim), false), outDim);
    },
  };
}

/** What {@link measureError} found. */
export interface MeasuredError {
  /** Largest difference of any output. */
  readonly error: number;
  /** Largest output of the target. */
  readonly scale: number;
  /** Inputs measured: drawn at random, and those that press the hardest. */
  readonly samples: number;
  /** The largest difference of each input, counted. */
  readonly histogram: LogHistogram;
}

/** Inputs a piece. */
const piece = 2000;

/** The largest difference of outputs over random inputs of the domain and those that press the hardest. */
export function measureError(
  target: ReluNetwork,
  blocks: readonly Block[],
  { domain, samples, random }: { readonly domain: Domain; readonly samples: number; readonly random: Random },
): MeasuredError {
  const { inDim } = target.layers[0]!;
  const { outDim } = target.layers.at(-1)!;
  const histogram = new LogHistogram();
  let [error, scale, count] = [0, 0, 0];
  const look = (inputs: Float64Array) => {
    const wanted = applyReluNetwork(target, inputs);
    const found = applyBlocks(blocks, inputs);
    for (let start = 0; start < wanted.length; start += outDim) {
      let own = 0;
      for (let i = start; i < start + outDim; i++) {
        own = Math.max(own, Math.abs(found[i]! - wanted[i]!));
        scale = Math.max(scale, Math.abs(wanted[i]!));
      }
      histogram.add(own);
      error = Math.max(error, own);
    }
    count += inputs.length / inDim;
  };
  look(pressingInputs(target, blocks, domain));
  for (let at = 0; at < samples; at += piece) look(drawInputs(domain, inDim, Math.min(piece, samples - at), random));
  return { error, scale, samples: count, histogram };
}
