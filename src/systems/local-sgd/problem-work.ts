/** A problem's run as work for any engine. @module */
import { DivergenceError } from "../../core/index.ts";
import { averageInOrder, bytesOf, float64sOf, type Share, type Work } from "../../dist/index.ts";
import type { ProblemConfig } from "./config.ts";
import { openProblem } from "./open-problem.ts";
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
function measureAt(problem: Problem, x: Float64Array): { readonly objective: number; readonly suboptimality?: number } {
  const objective = problem.objective(x);
  return { objective, ...(problem.optimum !== undefined && { suboptimality: objective - problem.optimum }) };
}

/** Opens a problem's run. Its weights are float64; at the end of every epoch F is measured. */
export async function openProblemWork({ config, seed, dataSha256 }: ProblemRun): Promise<Work> {
  const { problem } = await openProblem(config, seed, dataSha256);
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
      const velocity = held.memory && float64sOf(held.memory).slice();
      const x = outerStep(config, float64sOf(held.weights), mean, velocity);
      const facts = endsEpoch(round, options) && { epoch: epochOf(round, options) + 1, ...measureAt(problem, x) };
      if (facts && !Number.isFinite(facts.objective)) {
        const found = `${facts.objective}`;
        const hint = `begin anew with a learning rate below ${rate.toPrecision(3)}, or with a smaller problem`;
        throw new DivergenceError({ where: `round ${round}`, expected: "a finite objective", found, hint });
      }
      return { weights: bytesOf(x), ...(velocity && { memory: bytesOf(velocity) }), ...(facts && { facts }) };
    },
  };
}
