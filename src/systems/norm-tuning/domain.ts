/** The bounded set of inputs on which a reconstruction holds: a box or a ball around the origin. @module */
import { ConfigError, type Random } from "../../core/index.ts";

/** Inputs with every coordinate in [low, high], or of Euclidean norm at most `radius`. */
export type Domain =
  | { readonly kind: "box"; readonly low: number; readonly high: number }
  | { readonly kind: "ball"; readonly radius: number };

const number = String.raw`([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)`;
const boxPattern = new RegExp(`^box:${number},${number}$`, "i");
const ballPattern = new RegExp(`^ball:${number}$`, "i");

/**
 * The domain that a text names: `box:LO,HI` or `ball:R`.
 *
 * @throws {ConfigError} where it names none, or one without an inside
 */
export function parseDomain(text: string): Domain {
  const expected = "box:LO,HI with LO below HI, or ball:R with R above 0";
  const refuse = () => new ConfigError({ where: "--domain", expected, found: `"${text}"` });
  const box = boxPattern.exec(text);
  if (box) {
    const [low, high] = [Number(box[1]), Number(box[2])];
    if (!(low < high && Number.isFinite(low) && Number.isFinite(high))) throw refuse();
    return { kind: "box", low, high };
  }
  const ball = ballPattern.exec(text);
  const radius = Number(ball?.[1]);
  if (!(radius > 0 && Number.isFinite(radius))) throw refuse();
  return { kind: "ball", radius };
}

/**
 * Whether an input lies in the domain. On a ball's surface, rounding of the norm is let pass.
 *
 * @param x - float64[inDim]
 */
export function contains(domain: Domain, x: Float64Array): boolean {
  if (domain.kind === "box") return x.every((value) => value >= domain.low && value <= domain.high);
  const norm = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  return norm <= domain.radius * (1 + 1e-12);
}

/**
 * A random input: of a box uniform, or with every second draw one of its vertices; of a ball uniform, or with every second draw on
 * its surface.
 *
 * @param times - stretches the domain about its middle, for inputs outside; default 1
 * @returns float64[inDim]
 */
export function drawInput(domain: Domain, inDim: number, random: Random, times = 1): Float64Array {
  const extreme = random.uniform() < 0.5;
  if (domain.kind === "box") {
    const middle = (domain.low + domain.high) / 2;
    const half = (domain.high - domain.low) / 2;
    return Float64Array.from({ length: inDim }, () => {
      const place = random.uniform(-1, 1);
      if (times !== 1) return middle + times * half * (extreme ? Math.sign(place) : place);
      if (extreme) return place < 0 ? domain.low : domain.high;
      return random.uniform(domain.low, domain.high);
    });
  }
  const direction = Float64Array.from({ length: inDim }, () => random.normal());
  const length = extreme ? 1 : random.uniform() ** (1 / inDim);
  return onSphere(direction, domain.radius * length * times);
}

/** The point of the domain at which a linear function is smallest. */
export function lowestPoint(domain: Domain, slope: Float64Array): Float64Array {
  if (domain.kind === "box") return slope.map((value) => (value > 0 ? domain.low : domain.high));
  return onSphere(
    slope.map((value) => -value),
    domain.radius,
  );
}

/** `direction` scaled to norm `length`; the first axis where it has none. */
function onSphere(direction: Float64Array, length: number): Float64Array {
  const largest = direction.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return direction.map((_, i) => (i === 0 ? length : 0));
  const scaled = direction.map((value) => value / largest);
  const norm = Math.sqrt(scaled.reduce((sum, value) => sum + value * value, 0));
  return scaled.map((value) => (value / norm) * length);
}
