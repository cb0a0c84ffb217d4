/** Finding a quantized target inside a random network of signs by masking edges. @module */
import { TenfoldError } from "../../core/index.ts";
import { type Block, type Blueprint, entryPool, layerWidths, powerPool, termsOf, topPower } from "./blueprint.ts";
import { type EdgeSign, edgeSigns } from "./signs.ts";

/** Which edges of a layer stay, by the unit they lead to. All others are masked. */
export interface MaskLayer {
  /** Units of the layer. */
  readonly width: number;
  /** int32[width + 1]: the edges into unit u are those from rowOffsets[u] to rowOffsets[u + 1]. */
  readonly rowOffsets: Int32Array;
  /** int32[edges]: units of the layer before that edges come from, ascending within a unit. */
  readonly sources: Int32Array;
}

/** A pool of units ran out before enough of them had the signs they need. */
export class RedundancyError extends TenfoldError {
  constructor(where: string, expected: string, found: string) {
    const hint = "raise --copies (or leave it to --delta), or take another --seed";
    super("redundancy", { where, expected, found, hint });
  }
}

/** Collects the rows of a layer in the order of their units. */
class MaskBuilder {
  readonly #width: number;
  readonly #rowOffsets: Int32Array;
  #sources = new Int32Array(1024);
  #count = 0;
  #next = 0;

  constructor(width: number) {
    this.#width = width;
    this.#rowOffsets = new Int32Array(width + 1);
  }

  /** Keeps the first `count` of `sources` as the edges into `unit`, which comes after all units before. */
  row(unit: number, sources: Int32Array, count: number): void {
    for (; this.#next < unit; this.#next++) this.#rowOffsets[this.#next + 1] = this.#count;
    if (this.#count + count > this.#sources.length) {
      const larger = new Int32Array(2 * (this.#count + count));
      larger.set(this.#sources);
      this.#sources = larger;
    }
    this.#sources.set(sources.subarray(0, count), this.#count);
    this.#count += count;
    this.#rowOffsets[++this.#next] = this.#count;
  }

  finish(): MaskLayer {
    for (; this.#next < this.#width; this.#next++) this.#rowOffsets[this.#next + 1] = this.#count;
    return { width: this.#width, rowOffsets: this.#rowOffsets, sources: this.#sources.slice(0, this.#count) };
  }
}

/** Units that carry the same value, one list for each value; none for values that nothing reads. */
type Copies = readonly Int32Array[];
const none = new Int32Array(0);

/**
 * The mask under which the random network of a seed computes a quantized target.
 *
 * @throws {RedundancyError} where a pool of units has not enough with the right signs; the unit is named
 */
export function construct(blueprint: Blueprint, seed: number): MaskLayer[] {
  const widths = layerWidths(blueprint);
  const layers: MaskLayer[] = [];
  const nextLayer = () => {
    const layer = layers.length;
    return { layer, sign: edgeSigns(seed, layer), mask: new MaskBuilder(widths[layer + 1]!) };
  };
  let copies = enter(blueprint, nextLayer(), (mask) => layers.push(mask));
  for (const [b, block] of blueprint.blocks.entries()) {
    for (let power = 1; power <= blueprint.doublings; power++) {
      copies = double(block, power, copies, nextLayer(), (mask) => layers.push(mask));
    }
    copies = combine(blueprint, b, copies, nextLayer(), (mask) => layers.push(mask));
  }
  return layers;
}

interface OpenLayer {
  readonly layer: number;
  readonly sign: EdgeSign;
  readonly mask: MaskBuilder;
}

/** The first layer: copies of relu(x), relu(-x) and the constant, as units' signs fall. */
function enter(blueprint: Blueprint, { layer, sign, mask }: OpenLayer, done: (mask: MaskLayer) => void): Copies {
  const { inputs, split, hasBias, blocks } = blueprint;
  const wanted = blocks[0]!.copies;
  const pool = entryPool(blueprint, wanted);
  const plain = inputs - (hasBias ? 1 : 0);
  const positive: Int32Array[] = [];
  const negative: Int32Array[] = [];
  const source = new Int32Array(1);
  let unit = 0;
  for (let input = 0; input < inputs; input++) {
    const both = split && input < plain;
    const last = unit + (both ? 2 : 1) * pool;
    const found = { plus: new Int32Array(wanted), minus: new Int32Array(wanted), pluses: 0, minuses: 0 };
    source[0] = input;
    const begin = unit;
    if (topPower(blocks[0]!, input < plain || !split ? input : input + plain) < 0) {
      positive.push(none);
      if (both) negative.push(none);
      unit = last;
      continue;
    }
    for (; unit < last && (found.pluses < wanted || (both && found.minuses < wanted)); unit++) {
      const isPlus = sign(input, unit) === 1;
      if (isPlus && found.pluses < wanted) found.plus[found.pluses++] = unit;
      else if (!isPlus && both && found.minuses < wanted) found.minus[found.minuses++] = unit;
      else continue;
      mask.row(unit, source, 1);
    }
    if (found.pluses < wanted || (both && found.minuses < wanted)) {
      const signs = both ? `${found.pluses} of sign + and ${found.minuses} of sign -` : `${found.pluses}`;
      throw new RedundancyError(
        `layer ${layer}, units ${begin} to ${last - 1} (copies of input ${input})`,
        `${wanted} units with an edge of ${both ? "either sign" : "sign +"}`,
        signs,
      );
    }
    unit = last;
    positive.push(found.plus);
    if (both) negative.push(found.minus);
  }
  done(mask.finish());
  return [...positive.slice(0, plain), ...negative, ...positive.slice(plain)];
}

/** A doubling layer: powers 0 … power - 1 of every channel carried on, and the next one made of two copies of the last. */
function double(
  block: Block,
  power: number,
  before: Copies,
  { layer, sign, mask }: OpenLayer,
  done: (mask: MaskLayer) => void,
): Copies {
  const { columns, copies: wanted } = block;
  const pool = powerPool(wanted);
  const after: Int32Array[] = [];
  const chosen = new Int32Array(2);
  for (let channel = 0; channel < columns; channel++) {
    const top = topPower(block, channel);
    for (let t = 0; t <= power; t++) {
      if (t > top) {
        after.push(none);
        continue;
      }
      const begin = (channel * (power + 1) + t) * pool;
      const candidates = before[channel * power + Math.min(t, power - 1)]!;
      const edges = t === power ? 2 : 1;
      const found = new Int32Array(wanted);
      let count = 0;
      for (let unit = begin; unit < begin + pool && count < wanted; unit++) {
        let have = 0;
        for (let i = 0; i < candidates.length && have < edges; i++) {
          if (sign(candidates[i]!, unit) === 1) chosen[have++] = candidates[i]!;
        }
        if (have < edges) continue;
        mask.row(unit, chosen, edges);
        found[count++] = unit;
      }
      if (count < wanted) {
        throw new RedundancyError(
          `layer ${layer}, units ${begin} to ${begin + pool - 1} (2^${t} times channel ${channel})`,
          `${wanted} units with ${edges === 2 ? "two edges" : "an edge"} of sign + from ${candidates.length} copies`,
          `${count}`,
        );
      }
      after.push(found);
    }
  }
  done(mask.finish());
  return after;
}

/** The last layer of a block: every output's whole number, as signed powers of two of every channel. */
function combine(
  blueprint: Blueprint,
  b: number,
  before: Copies,
  { layer, sign, mask }: OpenLayer,
  done: (mask: MaskLayer) => void,
): Copies {
  const { gadget, doublings, blocks } = blueprint;
  const { rows, columns, values } = blocks[b]!;
  const next = blocks[b + 1];
  const [wanted, pool] = next ? [next.copies, entryPool(blueprint, next.copies)] : [1, 1];
  const after: Int32Array[] = [];
  for (let i = 0; i < rows; i++) {
    const terms = Array.from(values.subarray(i * columns, (i + 1) * columns)).flatMap((value, channel) =>
      termsOf(gadget, value).map(([power, count]) => ({
        channel,
        power,
        count,
        sign: Math.sign(value),
        candidates: before[channel * (doublings + 1) + power]!,
      })),
    );
    const chosen = new Int32Array(terms.reduce((sum, { count }) => sum + count, 0));
    const found = new Int32Array(wanted);
    let count = 0;
    let missing = "";
    for (let unit = i * pool; unit < (i + 1) * pool && count < wanted; unit++) {
      let have = 0;
      let complete = true;
      for (const term of terms) {
        const until = have + term.count;
        for (const candidate of term.candidates) {
          if (have === until) break;
          if (sign(candidate, unit) === term.sign) chosen[have++] = candidate;
        }
        if (have === until) continue;
        const what = term.count === 1 ? "an edge" : `${term.count} edges`;
        missing = `${what} of sign ${term.sign === 1 ? "+" : "-"} from ${term.candidates.length} copies of 2^${term.power} times channel ${term.channel}`;
        complete = false;
        break;
      }
      if (!complete) continue;
      mask.row(unit, chosen, chosen.length);
      found[count++] = unit;
    }
    if (count < wanted) {
      const units = pool === 1 ? `unit ${i}` : `units ${i * pool} to ${(i + 1) * pool - 1}`;
      throw new RedundancyError(
        `layer ${layer}, ${units} (${next ? "copies of " : ""}output ${i} of the target's layer ${b})`,
        next ? `${wanted} units with all their edges, such as ${missing}` : missing,
        next ? `${count}` : "fewer",
      );
    }
    after.push(found);
  }
  done(mask.finish());
  return after;
}

/** Edges that a mask keeps. */
export function countEdges(layers: readonly MaskLayer[]): number {
  return layers.reduce((sum, { sources }) => sum + sources.length, 0);
}

/** Edges of the random network, all that could be kept: between every two units of neighbouring layers. */
export function countVirtualEdges(inputs: number, layers: readonly MaskLayer[]): number {
  return layers.reduce((sum, { width }, l) => sum + width * (layers[l - 1]?.width ?? inputs), 0);
}
