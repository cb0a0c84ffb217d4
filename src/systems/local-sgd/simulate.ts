import { averageInOrder } from "../../dist/index.ts";
import type { Problem } from "./problem.ts";
import { roundsOf, Schedule, type ScheduleOptions } from "./schedule.ts";
import { workerSteps } from "./steps.ts";

/**
 * The last iterate of a run with plain averaging: the rounds of the in-process engine, bit for bit, without what an engine
 * carries around them.
 *
 * @param rate - the constant step size
 * @returns float64 [dim]
 * @throws {DivergenceError} where the step is too large
 */
export function simulate(problem: Problem, options: ScheduleOptions, rate: number): Float64Array {
  const rounds = simulatedRounds(problem, options, rate);
  for (;;) {
    const { done, value } = rounds.next();
    if (done) return value;
  }
}

/** {@link simulate} a round at a time, for whoever does something else in between. */
export function* simulatedRounds(
  problem: Problem,
  options: ScheduleOptions,
  rate: number,
): Generator<void, Float64Array, void> {
  const schedule = new Schedule(options);
  const rounds = roundsOf(options);
  let x = problem.start;
  for (let round = 0; round < rounds; round++) {
    const shares = Array.from({ length: problem.workers }, (_, worker) =>
      workerSteps(problem, options.method, { round, worker, x, rate }, schedule.components(round, worker)),
    );
    x = averageInOrder(shares);
    yield;
  }
  return x;
}
