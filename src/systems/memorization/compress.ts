/** From the bits of the first layer to short codes: each bit of a code is the parity of a few of them. @module */
import type { Random } from "../../core/index.ts";
import { type Layer, LayerBuilder, type Term } from "./network.ts";

/**
 * The first-layer neurons whose parity each bit of the code is.
 *
 * `fan` - 1 neurons are drawn with replacement; one drawn twice cancels. With k = `fan` - 1, two points that differ in h of m
 * first-layer bits differ in a bit of the code with probability (1 - (1 - 2h/m)^k) / 2 exactly; k is odd, so that this is at least
 * 1/2 for h >= m/2, up to points that are opposite to each other.
 *
 * @param fan - a power of two, at least 2
 */
export function drawSubsets(codeBits: number, fan: number, firstLayer: number, random: Random): number[][] {
  return Array.from({ length: codeBits }, () => {
    const subset = new Set<number>();
    for (let draw = 1; draw < fan; draw++) {
      const neuron = random.integer(firstLayer);
      if (!subset.delete(neuron)) subset.add(neuron);
    }
    return [...subset].sort((a, b) => a - b);
  });
}

/** By bit of the code: its value for every point, packed as the planes are. */
export function parityPlanes(planes: readonly Uint32Array[], subsets: readonly (readonly number[])[]): Uint32Array[] {
  return subsets.map((subset) => {
    const parity = new Uint32Array(planes[0]!.length);
    for (const neuron of subset) {
      const plane = planes[neuron]!;
      for (let word = 0; word < parity.length; word++) parity[word]! ^= plane[word]!;
    }
    return parity;
  });
}

/** The codes as whole numbers: bit k of a code counts 2^k. */
export function codesFrom(planes: readonly Uint32Array[], count: number): Float64Array {
  const codes = new Float64Array(count);
  for (const [bit, plane] of planes.entries()) {
    const power = 2 ** bit;
    for (let i = 0; i < count; i++) if ((plane[i >>> 5]! >>> (i & 31)) & 1) codes[i]! += power;
  }
  return codes;
}

/** The layers that compute parities, and how to read each from the last of them. */
export interface ParityTree {
  readonly layers: readonly Layer[];
  /** Neurons of the last layer. */
  readonly outputs: number;
  /** By bit of the code: terms over the last layer whose sum is the bit. */
  readonly bits: readonly (readonly Term[])[];
}

/**
 * Parities by trees of threshold neurons: a xor b = 1[a + b >= 1] - 1[a + b >= 2], and the next level reads the difference.
 *
 * @param firstLayer - neurons of the layer before
 */
export function buildParityTree(subsets: readonly (readonly number[])[], firstLayer: number): ParityTree {
  let values: Term[][][] = subsets.map((subset) => subset.map((neuron): Term[] => [[neuron, 1]]));
  let inputs = firstLayer;
  const layers: Layer[] = [];
  while (values.some((row) => row.length > 1)) {
    const builder = new LayerBuilder("compress", inputs);
    values = values.map((row) => {
      const next: Term[][] = [];
      for (let at = 0; at < row.length; at += 2) {
        const pair = row.slice(at, at + 2);
        const terms = pair.flat();
        const either: Term = [builder.neuron(terms, 1), 1];
        next.push(pair.length === 1 ? [either] : [either, [builder.neuron(terms, 2), -1]]);
      }
      return next;
    });
    const layer = builder.build();
    layers.push(layer);
    inputs = layer.outputs;
  }
  return { layers, outputs: inputs, bits: values.map(([terms]) => terms!) };
}
