import type { Claim } from "../claim.ts";

/** A claim's `measure`, whose code is loaded when it runs. */
function lazily<T>(load: () => Promise<T>, pick: (code: T) => Claim["measure"]): Claim["measure"] {
  return async (context) => pick(await load())(context);
}

const inWorlds = () => import("./measurements.ts");
const onData = () => import("./measurements-on-data.ts");

const files = "--source en.vec --target de.vec --source-fingerprints en.npy --target-fingerprints de.npy";

/** What the paper claims, and what we add, as this room measures it. */
export const claims: readonly Claim[] = [
  {
    id: "W1",
    statement: "Images find the dictionary of two languages whose texts share nothing; a random start finds none.",
    source: "Section 3 and the main results",
    method:
      "Small worlds from seeds: vectors from texts about different scenes, fingerprints from descriptions of the same 200 images; the same refinement from both starts, looked up by vectors alone.",
    paper: "fingerprints start what text alone cannot",
    window: "lower end of the interval at least 30% from images, at most 5% from random pairs on every seed",
    command: `tenfold translate align ${files} --start random --out run`,
    measure: lazily(inWorlds, (code) => code.measureStarts),
  },
  {
    id: "W2",
    statement: "Robust Procrustes finds the rotation among wrong pairs where plain Procrustes is pulled away.",
    source: "Section 3, robust Procrustes; ours: ten reweightings",
    method: "500 pairs in 50 dimensions, exact but for wrong ones: distance of each map from the true rotation.",
    paper: "robust better than plain",
    window: "robust error at most 1/100 of plain at 30% wrong pairs and 1/10 at 50%, on every seed",
    command: `tenfold translate align ${files} --map orthogonal --robust-iterations 10 --out run`,
    measure: lazily(inWorlds, (code) => code.measureRobustness),
  },
  {
    id: "W3",
    statement: "A hidden rotation and order are found through noise.",
    source: "Section 3, Procrustes with CSLS",
    method:
      "Unit vectors in 100 dimensions, turned, shuffled, with noise on every coordinate; 500 anchors, the other words looked up.",
    paper: "none",
    window: "P@1 above 95% at noise 0.1 on every seed",
    command: "tenfold translate align --source en.vec --target de.vec --seed-dictionary seeds.txt --out run",
    measure: lazily(inWorlds, (code) => code.measureRotation),
  },
  {
    id: "W4",
    statement: "Finding pairs anew by the map makes the map better.",
    source: "Section 3, refinement",
    method: "Worlds as of W1: P@1 with and without refinement, by vectors alone.",
    paper: "refinement better than none",
    window: "interval of the gain above 0",
    command: `tenfold translate align ${files} --refine none --out run`,
    measure: lazily(inWorlds, (code) => code.measureRefinement),
  },
  {
    id: "W5",
    statement: "More images, better dictionaries.",
    source: "Section on the number of images",
    method: "Worlds as of W1 with 50, 200 and 600 images, 1000 at full scale.",
    paper: "rises with the number of images",
    window: "the mean rises from each number to the next",
    command: `tenfold translate align ${files} --out run`,
    measure: lazily(inWorlds, (code) => code.measureImages),
  },
  {
    id: "W6",
    statement:
      "Mean CSLS, the criterion of unsupervised methods, cannot tell a random start from the right one; agreement with held-out images can.",
    source: "ours, on the paper's criterion for the best iteration",
    method: "Worlds with short texts: both criteria at the end of the refinement from images and from random pairs.",
    paper: "the lowest error of best pairs chooses",
    window:
      "no threshold on mean CSLS parts all right starts from all random ones; agreement parts them by a factor of 2",
    command: `tenfold translate compare run`,
    measure: lazily(inWorlds, (code) => code.measureCriteria),
  },
  {
    id: "W7",
    statement: "Images are worth more as evidence beside the vectors to the end than for the first pairs alone.",
    source: "ours; the recipe alone reaches 12.8%, fingerprints alone 32.7% on visual words",
    method:
      "Full scale: image-pivot-en-de of TENFOLD_DATA, 4,000 words a language, 1,000 images, gold for evaluation only. Quick scale: worlds as of W1.",
    paper: "none",
    window:
      "full: P@1 at least 16% on all and 36% on visual gold words, random start below 1%; quick: interval of the gain above 0",
    command: `tenfold translate evaluate run --gold gold.txt`,
    measure: lazily(onData, (code) => code.measureCaptions),
  },
];
