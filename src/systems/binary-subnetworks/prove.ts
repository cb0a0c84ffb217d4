/** A proof, unit by unit, that a masked network computes a quantized target for every input. @module */
import { RunError } from "../../core/index.ts";
import type { SignedLayer } from "./integer-forward.ts";
import { type ChannelMatrix, channelMatrix, type QuantizedTarget, zeroRows } from "./quantized-target.ts";

/** What a unit computes: `coefficient` times one channel. */
interface Multiples {
  /** int32[width]: the channel, or -1 where the unit has no edges. */
  readonly channel: Int32Array;
  /** float64[width]: a whole number. */
  readonly coefficient: Float64Array;
}

const refuse = (layer: number, unit: number, expected: string, found: string): never => {
  throw new RunError({ where: `mask, layer ${layer}, unit ${unit}`, expected, found });
};

/**
 * Follows what every unit computes as a multiple of the channels that a block begins with. Channels are outputs of a ReLU, so that
 * sums with positive coefficients pass the next ReLU as they are; a block's last layer must then be the target's matrix of whole
 * numbers, row by row. This holds for all inputs, not only for those tried.
 *
 * @param doublings - layers of a block between its first and its last
 * @throws {RunError} where a unit computes anything else; it is named
 */
export function prove(
  layers: readonly SignedLayer[],
  quantized: QuantizedTarget,
  { doublings, split }: { readonly doublings: number; readonly split: boolean },
): void {
  const plain = quantized.layers[0]!.inDim;
  let multiples = proveEntry(layers[0]!, plain, split, plain + (quantized.hasBias ? 1 : 0));
  let next = 1;
  for (let b = 0; b < quantized.layers.length; b++) {
    for (let t = 0; t < doublings; t++, next++) multiples = proveDoubling(layers[next]!, next, multiples);
    const matrix = channelMatrix(quantized, b);
    multiples = proveCombining(layers[next]!, next, multiples, matrix, b === 0 && split ? plain : 0);
    next++;
  }
}

/** Units of the first layer: relu of an input or of its negative; channels are inputs, then negatives, then the constant. */
function proveEntry(layer: SignedLayer, plain: number, split: boolean, inputs: number): Multiples {
  const channel = new Int32Array(layer.width).fill(-1);
  const coefficient = new Float64Array(layer.width);
  for (const [u, unit] of layer.units.entries()) {
    const edge = layer.starts[u]!;
    if (layer.starts[u + 1]! !== edge + 1) refuse(0, unit, "one edge", `${layer.starts[u + 1]! - edge}`);
    const input = layer.sources[edge]!;
    const negative = layer.signs[edge] === -1;
    const mayBeNegative = split && input < plain;
    if (input >= inputs) refuse(0, unit, `an input below ${inputs}`, `${input}`);
    if (negative && !mayBeNegative) refuse(0, unit, "sign + from an input that is never negative", "sign -");
    channel[unit] = input + (negative || (split && input >= plain) ? plain : 0);
    coefficient[unit] = 1;
  }
  return { channel, coefficient };
}

/** Units of a doubling layer: sums of multiples of one channel. */
function proveDoubling(layer: SignedLayer, number: number, before: Multiples): Multiples {
  const channel = new Int32Array(layer.width).fill(-1);
  const coefficient = new Float64Array(layer.width);
  for (const [u, unit] of layer.units.entries()) {
    const [start, end] = [layer.starts[u]!, layer.starts[u + 1]!];
    const own = before.channel[layer.sources[start]!]!;
    for (let e = start; e < end; e++) {
      const source = layer.sources[e]!;
      if (before.channel[source] !== own || own < 0) refuse(number, unit, "sources of one channel", "several or none");
      if (layer.signs[e] !== 1) refuse(number, unit, "edges of sign +", "sign -");
      coefficient[unit]! += before.coefficient[source]!;
    }
    channel[unit] = own;
  }
  return { channel, coefficient };
}

/** Units of a block's last layer: rows of the matrix, each copied as often as it may be. */
function proveCombining(
  layer: SignedLayer,
  number: number,
  before: Multiples,
  matrix: ChannelMatrix,
  negated: number,
): Multiples {
  const { rows, columns, values } = matrix;
  const wide = columns + negated;
  const wanted = (i: number, channel: number) => {
    if (negated === 0 || channel < negated) return values[i * columns + channel]!;
    const value = values[i * columns + channel - negated]!;
    return channel < 2 * negated ? -value : value;
  };
  const pool = layer.width / rows;
  const channel = new Int32Array(layer.width).fill(-1);
  const coefficient = new Float64Array(layer.width);
  const sum = new Float64Array(wide);
  for (const [u, unit] of layer.units.entries()) {
    const row = Math.floor(unit / pool);
    sum.fill(0);
    for (let e = layer.starts[u]!; e < layer.starts[u + 1]!; e++) {
      const source = layer.sources[e]!;
      const from = before.channel[source]!;
      if (from < 0) refuse(number, unit, "sources that compute something", `unit ${source}, which has no edges`);
      sum[from]! += layer.signs[e]! * before.coefficient[source]!;
    }
    for (let c = 0; c < wide; c++) {
      if (sum[c] !== wanted(row, c) && !(sum[c] === 0 && wanted(row, c) === 0)) {
        refuse(number, unit, `${wanted(row, c)} times channel ${c}, for output ${row} of its block`, `${sum[c]}`);
      }
    }
    channel[unit] = row;
    coefficient[unit] = 1;
  }
  // A row of zeros has no edges to show; any other must be there.
  const present = new Set([...layer.units].map((unit) => Math.floor(unit / pool)));
  for (const i of zeroRows(matrix)) present.add(i);
  for (let i = 0; i < rows; i++) {
    if (!present.has(i)) refuse(number, i * pool, `a unit that computes output ${i} of its block`, "none");
  }
  return { channel, coefficient };
}
