import type { Problem } from "./problem.ts";

/** Gradient descent on F itself from the problem's start: what synchronized minibatches come to where M B = N. */
export function gradientDescent(problem: Problem, rate: number, steps: number): Float64Array {
  const { workers, components, start } = problem;
  const share = rate / (workers * components);
  const x = start.slice();
  for (let step = 0; step < steps; step++) {
    const at = x.slice();
    for (let m = 0; m < workers; m++) {
      for (let i = 0; i < components; i++) problem.descend(m, i, at, share, x);
    }
  }
  return x;
}
