/** Sizes that must divide one another, and what a problem cannot do without. @module */
import { ConfigError } from "../../core/index.ts";
import { isReshuffling, type Method } from "./schedule.ts";

/** Sizes of a run, and the options that limit them. */
export interface Sizes {
  readonly method: Method;
  readonly sync: boolean;
  readonly workers: number;
  readonly components: number;
  readonly localSteps: number;
}

/** The divisors of n nearest to `near`, on both sides: `6 or 8`. */
function nearestDivisors(n: number, near: number): string {
  const divisors: number[] = [];
  for (let d = 1; d * d <= n; d++) if (n % d === 0) divisors.push(d, n / d);
  divisors.sort((a, b) => a - b);
  const below = divisors.filter((d) => d < near).at(-1);
  const above = divisors.find((d) => d > near);
  return [below, above].filter((d) => d !== undefined).join(" or ");
}

/** The multiples of d nearest to n: `240 or 256`. */
function nearestMultiples(d: number, n: number): string {
  const below = Math.floor(n / d) * d;
  return [below, below + d].filter((multiple) => multiple > 0).join(" or ");
}

/** @throws {ConfigError} with the nearest values, where sizes do not divide; or where an option does not go with the method */
export function checkSizes({ method, sync, workers, components, localSteps }: Sizes): void {
  if (components % localSteps !== 0) {
    throw new ConfigError({
      where: "--local-steps",
      expected: `a divisor of the ${components} components of a worker, such as ${nearestDivisors(components, localSteps)}`,
      found: `${localSteps}`,
      hint: `or take --components ${nearestMultiples(localSteps, components)}`,
    });
  }
  if (!sync) return;
  if (!isReshuffling(method)) {
    throw new ConfigError({
      where: "--sync",
      expected: "a method that reshuffles, as there is nothing to synchronize in drawing with replacement",
      found: `--method ${method}`,
      hint: `take --method ${method.replace("sgd", "rr")}`,
    });
  }
  if (components % workers !== 0) {
    throw new ConfigError({
      where: "--workers",
      expected: `with --sync, a divisor of the ${components} components of a worker, such as ${nearestDivisors(components, workers)}`,
      found: `${workers}`,
      hint: `or take --components ${nearestMultiples(workers, components)}`,
    });
  }
}
