/** From codes to labels: the rank of a code within its group as a thermometer, and a neuron for each group that knows its labels. @module */
import { type Layer, LayerBuilder, type Term } from "./network.ts";

/** Codes in ascending order with their labels. */
export interface SortedCodes {
  /** Whole numbers, no two the same, ascending. */
  readonly codes: Float64Array;
  /** By code, its label: a whole number of `labelBits` bits. */
  readonly labels: Uint32Array;
}

/**
 * The last four layers. With the sorted codes in groups of s, u_{g,j} the j-th code of group g:
 *
 * - `group`: t_g = 1[u >= u_{g,0}], and copies of the code's bits;
 * - `rank`: q_j = 1[u - sum_g t_g (u_{g,j} - u_{g-1,j}) >= 0] = 1[u >= u_{G(u),j}], G(u) the group of u; and copies of t;
 * - `decode`: z_{c,g} = 1[sum_j w_{c,g,j} q_j + t_g - t_{g+1} >= 2], w_{c,g,j} the step of label bit c from code j - 1 to code j;
 * - `output`: 1[sum_g z_{c,g} >= 1] for each label bit c.
 *
 * @param bits - how to read each bit of the code from the layer before
 * @param inputs - neurons of the layer before
 * @param sizes.groupSize - s
 * @param sizes.groups - G, with s (G - 1) < n <= s G
 */
export function buildDecoder(
  { codes, labels }: SortedCodes,
  bits: readonly (readonly Term[])[],
  inputs: number,
  sizes: { groupSize: number; groups: number; labelBits: number },
): Layer[] {
  const { groupSize, groups, labelBits } = sizes;
  const beyond = 2 ** bits.length;
  const codeAt = (group: number, place: number) => codes[group * groupSize + place] ?? beyond;

  const group = new LayerBuilder("group", inputs);
  const whole = bits.flatMap((terms, bit) => terms.map(([column, weight]): Term => [column, weight * 2 ** bit]));
  for (let g = 0; g < groups; g++) group.neuron(whole, codeAt(g, 0));
  for (const terms of bits) group.neuron(terms, 1);

  const rank = new LayerBuilder("rank", groups + bits.length);
  for (let place = 0; place < groupSize; place++) {
    let before = 0;
    for (let g = 0; g < groups; g++) {
      const code = codeAt(g, place);
      rank.connect(g, before - code);
      before = code;
    }
    for (let bit = 0; bit < bits.length; bit++) rank.connect(groups + bit, 2 ** bit);
    rank.finish(0);
  }
  for (let g = 0; g < groups; g++) rank.neuron([[g, 1]], 1);

  const decode = new LayerBuilder("decode", groupSize + groups);
  const output = new LayerBuilder("output", labelBits * groups);
  for (let labelBit = 0; labelBit < labelBits; labelBit++) {
    for (let g = 0; g < groups; g++) {
      const size = Math.min(groupSize, codes.length - g * groupSize);
      let before = 0;
      for (let place = 0; place < size; place++) {
        const value = (labels[g * groupSize + place]! >>> labelBit) & 1;
        decode.connect(place, value - before);
        before = value;
      }
      decode.connect(groupSize + g, 1);
      if (g + 1 < groups) decode.connect(groupSize + g + 1, -1);
      output.connect(decode.finish(2), 1);
    }
    output.finish(1);
  }
  return [group.build(), rank.build(), decode.build(), output.build()];
}

/** Codes in ascending order with the labels of their points; undefined where two points have the same code. */
export function sortCodes(codes: Float64Array, labels: Uint32Array): SortedCodes | undefined {
  const sorted = codes.slice().sort();
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return undefined;
  const sortedLabels = new Uint32Array(labels.length);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    let low = 0;
    let high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < code) low = middle + 1;
      else high = middle;
    }
    sortedLabels[low] = labels[i]!;
  }
  return { codes: sorted, labels: sortedLabels };
}
