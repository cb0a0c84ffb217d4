/** Inputs of a domain that press the hardest: those that drive each hidden unit towards its bound. @module */
import type { ReluNetwork } from "../../nn/index.ts";
import type { Block } from "./certify.ts";
import { type Domain, lowestPoint } from "./domain.ts";

/** Units of the first block that are pressed, at most, spread over it; each costs a forward pass. */
const mostFirstUnits = 4000;
/** Units of a later block that are pressed by gradient, at most. */
const mostUnits = 200;
/** Steps from corner to corner; more seldom find another. */
const steps = 3;

/**
 * For hidden units of the first block (all of up to 4000) the input at which each is exactly lowest; for units of later blocks, and for all neurons of
 * the target in both directions, inputs found by going from corner to corner along the gradient.
 *
 * @returns float64[count, inDim], row by row
 */
export function pressingInputs(target: ReluNetwork, blocks: readonly Block[], domain: Domain): Float64Array {
  const { inDim } = target.layers[0]!;
  const found: Float64Array[] = [];
  for (const [l, { frozen, first }] of blocks.entries()) {
    const stride = Math.ceil(frozen.width / (l === 0 ? mostFirstUnits : mostUnits));
    for (let k = 0; k < frozen.width; k += stride) {
      const row = frozen.first.subarray(k * frozen.inDim, (k + 1) * frozen.inDim);
      const slope = row.map((value) => value * first.scale[k]!);
      found.push(l === 0 ? lowestPoint(domain, slope) : press(target, domain, l, slope));
    }
  }
  for (const [l, { inDim: columns, outDim, weight }] of target.layers.entries()) {
    const stride = Math.ceil(outDim / mostUnits);
    for (let j = 0; j < outDim; j += stride) {
      const row = weight.subarray(j * columns, (j + 1) * columns);
      for (const sign of [1, -1]) {
        const slope = row.map((value) => sign * value);
        found.push(press(target, domain, l, slope));
      }
    }
  }
  const inputs = new Float64Array(found.length * inDim);
  for (const [n, input] of found.entries()) inputs.set(input, n * inDim);
  return inputs;
}

/** An input with a low value of `slope` times the activations before layer `depth`. */
function press({ layers }: ReluNetwork, domain: Domain, depth: number, slope: Float64Array): Float64Array {
  const { inDim } = layers[0]!;
  let input: Float64Array = new Float64Array(inDim).fill(domain.kind === "box" ? (domain.low + domain.high) / 2 : 0);
  for (let step = 0; step < steps; step++) {
    // The activations on the way there, then the gradient on the way back.
    const active: boolean[][] = [];
    let x: Float64Array = input;
    for (const { outDim, inDim: columns, weight, bias } of layers.slice(0, depth)) {
      const y = bias.slice();
      for (let j = 0; j < outDim; j++) for (let i = 0; i < columns; i++) y[j]! += weight[j * columns + i]! * x[i]!;
      active.push(Array.from(y, (value) => value > 0));
      x = y.map((value) => Math.max(0, value));
    }
    let gradient: Float64Array = slope;
    for (let l = depth - 1; l >= 0; l--) {
      const { outDim, inDim: columns, weight } = layers[l]!;
      const before = new Float64Array(columns);
      for (let j = 0; j < outDim; j++) {
        if (!active[l]![j]) continue;
        for (let i = 0; i < columns; i++) before[i]! += gradient[j]! * weight[j * columns + i]!;
      }
      gradient = before;
    }
    input = lowestPoint(domain, gradient);
  }
  return input;
}
