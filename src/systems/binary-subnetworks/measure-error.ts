/** A masked network against its target, on many inputs, without rounding. @module */
import { setImmediate } from "node:timers/promises";
import { type HistogramBin, LogHistogram } from "../../linalg/index.ts";
import { applyReluNetwork, type ReluNetwork } from "../../nn/index.ts";
import type { Domain } from "./domain.ts";
import {
  fitsFloat64,
  forwardInBigInt,
  forwardInFloat64,
  forwardQuantized,
  forwardQuantizedInFloat64,
  largestValue,
  type SignedLayer,
} from "./integer-forward.ts";
import { fewestInputBits, largestGridInput, type ProbeInputs, probeInputs, probeRandom } from "./probe-inputs.ts";
import { dequantize, type QuantizedTarget, type ScaledTarget } from "./quantized-target.ts";

/** What a masked network is compared on, and with what. */
export interface Comparison {
  readonly target: ReluNetwork;
  readonly scaled: ScaledTarget;
  readonly quantized: QuantizedTarget;
  readonly domain: Domain;
  /** Random inputs; corners and searched ones come on top. */
  readonly samples: number;
  readonly seed: number;
  /** What the inputs are for: another purpose draws others. */
  readonly purpose: string;
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
}

/** What was measured. */
export interface Measurement {
  /** Inputs compared, all told. */
  readonly inputs: number;
  readonly adversarialInputs: number;
  /** How the forward pass was computed; exact either way. */
  readonly arithmetic: "float64 whole numbers" | "BigInt";
  /** Inputs at which some output is not that of the quantized target. */
  readonly unequal: number;
  /** Largest Euclidean distance of outputs from the target's. */
  readonly measuredError: number;
  /** Share of inputs whose largest output is the target's. */
  readonly argmaxAgreement: number;
  /** The distance of each input, counted over orders of magnitude. */
  readonly errors: { readonly zeros: number; readonly bins: readonly HistogramBin[] };
}

/** More bits than an input of float32 has, with room for sums. */
const mostInputBits = 20;
/** BigInt is some hundred times slower. */
const mostBigIntEdges = 5e7;

const argmax = (values: ArrayLike<number>) => {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
};

/** Whether float64 is exact, and how many bits inputs may have then. */
function chooseArithmetic(layers: readonly SignedLayer[], { quantized, domain }: Comparison) {
  const { constantInput, hasBias, layers: own } = quantized;
  const fewest = fewestInputBits(domain, constantInput);
  for (let bits = mostInputBits; bits >= fewest; bits--) {
    const plain = Array<number>(own[0]!.inDim).fill(largestGridInput(domain, constantInput, bits));
    if (fitsFloat64(largestValue(layers, hasBias ? [...plain, 2 ** bits] : plain))) return { exact: true, bits };
  }
  return { exact: false, bits: Math.max(fewest, mostInputBits) };
}

/** Compares a masked network with the target and, number by number, with the quantized target. */
export async function measureError(layers: readonly SignedLayer[], comparison: Comparison): Promise<Measurement> {
  const { target, scaled, quantized, domain, seed, purpose, signal, progress } = comparison;
  const { exact, bits } = chooseArithmetic(layers, comparison);
  const edges = layers.reduce((sum, { sources }) => sum + sources.length, 0);
  const affordable = Math.max(8, Math.floor(mostBigIntEdges / Math.max(1, edges)));
  const probes = probeInputs(target, dequantize(scaled, quantized), {
    domain,
    constantInput: quantized.constantInput,
    samples: exact ? comparison.samples : Math.min(comparison.samples, affordable),
    inputBits: bits,
    random: probeRandom(seed, purpose),
  });
  const found = { unequal: 0, measuredError: 0, agreeing: 0 };
  const histogram = new LogHistogram();
  for (const [n, row] of probes.rows.entries()) {
    const outputs = outputsOf(layers, quantized, probes, row, exact);
    if (!outputs.equal) found.unequal++;
    const expected = applyReluNetwork(
      target,
      row.map((value) => value * probes.step),
    );
    const actual = outputs.values.map((value) => value * quantized.outputScale * probes.step);
    const distance = Math.hypot(...actual.map((value, i) => value - expected[i]!));
    histogram.add(distance);
    found.measuredError = Math.max(found.measuredError, distance);
    if (argmax(actual) === argmax(expected)) found.agreeing++;
    if (n % 64 === 63) {
      progress?.((n + 1) / probes.rows.length);
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
  return {
    inputs: probes.rows.length,
    adversarialInputs: probes.adversarial,
    arithmetic: exact ? "float64 whole numbers" : "BigInt",
    unequal: found.unequal,
    measuredError: found.measuredError,
    argmaxAgreement: found.agreeing / probes.rows.length,
    errors: { zeros: histogram.zeros, bins: histogram.bins() },
  };
}

/** The network's outputs, and whether they are the quantized target's. */
function outputsOf(
  layers: readonly SignedLayer[],
  quantized: QuantizedTarget,
  { constant }: ProbeInputs,
  row: Float64Array,
  exact: boolean,
): { values: number[]; equal: boolean } {
  const input = quantized.hasBias ? Float64Array.of(...row, constant) : row;
  if (exact) {
    const expected = forwardQuantizedInFloat64(quantized, input);
    const values = Array.from(forwardInFloat64(layers, input));
    return { values, equal: values.every((value, i) => value === expected[i]) };
  }
  const wide = Array.from(input, BigInt);
  const expected = forwardQuantized(quantized, wide);
  const values = forwardInBigInt(layers, wide);
  return { values: values.map(Number), equal: values.every((value, i) => value === expected[i]) };
}
