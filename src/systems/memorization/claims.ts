import type { Claim } from "../claim.ts";

/** A claim's `measure`, whose code is loaded when it runs. */
function lazily<T>(load: () => Promise<T>, pick: (code: T) => Claim["measure"]): Claim["measure"] {
  return async (context) => pick(await load())(context);
}

const sizes = () => import("./measurements.ts");
const onTables = () => import("./measurements-on-tables.ts");

/** What the paper claims, and what we add, as this room measures it. */
export const claims: readonly Claim[] = [
  {
    id: "M1",
    statement:
      "Every table without contradictions is memorized exactly, whatever its labels; nothing is promised about other rows.",
    source: "Theorem on memorization (every label of every point)",
    method:
      "Random tables, digits, iris and wine, several seeds: the written network run row by row; digits also held against rows that it has not seen.",
    paper: "all n labels",
    window: "accuracy exactly 1 on every table and seed",
    command: "tenfold memorize fit iris --tight --out net.json",
    measure: lazily(onTables, (code) => code.measureExactness),
  },
  {
    id: "M2",
    statement: "Beyond what the smallest distance asks for, the number of neurons grows with the square root of n.",
    source: "Theorem, second term of O(log n / delta + sqrt(n) log^2 n) neurons",
    method: "Log-log slope in n of the neurons of the last four layers, random points on the sphere, d = 20.",
    paper: "slope 1/2, Baum (1988) 1",
    window: "slope in [0.42, 0.55]",
    command: "tenfold memorize bench --n 4000 --d 20",
    measure: lazily(sizes, (code) => code.measureNeurons),
  },
  {
    id: "M3",
    statement: "The number of weights grows with n: about two a point.",
    source: "Theorem, second term of O(d log n / delta + n log^2 n) weights; our construction 2n + O(sqrt(n) log n)",
    method: "Log-log slope in n of the weights of the last four layers, as M2.",
    paper: "slope 1 up to logarithms",
    window: "slope in [0.75, 1.1]",
    command: "tenfold memorize bench --n 8000 --d 20",
    measure: lazily(sizes, (code) => code.measureWeights),
  },
  {
    id: "M4",
    statement:
      "The first layer grows with 1 / delta, where the construction before this one took exp(1 / delta^2) neurons.",
    source: "Theorem, first term; Vershynin (2020)",
    method:
      "Points in pairs at distance delta: how many random hyperplanes it takes until all are apart, slope in 1 / delta.",
    paper: "slope 1",
    window: "slope in [0.85, 1.15]",
    command: "tenfold memorize plan --n 200 --d 16 --delta 0.05 --geometry sphere",
    measure: lazily(sizes, (code) => code.measureFirstLayer),
  },
  {
    id: "M5",
    statement: "Only the first layer has real weights; later ones are whole numbers, the decode layer -1, 0 and 1.",
    source: "Section on the construction",
    method: "Every weight of networks for 2, 3 and 10 classes, as read back from the written text.",
    paper: "binary or integer weights after the first layer",
    window: "all whole numbers of at most 52 bits, decode and output layer in {-1, 0, 1}",
    command: "tenfold memorize bench --n 2000 --d 20 --classes 10",
    measure: lazily(sizes, (code) => code.measureWeightValues),
  },
  {
    id: "M6",
    statement: "The first layer's formula is safe and loose: a search among random hyperplanes takes less than half.",
    source: "ours, on the union bound behind the first layer",
    method: "Share of draws that separate n = 1000 points, by size; and the size that --tight finds.",
    paper: "probability at least 1 - eta at the formula's size",
    window: "at least 97.5% of draws at the formula's size, --tight at most half of it",
    command: "tenfold memorize bench --n 1000 --d 20 --tight",
    measure: lazily(sizes, (code) => code.measureSearch),
  },
  {
    id: "M7",
    statement: "The labels are in the decode layer alone: flipping one changes at most two of its weights.",
    source: "ours, on the last stage (each group's neuron knows its labels)",
    method: "Labels flipped one by one, the network built anew, all weights of all layers compared.",
    paper: "none",
    window: "no other layer changes, at least 1 and at most 2 weights do, and the network stays exact",
    command: "tenfold memorize bench --n 500 --d 20",
    measure: lazily(sizes, (code) => code.measureFlips),
  },
];
