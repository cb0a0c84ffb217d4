/**
 * Whether a reconstruction is what its certificate says, from its files and the target alone: frozen weights made anew, a forward
 * pass of nothing but multiplications, additions and comparisons, one input at a time.
 *
 * @module
 */
import { hostTensor, Random, RunError } from "../../core/index.ts";
import { openOnnx } from "../../engine/index.ts";
import type { ReluNetwork } from "../../nn/index.ts";
import { pressingInputs } from "./adversary.ts";
import { readReconstruction } from "./certificate.ts";
import { type Block, certify } from "./certify.ts";
import { contains, type Domain, drawInput, parseDomain } from "./domain.ts";
import { countFrozen } from "./frozen.ts";
import { hashTarget } from "./target.ts";

/** What {@link verifyReconstruction} found. */
export interface Verification {
  readonly frozenSha256: string;
  readonly frozenNonZeros: number;
  /** Made anew here, from the stored numbers and the target. */
  readonly errorBound: number;
  /** Largest difference of an output: random inputs, box vertices or points of the sphere, and inputs that press hidden units. */
  readonly measuredError: number;
  /** Largest output of the target that was met. */
  readonly outputScale: number;
  readonly samples: number;
  /** Of them, those that press hidden units and outputs to their bounds. */
  readonly pressing: number;
  /** Smallest value of a hidden unit before its ReLU, in parts of its shift's size (1 at most): not negative where none clips. */
  readonly smallestPreactivation: number;
  /** Hidden units that came below zero, over all samples. */
  readonly clipped: number;
  /** Largest difference between ONNX Runtime's outputs and the target's. */
  readonly onnxError: number;
  /** The same network on inputs ten times as far out, which the certificate says nothing about: how it fails there. */
  readonly outside: {
    readonly samples: number;
    /** Inputs recognised as lying outside. */
    readonly flagged: number;
    readonly error: number;
    readonly outputScale: number;
    readonly clipped: number;
  };
  /** Rows of `--inputs` that lie outside the domain, counted from 1. */
  readonly outsideRows?: readonly number[];
  /** Largest difference over the rows of `--inputs` that lie inside. */
  readonly rowsError?: number;
}

/** Options of {@link verifyReconstruction}. */
export interface VerifyOptions {
  readonly samples: number;
  readonly seed: number;
  /** Inputs of the user's own, float64[count, inDim]. */
  readonly inputs?: Float64Array;
  readonly progress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** Inputs shown from outside the domain. */
const outsideSamples = 500;
/** How far out they lie. */
const outsideTimes = 10;
/** Inputs that ONNX Runtime is given. */
const onnxSamples = 1000;
/** Inputs between two turns of the event loop. */
const piece = 200;

/**
 * Verifies a reconstruction's folder against its target.
 *
 * @throws {RunError} where anything is not as the certificate says
 */
export async function verifyReconstruction(
  folder: string,
  target: ReluNetwork,
  { samples, seed, inputs, progress, signal }: VerifyOptions,
): Promise<Verification> {
  const { certificate, blocks, onnx } = await readReconstruction(folder);
  const refuse = (what: string, expected: string, found: string) =>
    new RunError({ where: `${folder}, ${what}`, expected, found });
  const targetSha256 = hashTarget(target);
  if (targetSha256 !== certificate.targetSha256) {
    const expected = `the target with sha256 ${certificate.targetSha256.slice(0, 12)}…`;
    throw refuse("targetSha256", expected, `${targetSha256.slice(0, 12)}…: another network`);
  }
  const domain = parseDomain(certificate.domain);
  const { nonZeros } = countFrozen(blocks.map(({ frozen }) => frozen));
  if (nonZeros !== certificate.frozenNonZeros) {
    throw refuse("frozenNonZeros", `${certificate.frozenNonZeros}`, `${nonZeros}`);
  }
  const { errorBound, clips } = certify(target, blocks, domain);
  if (clips) {
    const expected = "shifts that keep every hidden unit from clipping on the domain";
    throw refuse("norms.safetensors", expected, `unit ${clips.unit} of block ${clips.block}, which can clip`);
  }
  if (!(Math.abs(errorBound - certificate.errorBound) <= 1e-6 * errorBound)) {
    throw refuse("errorBound", errorBound.toExponential(6), certificate.errorBound.toExponential(6));
  }

  const { inDim } = target.layers[0]!;
  const pressing = pressingInputs(target, blocks, domain);
  const pressingCount = pressing.length / inDim;
  const total = pressingCount + samples;
  const random = new Random(seed, "norm", "verify");
  const inside = new Meter(target, blocks);
  const forOnnx: Float64Array[] = [];
  for (let n = 0; n < total; n++) {
    const input = n < pressingCount ? pressing.slice(n * inDim, (n + 1) * inDim) : drawInput(domain, inDim, random);
    inside.look(input);
    if (n % Math.ceil(total / onnxSamples) === 0) forOnnx.push(input);
    if (n % piece === 0) {
      progress?.(n / total);
      await new Promise(setImmediate);
      signal?.throwIfAborted();
    }
  }
  if (!(inside.error <= errorBound)) {
    throw refuse("errorBound", `no error above ${errorBound.toExponential(3)}`, inside.error.toExponential(3));
  }
  if (inside.clipped > 0) throw refuse("norms.safetensors", "no hidden unit that clips", `${inside.clipped}`);
  const onnxError = await onnxErrorOn(onnx, target, forOnnx);
  if (!(onnxError <= errorBound)) {
    throw refuse("model.onnx", `outputs within ${errorBound.toExponential(3)}`, onnxError.toExponential(3));
  }
  return {
    frozenSha256: certificate.frozenSha256,
    frozenNonZeros: nonZeros,
    errorBound,
    measuredError: inside.error,
    outputScale: inside.scale,
    samples: total,
    pressing: pressingCount,
    smallestPreactivation: inside.smallest,
    clipped: inside.clipped,
    onnxError,
    outside: lookOutside(target, blocks, domain, random),
    ...(inputs && lookAtRows(target, blocks, domain, inputs)),
  };
}

/** The target's outputs for one input. */
function targetOutputs({ layers }: ReluNetwork, input: Float64Array): Float64Array {
  let x: Float64Array = input;
  for (const [l, { outDim, inDim, weight, bias }] of layers.entries()) {
    const y = new Float64Array(outDim);
    for (let j = 0; j < outDim; j++) {
      let sum = bias[j]!;
      for (let i = 0; i < inDim; i++) sum += weight[j * inDim + i]! * x[i]!;
      y[j] = l + 1 < layers.length && sum < 0 ? 0 : sum;
    }
    x = y;
  }
  return x;
}

/** Compares the blocks with the target, an input at a time. */
class Meter {
  readonly #target: ReluNetwork;
  readonly #blocks: readonly Block[];
  error = 0;
  scale = 0;
  clipped = 0;
  smallest = 1;

  constructor(target: ReluNetwork, blocks: readonly Block[]) {
    this.#target = target;
    this.#blocks = blocks;
  }

  look(input: Float64Array): void {
    const wanted = targetOutputs(this.#target, input);
    const found = this.#ofBlocks(input);
    for (const [i, value] of wanted.entries()) {
      this.error = Math.max(this.error, Math.abs(found[i]! - value));
      this.scale = Math.max(this.scale, Math.abs(value));
    }
  }

  #ofBlocks(input: Float64Array): Float64Array {
    let x: Float64Array = input;
    for (const [l, { frozen, first, second }] of this.#blocks.entries()) {
      const { inDim, width, outDim } = frozen;
      const hidden = new Float64Array(width);
      for (let k = 0; k < width; k++) {
        let sum = 0;
        for (let i = 0; i < inDim; i++) sum += frozen.first[k * inDim + i]! * x[i]!;
        const value = first.scale[k]! * sum + first.shift[k]!;
        if (value < 0) this.clipped++;
        const size = Math.abs(first.shift[k]!);
        if (size > 0) this.smallest = Math.min(this.smallest, value / size);
        hidden[k] = Math.max(0, value);
      }
      const y = new Float64Array(outDim);
      for (let j = 0; j < outDim; j++) {
        let sum = 0;
        for (let k = 0; k < width; k++) sum += frozen.second[j * width + k]! * hidden[k]!;
        const value = second.scale[j]! * sum + second.shift[j]!;
        y[j] = l + 1 < this.#blocks.length && value < 0 ? 0 : value;
      }
      x = y;
    }
    return x;
  }
}

async function onnxErrorOn(onnx: Uint8Array, target: ReluNetwork, inputs: readonly Float64Array[]): Promise<number> {
  const { inDim } = target.layers[0]!;
  const flat = new Float64Array(inputs.length * inDim);
  for (const [n, input] of inputs.entries()) flat.set(input, n * inDim);
  const model = await openOnnx(onnx);
  const { output } = await model.run({ input: hostTensor(flat, [inputs.length, inDim]) });
  await model.release();
  const outDim = target.layers.at(-1)!.outDim;
  let error = 0;
  for (const [n, input] of inputs.entries()) {
    for (const [j, value] of targetOutputs(target, input).entries()) {
      error = Math.max(error, Math.abs(output!.data[n * outDim + j]! - value));
    }
  }
  return error;
}

function lookOutside(target: ReluNetwork, blocks: readonly Block[], domain: Domain, random: Random) {
  const { inDim } = target.layers[0]!;
  const meter = new Meter(target, blocks);
  let flagged = 0;
  let samples = 0;
  for (let n = 0; n < outsideSamples; n++) {
    const input = drawInput(domain, inDim, random, outsideTimes);
    samples++;
    if (contains(domain, input)) continue;
    flagged++;
    meter.look(input);
  }
  return { samples, flagged, error: meter.error, outputScale: meter.scale, clipped: meter.clipped };
}

function lookAtRows(target: ReluNetwork, blocks: readonly Block[], domain: Domain, inputs: Float64Array) {
  const { inDim } = target.layers[0]!;
  const meter = new Meter(target, blocks);
  const outsideRows: number[] = [];
  for (let n = 0; n < inputs.length / inDim; n++) {
    const input = inputs.slice(n * inDim, (n + 1) * inDim);
    if (contains(domain, input)) meter.look(input);
    else outsideRows.push(n + 1);
  }
  return { outsideRows, rowsError: meter.error };
}
