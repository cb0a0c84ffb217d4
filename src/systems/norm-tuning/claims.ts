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
    id: "N1",
    statement:
      "A random network of twice the depth and one neuron a weight computes any ReLU network exactly on a bounded domain, by its norm layers alone.",
    source: "Theorem 1",
    method:
      "20 targets of random shapes (1 to 5 layers, 1 to 12 neurons) reconstructed in float64; largest error over random inputs, box vertices and inputs that press hidden units, against the certified bound.",
    paper: "f = g with probability 1",
    window: "error at most 1e-9 and at most the certified bound, in 20 of 20",
    command: "tenfold norm reconstruct --target T.safetensors --width-factor 1 --out rebuilt",
    measure: lazily(theory, (code) => code.measureExactness),
  },
  {
    id: "N2",
    statement:
      "One neuron a weight is tight: with one less, almost no weight can be reached; scales of the second norm save out - 1 neurons a layer, and one less than that fails again.",
    source: "Theorem 1; Burkholz (2024) for the second",
    method:
      "Random square layers at the least width and at one neuron less, with and without the second norm's scales: relative residual of the closest weights.",
    paper: "mn, and mn - m + 1",
    window: "residual at most 1e-9 at the least width and at least 1e-4 one below, in every draw",
    command: "tenfold norm reconstruct --target T.safetensors --infeasible --out refused",
    measure: lazily(theory, (code) => code.measureTightness),
  },
  {
    id: "N3",
    statement:
      "Only norm parameters are found, 2 (N + m) a layer; the random weights are those of the seed, bit by bit.",
    source: "Theorem 1, counted",
    method:
      "A target of equal widths d at N = d^2: parameters counted in the stored file, and the frozen weights' SHA-256 before, after and made anew from the seed.",
    paper: "2 l d^2 + 2 l d trained of 2 l d^3 + …",
    window: "the stored file holds 2 l (d^2 + d) numbers, all three hashes are equal, another seed's differs",
    command: "tenfold norm verify rebuilt --target T.safetensors",
    measure: lazily(theory, (code) => code.measureCounts),
  },
  {
    id: "N4",
    statement:
      "The frozen network can be sparse: with a share c sqrt(log d / d) of its entries it still computes the target, from a threshold in c on; slack in the width lowers the threshold.",
    source: "Theorem 2",
    method:
      "Random layers of dimension d, frozen maps masked at random: share of draws that reach the layer, against c.",
    paper: "p = Theta(sqrt(log d / d)) suffices",
    window: "none at c = 0.25, all at c = 2 with N = d^2; with N = 1.5 d^2 more at c = 0.5 than with N = d^2",
    command: "tenfold norm reconstruct --target T.safetensors --sparsity 1.5 --out sparse",
    measure: lazily(theory, (code) => code.measureSparsity),
  },
  {
    id: "N5",
    statement:
      "Gradient descent does not find what the construction finds: trained to match the target, the same norms of the same frozen network stay far from it.",
    source: "ours, after the paper's experiments and Burkholz (2024)",
    method:
      "A target trained on digits, reconstructed; the norm parameters of the same frozen network then trained by Adam on the target's outputs: root mean square error on the test part, and decisions that agree.",
    paper: "CIFAR-10: 95.43 constructed, 90.35 trained (Burkholz)",
    window: "constructed agrees on every test example; trained leaves an error at least 1e6 times larger",
    command: "tenfold norm reconstruct --target T.safetensors --domain box:0,1 --out rebuilt",
    measure: lazily(onData, (code) => code.measureConstructedAgainstTrained),
  },
  {
    id: "N6",
    statement:
      "Norm-only training of a random network gains with its width and its depth, and stays below training everything.",
    source: "the paper's motivation: Frankle, Schwab and Morcos (2021)",
    method: "MLPs with frozen random weights on digits, norms trained only (no head): accuracy, mean of seeds.",
    paper: "CIFAR-10, norms only: 48% to 82% from ResNet-14 to ResNet-866, about 91 to 93% in full",
    window:
      "the widest at least 5 points above the narrowest, 4 hidden layers above 2 on the mean over widths, and all weights above every norm-only network",
    command: "tenfold norm tune --hidden 256,256 --train norm,all",
    measure: lazily(onData, (code) => code.measureWidthAndDepth),
  },
];
