/** A problem's run as work for any engine. @module */
import { averageInOrder, bytesOf, type Facts, float64sOf, type Share, type Work } from "../../dist/index.ts";
import type { ProblemConfig } from "./config.ts";
import { openRunProblem } from "./open-problem.ts";
import { outerStep } from "./outer.ts";
import type { Problem } from "./problem.ts";
import { endsEpoch, epochOf, roundsOf, Schedule, type ScheduleOptions } from "./schedule.ts";
import { theoreticalStep } from "./step-size.ts";
import { workerSteps } from "./steps.ts";

/** A run of a problem. */
export interface ProblemRun {
  readonly kind: "problem";
  readonly config: ProblemConfig;
  readonly seed: number;
  readonly dataSha256?: string | undefined;
}

/** The schedule's options of a run. */
export function scheduleOf(problem: Problem, config: ProblemConfig, seed: number): ScheduleOptions {
  const { method, sync, localSteps, epochs } = config;
  return { method, sync, localSteps, epochs, seed, workers: problem.workers, components: problem.components };
}

/** F and, where F* is known, F - F*. */
export function measureAt(problem: Problem, x: Float64Array): Facts {
  const objective = problem.objective(x);
  return { objective, ...(problem.optimum !== undefined && { suboptimality: objective - problem.optimum }) };
}

/** Opens a problem's run. Its weights are float64; at the end of every epoch F is measured. */
export async function openProblemWork({ config, seed, dataSha256 }: ProblemRun): Promise<Work> {
  const { problem } = await openRunProblem(config, seed, dataSha256);
  const options = scheduleOf(problem, config, seed);
  const schedule = new Schedule(options);
  const rate = config.learningRate ?? theoreticalStep(problem, options).rate;
  const nesterov = config.outer === "nesterov";
  return {
    workers: problem.workers,
    rounds: roundsOf(options),
    start: () => ({
      weights: bytesOf(problem.start),
      ...(nesterov && { memory: bytesOf(new Float64Array(problem.dim)) }),
    }),
    share(round, worker, { weights }): Share {
      const x = float64sOf(weights);
      const components = schedule.components(round, worker);
      return { weights: bytesOf(workerSteps(problem, config.method, { round, worker, x, rate }, components)) };
    },
    combine(round, held, shares): Share {
      const mean = averageInOrder(shares.flatMap((share) => (share ? [float64sOf(share.weights)] : [])));
      const velocity = held.memory && float64sOf(held.memory);
      const x = outerStep(config, float64sOf(held.weights), mean, velocity);
      const facts = endsEpoch(round, options) && { epoch: epochOf(round, options) + 1, ...measureAt(problem, x) };
      return { weights: bytesOf(x), ...(velocity && { memory: bytesOf(velocity) }), ...(facts && { facts }) };
    },
  };
}
