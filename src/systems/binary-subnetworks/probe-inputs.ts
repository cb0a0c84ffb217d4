/** Inputs to try a construction on: random ones, corners, and ones that were searched for a large error. @module */
import { Random } from "../../core/index.ts";
import { applyReluNetwork, type ReluNetwork } from "../../nn/index.ts";
import { type Domain, extremeInput, largestCoordinate, sampleInput } from "./domain.ts";

/** Inputs as whole multiples of a step, so that whole-number forward passes are exact. */
export interface ProbeInputs {
  /** x = step times the whole numbers. */
  readonly step: number;
  /** float64[inDim] of whole numbers, each. */
  readonly rows: readonly Float64Array[];
  /** The constant input as a whole number of steps. */
  readonly constant: number;
  /** How many of the rows, at the end, were searched for. */
  readonly adversarial: number;
}

/** The Jacobian-transposed product J(x)ᵀ v of a ReLU network. */
function pullBack({ layers }: ReluNetwork, x: Float64Array, v: Float64Array): Float64Array {
  const inputs = [x];
  for (const layer of layers.slice(0, -1)) {
    inputs.push(applyReluNetwork({ layers: [layer] }, inputs.at(-1)!).map((value) => Math.max(0, value)));
  }
  let back = v;
  for (let l = layers.length - 1; l >= 0; l--) {
    const { outDim, inDim, weight } = layers[l]!;
    const next = new Float64Array(inDim);
    for (let i = 0; i < outDim; i++) {
      const value = back[i]!;
      if (value === 0) continue;
      for (let j = 0; j < inDim; j++) next[j]! += value * weight[i * inDim + j]!;
    }
    back = l === 0 ? next : next.map((value, j) => (inputs[l]![j]! > 0 ? value : 0));
  }
  return back;
}

/** Steps of a search: each goes to the end of the domain along the gradient of the error. */
const ascentSteps = 8;

/** From `start` to an input at which two networks differ by as much as a few steps of ascent find. */
function ascend(target: ReluNetwork, other: ReluNetwork, domain: Domain, start: Float64Array): Float64Array {
  const differenceAt = (x: Float64Array) => {
    const y = applyReluNetwork(target, x);
    return applyReluNetwork(other, x).map((value, i) => value - y[i]!);
  };
  let [best, bestError] = [start, Math.hypot(...differenceAt(start))];
  let x = start;
  for (let step = 0; step < ascentSteps; step++) {
    const difference = differenceAt(x);
    const own = pullBack(other, x, difference);
    const theirs = pullBack(target, x, difference);
    x = extremeInput(
      domain,
      own.map((value, j) => value - theirs[j]!),
    );
    const error = Math.hypot(...differenceAt(x));
    if (error > bestError) [best, bestError] = [x, error];
  }
  return best;
}

/** Options of {@link probeInputs}. */
export interface ProbeOptions {
  readonly domain: Domain;
  readonly constantInput: number;
  /** Random inputs; a tenth as many corners, and as many searched. */
  readonly samples: number;
  /** Bits of an input: x is a multiple of constantInput 2^-inputBits. */
  readonly inputBits: number;
  readonly random: Random;
}

/**
 * Inputs of the domain, rounded to a grid inside it: random ones, corners of the box (or ends of axes of the ball), rows of the
 * first layer as directions, and inputs searched by ascent of the error between target and quantized target.
 */
export function probeInputs(
  target: ReluNetwork,
  quantized: ReluNetwork,
  { domain, constantInput, samples, inputBits, random }: ProbeOptions,
): ProbeInputs {
  const { inDim, outDim, weight } = target.layers[0]!;
  const few = Math.max(4, Math.ceil(samples / 10));
  const direction = () => Float64Array.from({ length: inDim }, () => random.normal());
  const inputs = Array.from({ length: samples }, () => sampleInput(domain, inDim, random));
  for (let i = 0; i < few; i++) inputs.push(extremeInput(domain, direction()));
  for (let j = 0; j < Math.min(inDim, few); j++) {
    const axis = new Float64Array(inDim);
    axis[j] = j % 2 === 0 ? 1 : -1;
    inputs.push(extremeInput(domain, axis));
  }
  for (let i = 0; i < Math.min(outDim, few); i++) {
    inputs.push(extremeInput(domain, weight.slice(i * inDim, (i + 1) * inDim)));
  }
  const adversarial = Array.from({ length: few }, (_, i) => ascend(target, quantized, domain, inputs[i % samples]!));
  const step = constantInput * 2 ** -inputBits;
  return {
    step,
    rows: [...inputs, ...adversarial].map((x) => toGrid(x, domain, step)),
    constant: 2 ** inputBits,
    adversarial: few,
  };
}

/** Whole multiples of `step` next to `x` that do not leave the domain. */
function toGrid(x: Float64Array, domain: Domain, step: number): Float64Array {
  if (domain.kind === "ball") return x.map((value) => Math.trunc(value / step));
  const [low, high] = [Math.ceil(domain.low / step), Math.floor(domain.high / step)];
  return x.map((value) => Math.min(high, Math.max(low, Math.round(value / step))));
}

/** Fewest bits whose grid has points in the domain. */
export function fewestInputBits(domain: Domain, constantInput: number): number {
  const span = domain.kind === "ball" ? domain.radius : domain.high - domain.low;
  return Math.max(6, Math.ceil(Math.log2((4 * constantInput) / span)));
}

/** The largest whole number that an input of the grid can be. */
export function largestGridInput(domain: Domain, constantInput: number, inputBits: number): number {
  return Math.floor((largestCoordinate(domain) / constantInput) * 2 ** inputBits) + 1;
}

/** A stream of random numbers for the probes of one purpose. */
export const probeRandom = (seed: number, purpose: string): Random => new Random(seed, "binary-subnetworks", purpose);
