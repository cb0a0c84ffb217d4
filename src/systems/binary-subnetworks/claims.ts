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
    id: "B1",
    statement:
      "Any ReLU network is approximated to within eps by masking edges of a random network with weights +1 and -1, with probability at least 1 - delta.",
    source: "Theorem 1 (our construction, our bound)",
    method:
      "Random targets of three layers at eps from 0.3 to 0.003, each in a random network of its own; every unit followed, outputs in whole numbers, corners and searched inputs included.",
    paper: "error at most eps",
    window: "every target found, every output equal to the quantized target's, error <= bound <= eps",
    command: "tenfold subnet bench --targets 20 --eps 0.3,0.1,0.03,0.01,0.003",
    measure: lazily(theory, (code) => code.measureApproximation),
  },
  {
    id: "B2",
    statement: "The random network is deeper and wider than the target by a factor that is logarithmic in 1/eps.",
    source: "Theorem 1 (constants are our construction's)",
    method: "Depth and width over targets of one to five layers while eps falls from 0.3 to 0.003.",
    paper: "depth O(l log(d l / eps)), width O(d log^2(d l / (eps delta)))",
    window:
      "depth exactly L (bits + 1) + 1; width in proportion to (bits + 1) copies; while 1/eps grows 100 times, at most log2(100) + 1 bits more and 3 copies more",
    command: "tenfold subnet bench --targets 3 --widths 6,6,6,6,6,6",
    measure: lazily(theory, (code) => code.measureGrowth),
  },
  {
    id: "B3",
    statement:
      "It is depth that makes it logarithmic: without doubling, sums of signs need a width that is polynomial in 1/eps.",
    source: "ours (ablation; the paper argues the same from below)",
    method: "The same targets with whole numbers made by adding a value again and again; exponents of width in 1/eps.",
    paper: "polynomial against logarithmic width",
    window: "exponent at least 0.7 without doubling, at most 0.35 with it",
    command: "tenfold subnet bench --targets 2 --eps 0.3,0.1,0.03 --gadgets unary,doubling",
    measure: lazily(theory, (code) => code.measureUnary),
  },
  {
    id: "B4",
    statement: "The mask belongs to its random network: on any other it computes something else.",
    source: "ours",
    method: "Masks of random targets at eps 0.01 on the networks of five other seeds.",
    paper: "none",
    window: "under every other seed the error is above eps",
    command: "tenfold subnet bench --targets 1 --eps 0.01",
    measure: lazily(theory, (code) => code.measureOtherSeeds),
  },
  {
    id: "B5",
    statement:
      "Amplitudes do not matter: a mask over signs is as accurate as a mask over normal weights of the same shape.",
    source: "section 5 and Ramanujan et al. (2020)",
    method:
      "Edge-popup keeping half the weights of an mlp, binary against normal, three seeds; on MNIST at full scale where it is there, on digits otherwise.",
    paper: "no loss",
    window: "mean accuracy of binary at most 1 point below that of normal",
    command: "tenfold subnet search --data digits --weights binary --out runs/binary",
    measure: lazily(onData, (code) => code.measureAmplitude),
  },
  {
    id: "B6",
    statement: "The mask carries what was learned: its bits shuffled within each layer, nothing is left.",
    source: "Sreenivasan et al. (2022), Rare gems (sanity checks)",
    method: "The masks of B5's first seed shuffled, inverted, and over the signs of other seeds.",
    paper: "chance",
    window:
      "the mask itself above 90%; shuffled and over other signs at most 10 points above the most frequent class on average",
    command: "tenfold subnet search --data digits --method edge-popup --out runs/edge-popup",
    measure: lazily(onData, (code) => code.measureSanity),
  },
];
