/** From a trained network to a mask of a random one: scale, quantize, size, construct, measure. @module */
import { ConfigError } from "../../core/index.ts";
import type { ReluNetwork } from "../../nn/index.ts";
import { type Blueprint, drawBlueprint, type Gadget, layerWidths } from "./blueprint.ts";
import { construct, countEdges, countVirtualEdges, type MaskLayer } from "./construct.ts";
import { type Domain, isNonnegative, radiusOf } from "./domain.ts";
import { type ErrorBound, fewestBits } from "./error-bound.ts";
import { signedLayers } from "./integer-forward.ts";
import { type Measurement, measureError } from "./measure-error.ts";
import { type QuantizedTarget, type ScaledTarget, scaleTarget } from "./quantized-target.ts";
import { chooseCopies, riskOf } from "./redundancy.ts";

/** Options of {@link approximate}. */
export interface ApproximateOptions {
  /** Largest Euclidean distance of outputs to promise, in the target's units. */
  readonly eps: number;
  /** Probability over seeds that the construction fails, at most; default 0.01. */
  readonly delta?: number;
  /** Names the random network. */
  readonly seed: number;
  /** Inputs that the promise is for; default all of norm at most 1. */
  readonly domain?: Domain;
  /** Default `doubling`. */
  readonly gadget?: Gadget;
  /** Copies of every value; default as few as `delta` asks for. */
  readonly copies?: number;
  /** Random inputs to measure on; default 1000. */
  readonly samples?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
}

/** A target found in a random network. */
export interface Approximation {
  readonly seed: number;
  readonly eps: number;
  readonly delta: number;
  readonly domain: Domain;
  readonly target: ReluNetwork;
  readonly scaled: ScaledTarget;
  readonly quantized: QuantizedTarget;
  readonly blueprint: Blueprint;
  /** Units of every layer, the inputs first. */
  readonly widths: readonly number[];
  readonly layers: readonly MaskLayer[];
  readonly bound: ErrorBound;
  readonly copies: number;
  readonly lastCopies: number;
  /** Bound on the probability of failing that the copies stand for. */
  readonly risk: number;
  readonly keptEdges: number;
  readonly virtualEdges: number;
  readonly samples: number;
  readonly measurement: Measurement;
}

const largestRisk = 1;

/**
 * Finds a subnetwork of a random network of +1 and -1 that computes `target` to within `eps`, by masking edges only.
 *
 * @throws {RedundancyError} where the seed has not the signs it needs
 * @throws {ConfigError} where eps is out of reach
 * @remarks Our construction after Sreenivasan, Rajput, Sohn and Papailiopoulos (2022): weights become whole numbers by positive
 * homogeneity, their powers of two are made by doubling gadgets, redundancy gives every sign. Scale, biases and the error bound
 * are ours; `docs/binary-subnetworks-format.md` has the derivation.
 * @example
 * ```ts
 * const { keptEdges, measurement } = await approximate(await readReluNetwork("model.safetensors"), { eps: 0.1, seed: 0 });
 * ```
 */
export async function approximate(target: ReluNetwork, options: ApproximateOptions): Promise<Approximation> {
  const {
    eps,
    delta = 0.01,
    seed,
    domain = { kind: "ball", radius: 1 },
    gadget = "doubling",
    samples = 1000,
  } = options;
  if (!(eps > 0 && Number.isFinite(eps))) {
    throw new ConfigError({ where: "--eps", expected: "a positive number", found: `${eps}` });
  }
  const scaled = scaleTarget(target, domain);
  const radius = radiusOf(domain, target.layers[0]!.inDim);
  const { quantized, bound } = fewestBits(target, scaled, eps, radius);
  const shape = { quantized, gadget, split: !isNonnegative(domain) };
  const chosen = options.copies === undefined ? chooseCopies(shape, delta) : undefined;
  const copies = options.copies ?? chosen!.copies;
  const lastCopies = options.copies ?? chosen!.lastCopies;
  const blueprint = drawBlueprint(shape, copies, lastCopies);
  const { early, last } = riskOf(blueprint);
  const widths = layerWidths(blueprint);
  options.signal?.throwIfAborted();
  const layers = construct(blueprint, seed);
  const measurement = await measureError(signedLayers(layers, seed), {
    target,
    scaled,
    quantized,
    domain,
    samples,
    seed,
    purpose: "approximate",
    ...(options.signal && { signal: options.signal }),
    ...(options.progress && { progress: options.progress }),
  });
  return {
    seed,
    eps,
    delta,
    domain,
    target,
    scaled,
    quantized,
    blueprint,
    widths,
    layers,
    bound,
    copies,
    lastCopies,
    risk: Math.min(largestRisk, early + last),
    keptEdges: countEdges(layers),
    virtualEdges: countVirtualEdges(widths[0]!, layers),
    samples,
    measurement,
  };
}
