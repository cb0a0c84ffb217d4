/** How large the construction gets, worked out before anything is built; and other constructions beside it. @module */
import { ConfigError } from "../../core/index.ts";

/** Whether points lie on a sphere around the origin (no thresholds needed in the first layer) or anywhere in the unit ball. */
export type Geometry = "sphere" | "ball";

/** The widest code that float64 holds exactly, with room for sums. */
export const maxCodeBits = 52;

/** What the sizes follow from. */
export interface SizeQuestion {
  /** Number of different points. */
  readonly points: number;
  /** Number of features. */
  readonly dimensions: number;
  /** The smallest distance of two points, where the largest norm is 1. */
  readonly delta: number;
  /** Bits of a label: ceil(log2 classes). */
  readonly labelBits: number;
  /** Probability that the first layer has to be drawn again. */
  readonly eta: number;
  readonly geometry: Geometry;
}

/** Widths of the construction's stages. */
export interface Widths {
  /** Neurons of the first layer, m. */
  readonly firstLayer: number;
  /** Bits of a point's code, r. */
  readonly codeBits: number;
  /** A bit of the code is the parity of fewer first-layer neurons than this; 1 where the code is the first layer itself. */
  readonly fan: number;
  /** Members of a group, s. */
  readonly groupSize: number;
  /** Number of groups, G. */
  readonly groups: number;
  readonly labelBits: number;
  readonly dimensions: number;
}

/** The probability that a random hyperplane separates two points at distance delta, at least. */
function separationProbability(delta: number, geometry: Geometry): number {
  return delta / ((geometry === "sphere" ? 1 : 2) * Math.PI);
}

/**
 * How many random hyperplanes separate all pairs of points with probability 1 - eta:
 * ceil((2 ln n + ln(1 / eta)) / p), p the `separationProbability`.
 */
export function firstLayerSize({
  points,
  delta,
  eta,
  geometry,
}: Omit<SizeQuestion, "labelBits" | "dimensions">): number {
  return Math.max(1, Math.ceil((2 * Math.log(points) + Math.log(1 / eta)) / separationProbability(delta, geometry)));
}

/**
 * Bits of a code drawn at random so that all points get different ones with probability 3/4: ceil(2 log2 n) + 1.
 *
 * @throws {ConfigError} where more than {@link maxCodeBits} are needed
 */
export function codeSize(points: number): number {
  const bits = Math.ceil(2 * Math.log2(points)) + 1;
  if (bits <= maxCodeBits) return bits;
  throw new ConfigError({
    where: "memorize",
    expected: `at most ${2 ** Math.floor((maxCodeBits - 1) / 2)} points, whose codes fit into ${maxCodeBits} bits`,
    found: `${points} points, which need codes of ${bits} bits`,
    hint: "split the table and fit a network to each part",
  });
}

/** Members of a group and number of groups for `points` codes: s = ceil(sqrt(b n)), G = ceil(n / s). */
export function groupSizes(points: number, labelBits: number): { groupSize: number; groups: number } {
  const groupSize = Math.min(points, Math.ceil(Math.sqrt(labelBits * points)));
  return { groupSize, groups: Math.ceil(points / groupSize) };
}

/** The largest power of two that is at most `value`, at least 1. */
function powerOfTwoBelow(value: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(value)));
}

/** The fan of a code's bits for a first layer of `firstLayer` neurons: the largest power of two up to 2 / p. */
function fanFor(delta: number, geometry: Geometry, firstLayer: number): number {
  return powerOfTwoBelow(Math.min(firstLayer, 2 / separationProbability(delta, geometry)));
}

/** The widths that the construction begins with; a draw that does not come out is repeated with wider ones. */
export function planWidths(question: SizeQuestion): Widths {
  const { points, dimensions, delta, labelBits, geometry } = question;
  const firstLayer = firstLayerSize(question);
  const codeBits = codeSize(points);
  const { groupSize, groups } = groupSizes(points, labelBits);
  const common = { firstLayer, groupSize, groups, labelBits, dimensions };
  if (firstLayer <= codeBits) return { ...common, codeBits: firstLayer, fan: 1 };
  return { ...common, codeBits, fan: Math.max(4, fanFor(delta, geometry, firstLayer)) };
}

/** Upper bounds on what is built. */
export interface Bounds {
  readonly depth: number;
  readonly neurons: number;
  readonly weights: number;
  /** The neurons of the last four layers. */
  readonly decodeNeurons: number;
}

/** What a network of the given widths has at most; `docs/memorization-bounds.md` derives each term. */
export function boundSizes(widths: Widths): Bounds {
  const { firstLayer: m, codeBits: r, fan, groupSize: s, groups: G, labelBits: b, dimensions: d } = widths;
  const levels = Math.ceil(Math.log2(fan));
  const treeNeurons = r * 2 * (fan - 1);
  const treeWeights = fan === 1 ? 0 : r * (8 * fan - 10);
  // A bit of the code is one neuron, or the difference of two.
  const perBit = fan === 1 ? 1 : 2;
  const decodeNeurons = s + G + b * G + b + (r + G);
  const decodeWeights = G * (perBit * r + 1) + r * (perBit + 1) + s * (r + G) + 2 * G + b * G * (s + 3) + b * (G + 1);
  return {
    depth: 1 + levels + 4,
    neurons: m + treeNeurons + decodeNeurons,
    weights: m * (d + 1) + treeWeights + decodeWeights,
    decodeNeurons,
  };
}

/** Another construction for the same points. */
export interface OtherConstruction {
  readonly name: string;
  /** Neurons; null where the number is too large for float64. */
  readonly neurons: number | null;
  /** log10 of the neurons. */
  readonly log10Neurons: number;
  readonly weights: number | null;
  /** `exact`: the construction's own count; `order`: an order of magnitude, all constants taken as 1. */
  readonly kind: "exact" | "order";
  readonly remark: string;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? Math.ceil(value) : null;
}

/** Baum (1988), Vershynin (2020) and a ReLU network (Yun et al. 2019) for the same points. */
export function otherConstructions({ points, dimensions, delta }: SizeQuestion): OtherConstruction[] {
  const baum = Math.ceil(points / dimensions);
  const exponent = 1 / delta ** 2;
  const root = Math.sqrt(points);
  const exponential = Math.exp(exponent);
  return [
    {
      name: "Baum 1988",
      neurons: baum,
      log10Neurons: Math.log10(baum),
      weights: baum * (dimensions + 1) + baum + 1,
      kind: "exact",
      remark: "one hidden layer, points in general position, two classes",
    },
    {
      name: "Vershynin 2020",
      neurons: finite(exponential + root),
      log10Neurons: exponential < Number.MAX_VALUE ? Math.log10(exponential + root) : exponent / Math.LN10,
      weights: finite(exponential * (dimensions + root) + points),
      kind: "order",
      remark: "exp(1 / delta^2) + sqrt(n), points on a sphere, two classes",
    },
    {
      name: "ReLU, Yun et al. 2019",
      neurons: finite(4 * root),
      log10Neurons: Math.log10(4 * root),
      weights: finite(2 * root * dimensions + 4 * points),
      kind: "order",
      remark: "two hidden layers of about 2 sqrt(n) ReLUs with real weights",
    },
  ];
}
