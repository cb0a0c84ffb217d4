/** Sizes that must divide one another, and what a problem cannot do without. @module */
import { ConfigError } from "../../core/index.ts";
import { mostComponents, mostWorkers } from "./config.ts";
import { isReshuffling, type Method } from "./schedule.ts";

/** Sizes of a run, and the options that limit them. */
export interface Sizes {
  readonly method: Method;
  readonly sync: boolean;
  readonly workers: number;
  readonly components: number;
  readonly localSteps: number;
}

/** What else limits the values that are proposed in place of wrong ones. */
export interface SizeLimits {
  /** What N must be a multiple of beside B (and M, with sync); default 1. */
  readonly unit?: number;
  /** Whether M must be even; default false. */
  readonly evenWorkers?: boolean;
  /** The most that M times N may be; default no limit. */
  readonly mostOverall?: number;
  /** Values of B or M that are there already, beside the wrong one. */
  readonly taken?: readonly number[];
  /** The options that B and M come from, where they are others than `--local-steps` and `--workers`. */
  readonly stepsOption?: string;
  readonly workersOption?: string;
}

/** The least common multiple. */
export function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return (a / divisor(a, b)) * b;
}

/** The numbers of an ascending list nearest to `near`, on both sides: ` such as 6 or 8`, or nothing. */
function nearestOf(numbers: readonly number[], near: number): string {
  const found = [numbers.filter((n) => n < near).at(-1), numbers.find((n) => n > near)].filter((n) => n !== undefined);
  return found.length > 0 ? `, such as ${found.join(" or ")}` : "";
}

/** All divisors of n, ascending. */
function divisorsOf(n: number): number[] {
  const divisors: number[] = [];
  for (let d = 1; d * d <= n; d++) if (n % d === 0) divisors.push(d, n / d);
  return [...new Set(divisors)].sort((a, b) => a - b);
}

/** A hint with the multiples of `unit` nearest to n that are at most `most`; undefined where there are none. */
function otherComponents(n: number, unit: number, most: number): string | undefined {
  const below = Math.floor(n / unit) * unit;
  const multiples = [below, below + unit].filter((multiple) => multiple > 0 && multiple <= most);
  return multiples.length > 0 ? `or take --components ${multiples.join(" or ")}` : undefined;
}

/**
 * @param limits - so that every value proposed is one that works
 * @throws {ConfigError} with the nearest values, where sizes do not divide; or where an option does not go with the method
 */
export function checkSizes({ method, sync, workers, components, localSteps }: Sizes, limits: SizeLimits = {}): void {
  const { unit = 1, evenWorkers = false, mostOverall = Number.POSITIVE_INFINITY, taken = [] } = limits;
  if (sync && !isReshuffling(method)) {
    throw new ConfigError({
      where: "--sync",
      expected: "a method that reshuffles, as there is nothing to synchronize in drawing with replacement",
      found: `--method ${method}`,
      hint: `take --method ${method.replace("sgd", "rr")}`,
    });
  }
  const whole = [unit, localSteps, ...(sync ? [workers] : [])].reduce(leastCommonMultiple);
  const hint = otherComponents(components, whole, Math.min(mostComponents, Math.floor(mostOverall / workers)));
  const divisors = divisorsOf(components).filter((divisor) => !taken.includes(divisor));
  const workersDivide = !sync || components % workers === 0;
  if (components % localSteps !== 0) {
    // Another B alone helps only where M is right.
    const nearest = workersDivide ? nearestOf(divisors, localSteps) : "";
    throw new ConfigError({
      where: limits.stepsOption ?? "--local-steps",
      expected: `a divisor of the ${components} components of a worker${nearest}`,
      found: `${localSteps}`,
      hint,
    });
  }
  if (!workersDivide) {
    const possible = divisors.filter(
      (divisor) => divisor <= mostWorkers && divisor * components <= mostOverall && !(evenWorkers && divisor % 2 !== 0),
    );
    throw new ConfigError({
      where: limits.workersOption ?? "--workers",
      expected: `with --sync, a divisor of the ${components} components of a worker${nearestOf(possible, workers)}`,
      found: `${workers}`,
      hint,
    });
  }
}
