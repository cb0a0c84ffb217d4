/** The inputs that a bound speaks of: a ball or a box. @module */
import { ConfigError, type Random } from "../../core/index.ts";

/** All x with |x| <= radius, or with low <= x_j <= high for every j. */
export type Domain =
  | { readonly kind: "ball"; readonly radius: number }
  | { readonly kind: "box"; readonly low: number; readonly high: number };

/**
 * Reads `ball:RADIUS` or `box:LOW,HIGH`.
 *
 * @throws {ConfigError} for anything else
 */
export function parseDomain(text: string): Domain {
  const [kind, numbers = ""] = text.split(":");
  const values = numbers.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [first = Number.NaN, second = Number.NaN] = values;
  if (kind === "ball" && values.length === 1 && first > 0 && Number.isFinite(first)) return { kind, radius: first };
  if (kind === "box" && values.length === 2 && first < second && Number.isFinite(second - first)) {
    return { kind, low: first, high: second };
  }
  throw new ConfigError({
    where: "--domain",
    expected: "ball:RADIUS with a positive radius, or box:LOW,HIGH with LOW below HIGH",
    found: `"${text}"`,
  });
}

/** The text that {@link parseDomain} reads. */
export function formatDomain(domain: Domain): string {
  return domain.kind === "ball" ? `ball:${domain.radius}` : `box:${domain.low},${domain.high}`;
}

/** The largest |x_j| in the domain. */
export function largestCoordinate(domain: Domain): number {
  return domain.kind === "ball" ? domain.radius : Math.max(Math.abs(domain.low), Math.abs(domain.high));
}

/** The largest Euclidean norm in the domain. */
export function radiusOf(domain: Domain, dim: number): number {
  return domain.kind === "ball" ? domain.radius : largestCoordinate(domain) * Math.sqrt(dim);
}

/** Whether no input is negative, so that it passes a ReLU as it is. */
export function isNonnegative(domain: Domain): boolean {
  return domain.kind === "box" && domain.low >= 0;
}

/** A random input: uniform in the box; of the ball's surface or inside, half and half. */
export function sampleInput(domain: Domain, dim: number, random: Random): Float64Array {
  if (domain.kind === "box") return Float64Array.from({ length: dim }, () => random.uniform(domain.low, domain.high));
  const direction = Float64Array.from({ length: dim }, () => random.normal());
  const inside = random.bits() < 0 ? random.uniform() ** (1 / dim) : 1;
  return scaledTo(direction, domain.radius * inside);
}

/** The input of the domain that goes furthest along `direction`. */
export function extremeInput(domain: Domain, direction: Float64Array): Float64Array {
  if (domain.kind === "ball") return scaledTo(direction, domain.radius);
  return direction.map((value) => (value > 0 ? domain.high : domain.low));
}

function scaledTo(x: Float64Array, length: number): Float64Array {
  const norm = Math.hypot(...x);
  return norm === 0 ? x.map((_, j) => (j === 0 ? length : 0)) : x.map((value) => (value * length) / norm);
}
