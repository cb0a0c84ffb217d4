/** Which B is cheapest, by the paper's rates and what gradients spread along a run. @module */

import { setImmediate } from "node:timers/promises";
import type { WorkHooks } from "../../core/index.ts";
import { averageInOrder } from "../../dist/index.ts";
import { asBeyondNumbers, beyondNumbers } from "./beyond-numbers.ts";
import { componentGradient, type Problem } from "./problem.ts";
import { endsEpoch, roundsOf, Schedule, type ScheduleOptions } from "./schedule.ts";
import { theoreticalStep } from "./step-size.ts";
import { workerSteps } from "./steps.ts";

/** How far gradients lie apart, each the largest along a run. */
export interface Spreads {
  /** nu: largest |grad f_i^m - grad F^m| */
  readonly intra: number;
  /** tau: largest mean over m of |grad F^m| less |grad F| (rho = 1), at least 0 */
  readonly inter: number;
  /** lambda: largest |grad f_i^m - mean over m of grad f_i^m| */
  readonly componentWise: number;
  /** Seconds of a pass of one worker over its components. */
  readonly epochSeconds: number;
}

/** A method at a B: what it is predicted to cost. */
export interface PlannedCost {
  readonly method: "minibatch-rr" | "minibatch-rr+sync" | "local-rr" | "local-rr+sync";
  readonly localSteps: number;
  /** Epochs until F - F* = epsilon, constants and logarithms left out. */
  readonly epochs: number;
  readonly rounds: number;
  /** Seconds of computing and of exchanging weights. */
  readonly seconds: number;
}

/** What decides the plan. */
export interface PlanCosts {
  /** epsilon: F - F* to reach. */
  readonly error: number;
  /** c_c: seconds of an exchange of weights. */
  readonly roundSeconds: number;
  /** c_e: seconds of a pass over a worker's components. */
  readonly epochSeconds: number;
}

/** Milliseconds between two turns of the event loop, in which Ctrl-C comes through. */
const pauseMs = 50;

/**
 * Measures nu, tau and lambda at the start and after every epoch of a run.
 *
 * @throws {DivergenceError} where the run leaves the numbers
 */
export async function measureSpreads(
  problem: Problem,
  options: ScheduleOptions,
  hooks: WorkHooks = {},
): Promise<Spreads> {
  const schedule = new Schedule(options);
  const { rate } = theoreticalStep(problem, options);
  const rounds = roundsOf(options);
  let x = problem.start;
  hooks.signal?.throwIfAborted();
  let spreads = spreadsAt(problem, x);
  let seconds = 0;
  let pausedAt = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (performance.now() - pausedAt > pauseMs) {
      await setImmediate();
      hooks.signal?.throwIfAborted();
      pausedAt = performance.now();
    }
    const begin = performance.now();
    const shares = sharesOf(problem, options.method, { round, x, rate }, schedule);
    seconds += (performance.now() - begin) / 1000;
    x = averageInOrder(shares);
    if (!endsEpoch(round, options)) continue;
    const here = spreadsAt(problem, x);
    if (!Number.isFinite(here.intra)) throw beyondNumbers(`round ${round}`, `nu = ${here.intra}`);
    spreads = {
      intra: Math.max(spreads.intra, here.intra),
      inter: Math.max(spreads.inter, here.inter),
      componentWise: Math.max(spreads.componentWise, here.componentWise),
    };
    hooks.progress?.((round + 1) / rounds);
  }
  return { ...spreads, epochSeconds: seconds / options.epochs / problem.workers };
}

function sharesOf(
  problem: Problem,
  method: ScheduleOptions["method"],
  at: { readonly round: number; readonly x: Float64Array; readonly rate: number },
  schedule: Schedule,
): Float64Array[] {
  try {
    return Array.from({ length: problem.workers }, (_, worker) =>
      workerSteps(problem, method, { ...at, worker }, schedule.components(at.round, worker)),
    );
  } catch (error) {
    throw asBeyondNumbers(error);
  }
}

function norm(x: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += x[j]! * x[j]!;
  return Math.sqrt(sum);
}

/** nu, tau and lambda at x. */
export function spreadsAt(problem: Problem, x: Float64Array): Omit<Spreads, "epochSeconds"> {
  const { workers, components } = problem;
  const workersOf = Array.from({ length: workers }, (_, m) => m);
  const componentsOf = Array.from({ length: components }, (_, i) => i);
  const means = workersOf.map((m) => averageInOrder(componentsOf.map((i) => componentGradient(problem, m, i, x))));
  const whole = averageInOrder(means);
  let intra = 0;
  let componentWise = 0;
  for (const i of componentsOf) {
    const gradients = workersOf.map((m) => componentGradient(problem, m, i, x));
    const mean = averageInOrder(gradients);
    for (const [m, gradient] of gradients.entries()) {
      intra = Math.max(intra, norm(gradient.map((g, j) => g - means[m]![j]!)));
      componentWise = Math.max(componentWise, norm(gradient.map((g, j) => g - mean[j]!)));
    }
  }
  const inter = means.reduce((sum, mean) => sum + norm(mean), 0) / workers - norm(whole);
  return { intra, inter: Math.max(0, inter), componentWise };
}

/**
 * What every method is predicted to cost at every divisor B of N, cheapest first.
 *
 * @remarks Source: Yun, Rajput and Sra (2022), Theorems 1, 2, 6 and 7, solved for K; constants (L and mu among them) and logarithms
 * are left out, so that costs compare methods and values of B, and are no forecast in seconds.
 */
export function planCosts(
  { workers: M, components: N }: Pick<Problem, "workers" | "components">,
  { intra: nu, inter: tau, componentWise: lambda }: Omit<Spreads, "epochSeconds">,
  { error, roundSeconds, epochSeconds }: PlanCosts,
): PlannedCost[] {
  const scale = 1 / Math.sqrt(error);
  const sync = nu / (M * Math.sqrt(N)) + lambda / Math.sqrt(M);
  const epochsOf: Record<PlannedCost["method"], (B: number) => number> = {
    "minibatch-rr": () => nu / Math.sqrt(M * N),
    "minibatch-rr+sync": () => sync,
    "local-rr": (B) => nu / Math.sqrt(M * N) + (nu * Math.sqrt(B)) / N + (tau * B) / N,
    "local-rr+sync": (B) => sync + (nu * Math.sqrt(B)) / N + (lambda * B) / N,
  };
  const sizes = Array.from({ length: N }, (_, i) => i + 1).filter((B) => N % B === 0);
  const methods = (Object.keys(epochsOf) as PlannedCost["method"][]).filter(
    (method) => !method.endsWith("+sync") || N % M === 0,
  );
  return methods
    .flatMap((method) =>
      // The theorems leave out minibatches of all components, which is gradient descent, and local runs of one step.
      sizes
        .filter((B) => (method.startsWith("minibatch") ? B <= N / 2 : B >= 2))
        .map((localSteps): PlannedCost => {
          const epochs = scale * epochsOf[method](localSteps);
          const rounds = (epochs * N) / localSteps;
          return { method, localSteps, epochs, rounds, seconds: epochs * epochSeconds + rounds * roundSeconds };
        }),
    )
    .sort((a, b) => a.seconds - b.seconds || a.localSteps - b.localSteps);
}

/** The cheapest B of each method. */
export function bestOfEach(costs: readonly PlannedCost[]): PlannedCost[] {
  return [...new Map(costs.toReversed().map((cost) => [cost.method, cost])).values()].sort(
    (a, b) => a.seconds - b.seconds,
  );
}
