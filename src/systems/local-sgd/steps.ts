/** What a worker does in a round, on typed arrays. @module */
import { DivergenceError } from "../../core/index.ts";
import type { Problem } from "./problem.ts";
import { isMinibatch, type Method } from "./schedule.ts";

/**
 * The weights that a worker hands back: B steps of its own (local), or one step along the mean of B gradients at the round's weights
 * (minibatch). The average over workers is then the paper's update in both cases, and with B = 1 both are the same.
 *
 * @param x - the round's weights; kept
 * @param components - the B components to visit, in order
 * @throws {DivergenceError} where the weights leave the numbers; it names the round, the worker and the step
 */
export function workerSteps(
  problem: Problem,
  method: Method,
  { round, worker, x, rate }: { round: number; worker: number; x: Float64Array; rate: number },
  components: Int32Array,
): Float64Array {
  const own = x.slice();
  if (isMinibatch(method)) {
    const share = rate / components.length;
    for (let i = 0; i < components.length; i++) problem.descend(worker, components[i]!, x, share, own);
  } else {
    for (let i = 0; i < components.length; i++) problem.descend(worker, components[i]!, own, rate, own);
  }
  if (!allFinite(own)) throw divergence(problem, { round, worker, x, rate }, components);
  return own;
}

/** Whether all are finite numbers: a loop, as this looks at all weights in every round. */
export function allFinite(x: Float32Array | Float64Array): boolean {
  for (let j = 0; j < x.length; j++) if (!Number.isFinite(x[j])) return false;
  return true;
}

/** Takes the steps again to see which one left the numbers. */
function divergence(
  problem: Problem,
  { round, worker, x, rate }: { round: number; worker: number; x: Float64Array; rate: number },
  components: Int32Array,
): DivergenceError {
  const own = x.slice();
  let step = 0;
  do {
    problem.descend(worker, components[step]!, own, rate, own);
    step++;
  } while (step < components.length && allFinite(own));
  return new DivergenceError({
    where: `round ${round}, worker ${worker}, step ${step}`,
    expected: "finite weights",
    found: `weights beyond the numbers at component ${components[step - 1]}`,
    hint: `begin anew with a learning rate below ${rate.toPrecision(3)}, or check the data of this worker`,
  });
}
