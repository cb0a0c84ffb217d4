import type { Claim } from "../claim.ts";

/** A claim's `measure`, whose code is loaded when it runs. */
function lazily<T>(load: () => Promise<T>, pick: (code: T) => Claim["measure"]): Claim["measure"] {
  return async (context) => pick(await load())(context);
}

const theory = () => import("./measurements.ts");
const onData = () => import("./measurements-on-data.ts");

/** What the paper claims, and what we add, as this room measures it. */
export const claims: readonly Claim[] = [
  {
    id: "A1",
    statement:
      "With shuffling, minibatch and local SGD converge as 1/K^2 in the number of epochs; drawing with replacement they converge as 1/K.",
    source: "Theorems 1, 2, 6, 7 and the rates with replacement; the experiment is ours",
    method:
      "Slope in K of the mean error on the lower bound's skewed function at the theorems' step size, whose logarithm flattens it by 0.1 to 0.3.",
    paper: "slopes in K: -2 with shuffling, -1 with replacement, up to logarithms",
    window:
      "within 0.4 of -0.94 (with replacement), -1.85 (minibatch-rr), -1.79 (with sync), -1.78 (local-rr), -1.73 (with sync)",
    command: "tenfold local bench",
    measure: lazily(theory, (code) => code.measureEpochs),
  },
  {
    id: "A2",
    statement:
      "M workers divide the error of minibatch random reshuffling by M, and synchronized shuffling divides it by M^2; where M B = N every round is an exact gradient.",
    source: "Theorems 1 and 6; the experiment is ours",
    method: "Slope in M of the mean error on the skewed function, and the error where M B = N.",
    paper: "slopes in M: -1, and -2 with synchronized shuffling, up to logarithms",
    window: "within 0.4 of -0.84 and of -1.8; error at most 1e-14 where M B = N",
    command: "tenfold local bench --vary workers --methods minibatch-rr,minibatch-rr+sync,local-rr,local-rr+sync",
    measure: lazily(theory, (code) => code.measureWorkers),
  },
  {
    id: "A3",
    statement:
      "Minibatch random reshuffling does not depend on B; local random reshuffling loses its speed-up as B grows, and at B = N is no better than a single machine.",
    source: "Theorems 1, 2 and 4; the experiment is ours",
    method: "Mean error on the skewed function with 16 workers, by B, beside that of one worker.",
    paper: "the term nu^2 B / (N^2 K^2) of local-rr reaches 1/(N K^2), the single machine's rate, at B = N",
    window:
      "local-rr's gain over one worker at least 4 at B = 2 and at most 2 at B = N; minibatch-rr within a factor 2 up to B = N/4",
    command: "tenfold local bench --vary local-steps --workers 16 --methods minibatch-rr,local-rr",
    measure: lazily(theory, (code) => code.measureLocalSteps),
  },
  {
    id: "A4",
    statement: "Where workers differ, the error of local steps grows with the square of their number.",
    source: "Theorem 2 and Proposition 5 (tau^2 B^2 / (N^2 K^2)); the experiment is ours",
    method: "Slope in B - 1 of the error on Proposition 5's pair of quadratics.",
    paper: "slope 2",
    window: "within 0.4 of 2 on every seed",
    command:
      "tenfold local bench --task quadratic --dim 1 --vary local-steps --intra 0.05 --inter 1 --methods local-rr --values 2,4,8,16,32,64",
    measure: lazily(theory, (code) => code.measureHeterogeneous),
  },
  {
    id: "A5",
    statement: "Synchronized shuffling helps only where workers' components are alike.",
    source: "Theorem 6 (the term lambda^2 / (M K^2)); the experiment is ours",
    method: "Error of minibatch-rr over that with sync on quadratics, without and with lambda = nu, at K = 64.",
    paper: "a gain of M where lambda = 0, none where lambda is of the order of nu",
    window: "a gain of at least 3 with lambda = 0, and of at most 1.5 with lambda = nu",
    command:
      "tenfold local bench --task quadratic --component-wise 1 --methods minibatch-rr,minibatch-rr+sync --values 32,64",
    measure: lazily(theory, (code) => code.measureSyncGain),
  },
  {
    id: "O1",
    statement:
      "Methods that must coincide do: local and minibatch at B = 1, one worker at any B, synchronized minibatches at M B = N and gradient descent.",
    source: "ours, on sections 2 and 5",
    method: "Largest difference of the last iterates.",
    paper: "none",
    window: "no difference in the first two, at most 1e-13 in the third; every component once in a synchronized round",
    command: "tenfold local run --method minibatch-rr --sync --workers 8 --components 64 --local-steps 8",
    measure: lazily(theory, (code) => code.measureExactness),
  },
  {
    id: "O2",
    statement: "On a network whose shards are alike, averaging 32 times less often costs little accuracy.",
    source: "ours",
    method: "Test accuracy of an mlp on digits with 4 workers, by B, at the same number of epochs.",
    paper: "none",
    window: "at B = 32 at most 3 points below B = 1, which reaches 90%, with at most a 16th of the bytes",
    command: "tenfold local train --data digits --batch-size 11 --local-steps 32 --epochs 7 --learning-rate 0.1",
    measure: lazily(onData, (code) => code.measureNetwork),
  },
];
