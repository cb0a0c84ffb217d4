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
      "On strongly convex quadratics the squared error falls as 1/(n K^3) with random reshuffling, 1/(n K^2) with a single shuffle and 1/K^2 with the incremental order.",
    source: "Table 1 (lower bounds of Safran and Shamir)",
    method: "Slope in K of the median error over random quadratics whose components are sorted, log-log.",
    paper: "slopes in K: RR -3, SS -2, IGD -2",
    window: "RR in [-3.6, -2.5], SS in [-2.3, -1.7], IGD in [-2.2, -1.7]",
    command: "tenfold order bench --orders rr,ss,igd --draws 2",
    measure: lazily(theory, (code) => code.measurePlainRates),
  },
  {
    id: "A2",
    statement:
      "FlipFlop, each permutation forwards and then backwards, speeds all three up at the same number of gradients: to 1/(n K^5), 1/(n K^4) and at least 1/K^3, down to a floor 1/(n^2 K^2).",
    source: "FlipFlop theorems (upper bounds)",
    method: "As A1; points within a factor 10 of the floor are left out of the fit.",
    paper: "slopes in K: FF-RR -5, FF-SS -4, FF-IGD -3 or steeper",
    window: "FF-RR at most -3.9, FF-SS in [-4.3, -3.3], FF-IGD at most -2.8",
    command: "tenfold order bench --orders ff-rr,ff-ss,ff-igd --draws 2",
    measure: lazily(theory, (code) => code.measureFlipFlopRates),
  },
  {
    id: "A3",
    statement:
      "In one dimension there are permutations that converge exponentially in the number of epochs, where random ones do not.",
    source: "Theorem 1",
    method:
      "A path of adjacent swaps between the two sorted orders is searched each epoch, with the optimum known and the learning rate shrinking (our construction).",
    paper: "error c1 exp(-c2 K)",
    window: "error below 1e-12 within 10 epochs on every problem, random reshuffling above 1e-3",
    command: "tenfold order optimal",
    measure: lazily(theory, (code) => code.measureOneDimension),
  },
  {
    id: "A4",
    statement: "For general strongly convex functions no order beats random ones in the rate in K.",
    source: "lower bound for every sequence of permutations",
    method: "Start at the optimum, choose the best of all n! orders in every epoch, fit the squared error to alpha.",
    paper: "error at least of order alpha^2, that is 1/K^2",
    window: "slope in alpha in [1.8, 2.3], error at least half of random reshuffling's",
    command: "tenfold order hard",
    measure: lazily(theory, (code) => code.measureNoOrderHelps),
  },
  {
    id: "A5",
    statement:
      "FlipFlop pays where n is much larger than K; where K is much larger than n, the floor 1/(n^2 K^2) is all that is left and no order matters.",
    source: "terms of the bounds of A1 and A2",
    method: "Slopes in n at K = 48, and the gain RR / FF-RR at the largest n and at n = 4, K = 2048.",
    paper: "slopes in n: RR -1, SS -1, IGD 0",
    window: "RR and SS in [-1.5, -0.6], IGD in [-0.4, 0.3], gain at least 5 and at most 2",
    command: "tenfold order bench --n 400 --epochs 48,96 --orders rr,ss,igd,ff-rr",
    measure: lazily(theory, (code) => code.measureDependenceOnSize),
  },
  {
    id: "O1",
    statement: "The iterates are those of exact arithmetic on the epochs' affine maps.",
    source: "ours",
    method:
      "The last iterate of every order against the product of its epochs' maps x -> prod (I - alpha A_i) x + offset.",
    paper: "none",
    window: "largest difference at most 1e-12",
    command: "tenfold order bench --n 60 --d 4 --epochs 16,32",
    measure: lazily(theory, (code) => code.measureAffineOracle),
  },
  {
    id: "O2",
    statement:
      "On logistic regression the gain of FlipFlop shrinks: the quadratic rates are not reached, as the floor 1/(n^2 K^2) comes early on real data.",
    source: "ours",
    method:
      "Slope in K of FF-RR's squared distance on wine (cultivar 2, l2 = 0.1), and on the same problem's second-order model.",
    paper: "none (the rates are for quadratics)",
    window:
      "FF-RR's slope above -3.9, and its gain over RR at K = 512 below that on random quadratics of the same size",
    command:
      "tenfold order bench --task logistic --data wine --positive 2 --scale standard --l2 0.1 --learning-rates 0.002 --epochs 512 --orders rr,ff-rr",
    measure: lazily(onData, (code) => code.measureLogisticGain),
  },
  {
    id: "O3",
    statement:
      "On real data balancing gradients (GraB) reaches a lower loss than any order that does not look at them, each at its own best learning rate.",
    source: "ours, on Lu et al. (2022)",
    method: "Suboptimality of logistic regression on digits (8 or not) after 20 epochs at equal gradient budget.",
    paper: "none",
    window: "the better of GraB's two forms below the best of RR, SS, IGD and FF-RR",
    command: "tenfold order bench --task logistic --data digits --positive 8 --learning-rates 0.05,0.1 --repeats 7",
    measure: lazily(onData, (code) => code.measureGrabOnRealData),
  },
];
