/** Networks whose weights are random and stay so: training only decides which of them are kept. @module */
import { flattenTree, type HostTensor, hostTensor, mapTree, Random, sizeOf, type Tree } from "../../core/index.ts";
import {
  abs,
  add,
  and,
  cast,
  clip,
  customGradient,
  div,
  exp,
  floor,
  greater,
  greaterEqual,
  minimum,
  mul,
  or,
  sign,
  sub,
  sum,
  type Tensor,
} from "../../engine/index.ts";
import { isBuffer, type Layer, type Mode, type Parameters, type Traced, uniform } from "../../nn/index.ts";
import { edgeSigns } from "./signs.ts";
import { hostTopMask, topMask } from "./top-mask.ts";

/** How a mask is found; see {@link maskedModel}. */
export const maskMethods = ["edge-popup", "biprop", "gem-miner"] as const;
export type MaskMethod = (typeof maskMethods)[number];

/** What the frozen weights are; see {@link frozenWeight}. */
export const weightKinds = ["binary", "signed-constant", "normal"] as const;
export type WeightKind = (typeof weightKinds)[number];

/** Options of {@link maskedModel}. */
export interface MaskedOptions {
  readonly method: MaskMethod;
  readonly weights: WeightKind;
  /** Share of every layer's weights that is kept, in (0, 1]. */
  readonly keep: number;
  /** Names the frozen weights. */
  readonly seed: number;
  /** Steps of the training; gem-miner freezes weights at zero over the first four fifths of them. */
  readonly totalSteps: number;
}

/** One layer's frozen weights. */
export interface MaskedLayer {
  /** Path of the weight in the model's own parameters. */
  readonly path: string;
  readonly shape: readonly number[];
  /** Elements of the weight. */
  readonly size: number;
  /** Elements that are kept: the whole number nearest to keep times size, and at least 1. */
  readonly kept: number;
  /** sqrt(2 / (fan-in keep)): the deviation of normal weights, and the amplitude of constant ones. */
  readonly gain: number;
}

/** Parameters of a masked model: what is frozen, and a score for every weight. */
export interface MaskedParams {
  readonly frozen: Parameters;
  readonly scores: readonly HostTensor[];
  /** Of gem-miner: 1 where a weight may still be kept, a buffer for each layer. */
  readonly alive?: readonly { readonly running: HostTensor }[];
}

/** A model that learns a mask over frozen weights. */
export interface MaskedModel extends Layer<MaskedParams> {
  readonly layers: readonly MaskedLayer[];
  /** Whether training changes the parameter at a path: scores only. */
  trainable(path: string): boolean;
  /** The mask that parameters stand for: 0 or 1 for every element of every layer's weight. */
  masks(params: MaskedParams): Uint8Array[];
}

/** Whether a leaf is a weight to mask, and not a bias or a running statistic. */
function isWeight(path: string, { shape }: { readonly shape: readonly number[] }): boolean {
  return shape.length >= 2 && /(^|\.)weight$/.test(path);
}

/** The layers of a model that are masked. */
function maskedLayers(model: Layer, keep: number): MaskedLayer[] {
  return flattenTree(model.init(new Random(0)) as Tree<HostTensor>)
    .filter(([path, leaf]) => isWeight(path, leaf))
    .map(([path, { shape }]) => {
      const size = sizeOf(shape);
      const fanIn = sizeOf(shape.slice(1));
      return { path, shape, size, kept: Math.max(1, Math.round(keep * size)), gain: Math.sqrt(2 / (fanIn * keep)) };
    });
}

/**
 * A layer's frozen weights: `binary` are +1 and -1, `signed-constant` the same times the layer's gain, `normal` from the normal
 * distribution with that deviation. Signs are those of the edge from element j of an output's inputs to output i.
 *
 * @returns float32 of the layer's shape
 */
export function frozenWeight(
  { shape, size, gain }: MaskedLayer,
  kind: WeightKind,
  seed: number,
  layer: number,
): HostTensor {
  if (kind === "normal") {
    const random = new Random(seed, "frozen", layer);
    return hostTensor(
      Float32Array.from({ length: size }, () => random.normal(0, gain)),
      shape,
    );
  }
  const signs = edgeSigns(seed, layer);
  const fanIn = sizeOf(shape.slice(1));
  const amplitude = kind === "binary" ? 1 : gain;
  return hostTensor(
    Float32Array.from({ length: size }, (_, i) => amplitude * signs(i % fanIn, Math.floor(i / fanIn))),
    shape,
  );
}

/** What the model's output is multiplied by: of binary weights, the gains that the layers do without. */
export function outputScale(layers: readonly MaskedLayer[], kind: WeightKind): number {
  return kind === "binary" ? layers.reduce((product, { gain }) => product * gain, 1) : 1;
}

/**
 * The model's own parameters with frozen weights and biases of 0.
 *
 * @param weightOf - the weight of each layer
 */
export function withWeights(
  params: Parameters,
  layers: readonly MaskedLayer[],
  weightOf: (layer: number) => HostTensor,
): Parameters {
  return mapTree(params as Tree<HostTensor>, (leaf, path) => {
    const layer = layers.findIndex((each) => each.path === path);
    if (layer >= 0) return weightOf(layer);
    return isBuffer(path) ? leaf : { ...leaf, data: leaf.data.map(() => 0) };
  }) as Parameters;
}

/** Share of the steps after which gem-miner freezes no more. */
const freezingShare = 0.8;
/** How often gem-miner freezes. */
const freezings = 10;

/**
 * Wraps a model so that `fit` trains a score for every weight and the weights themselves stay. A weight is kept or masked by its
 * score; the gradient passes the mask as if it were the score (straight through).
 *
 * - `edge-popup`: the share `keep` of every layer with the largest |score|
 * - `biprop`: the same mask; what is kept is the weight's sign times the mean |weight| of what is kept
 * - `gem-miner`: scores in [0, 1], kept from 1/2 on; meanwhile the lowest are frozen at zero, step by step until the share `keep` is
 *   left to choose from
 *
 * Biases stay at 0: without them the network is positively homogeneous, and the amplitude of its weights is one factor at the end.
 *
 * @remarks Sources: Ramanujan et al. (2020), "What's hidden in a randomly weighted neural network?"; Diffenderfer and Kailkhura
 * (2021), "Multi-prize lottery ticket hypothesis", Algorithm 1; Sreenivasan et al. (2022), "Rare gems". Deviations: gem-miner
 * freezes layer by layer, the penalty on its scores is the optimizer's weight decay, and weights are not tuned afterwards.
 */
export function maskedModel(model: Layer, options: MaskedOptions): MaskedModel {
  const { method, weights, keep, seed, totalSteps } = options;
  const layers = maskedLayers(model, keep);
  const isGem = method === "gem-miner";
  const period = Math.max(1, Math.floor((freezingShare * totalSteps) / freezings));

  const maskOf = (params: Traced<MaskedParams>, layer: number, mode: Mode): Tensor => {
    const score = params.scores[layer] as Tensor;
    if (!isGem) return topMask(abs(score), layers[layer]!.kept);
    const alive = (params.alive as readonly { running: Tensor }[])[layer]!.running;
    const left = mode.training ? freeze(alive, score, layers[layer]!, keep, mode.step!, period) : alive;
    if (mode.training) mode.update(alive, left);
    return mul(left, cast(greaterEqual(score, 0.5), "float32"));
  };

  return {
    layers,
    trainable: (path) => path.startsWith("scores."),
    init(random) {
      const frozen = withWeights(model.init(random), layers, (layer) =>
        frozenWeight(layers[layer]!, weights, seed, layer),
      );
      const scores = layers.map(({ shape, gain }) => {
        if (!isGem) return uniform(random, shape, gain * Math.sqrt(keep / 2));
        const centred = uniform(random, shape, 0.5);
        return { ...centred, data: centred.data.map((value) => value + 0.5) };
      });
      const alive = layers.map(({ shape, size }) => ({ running: hostTensor(new Float32Array(size).fill(1), shape) }));
      return { frozen, scores, ...(isGem && { alive }) };
    },
    apply(params, input, mode) {
      const traced = params as Traced<MaskedParams> & { readonly frozen: Traced<Parameters> };
      const masked = mapTree(traced.frozen as Tree<Tensor>, (leaf, path) => {
        const layer = layers.findIndex((each) => each.path === path);
        if (layer < 0) return leaf;
        const mask = maskOf(traced, layer, mode);
        return straightThrough(
          effectiveWeight(leaf, mask, method, layers[layer]!.kept),
          leaf,
          traced.scores[layer] as Tensor,
          isGem,
        );
      }) as Traced<Parameters>;
      return mul(model.apply(masked, input, mode), outputScale(layers, weights));
    },
    masks: ({ scores, alive }) =>
      scores.map((score, layer) => hostMask(score, alive?.[layer]?.running, layers[layer]!)),
  };
}

/** The elements that may still be kept at a step: as many of those alive as the schedule leaves, by score. */
function freeze(
  alive: Tensor,
  score: Tensor,
  { size, kept }: MaskedLayer,
  keep: number,
  step: Tensor,
  period: number,
): Tensor {
  const stage = minimum(floor(mul(sub(step, 1), 1 / period)), freezings);
  const scheduled = mul(exp(mul(stage, Math.log(keep) / freezings)), size);
  // The last stage is the exact number, whatever exp rounds to.
  const isLast = cast(greaterEqual(stage, freezings), "float32");
  const budget = add(mul(isLast, kept), mul(sub(1, isLast), scheduled));
  // Scores from 1 on for what is alive, 0 for what is not.
  const ranking = mul(add(clip(score, 0, 1), 1), alive);
  return mul(alive, topMask(ranking, floor(budget)));
}

/** What a layer's weight is in the network. */
function effectiveWeight(weight: Tensor, mask: Tensor, method: MaskMethod, kept: number): Tensor {
  if (method !== "biprop") return mul(weight, mask);
  const amplitude = div(sum(mul(abs(weight), mask)), kept);
  return mul(mul(sign(weight), mask), amplitude);
}

/** d/d score = d/d mask, times the sign of the score where it counts by its size, and nothing beyond the ends of [0, 1]. */
function straightThrough(effective: Tensor, weight: Tensor, score: Tensor, isGem: boolean): Tensor {
  return customGradient(effective, [score], (ct) => {
    const gradient = mul(ct, weight);
    if (!isGem) return [mul(gradient, sign(score))];
    const inside = and(greaterEqual(score, 0), greaterEqual(1, score));
    const back = or(and(greater(score, 1), greater(gradient, 0)), and(greater(0, score), greater(0, gradient)));
    return [mul(gradient, cast(or(inside, back), "float32"))];
  });
}

/** The mask of a layer outside of a graph, as the graph has it. */
function hostMask(score: HostTensor, alive: HostTensor | undefined, { kept }: MaskedLayer): Uint8Array {
  if (alive) return Uint8Array.from(score.data, (value, i) => (value >= 0.5 && alive.data[i] === 1 ? 1 : 0));
  return hostTopMask(
    Float32Array.from(score.data, (value) => Math.abs(value)),
    kept,
  );
}

/**
 * The weight of a layer as it is deployed: zeros where it is masked.
 *
 * @param mask - 0 or 1 for every element
 */
export function deployedWeight(frozen: HostTensor, mask: Uint8Array, method: MaskMethod): HostTensor {
  const data = Float32Array.from(frozen.data, (value, i) => value * mask[i]!);
  if (method !== "biprop") return hostTensor(data, frozen.shape);
  let [sum, kept] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    sum += Math.abs(data[i]!);
    kept += mask[i]!;
  }
  const amplitude = sum / Math.max(1, kept);
  return hostTensor(
    data.map((value) => Math.sign(value) * amplitude),
    frozen.shape,
  );
}
