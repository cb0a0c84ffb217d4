/** Random networks that do a trained one's work by their norm layers alone; training little of a network. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerNorm } from "./command.ts";

/** Inputs of a domain that press the hardest. */
export { pressingInputs } from "./adversary.ts";
/** A reconstruction's folder. */
export { type Certificate, readReconstruction, type StoredReconstruction, writeReconstruction } from "./certificate.ts";
/** The certified error bound, and the condition under which it holds. */
export { type Affine, type Block, type Certainty, certify } from "./certify.ts";
/** What of a network is trained. */
export { type Choice, type PartName, parseChoice, pathsOf } from "./choices.ts";
/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
export {
  /** Options of `tenfold norm merge`. */
  mergeSchema,
  /** What a run of `tenfold norm tune` remembers. */
  type RecipeConfig,
  recipeSchema,
  /** Options of `tenfold norm reconstruct`. */
  reconstructSchema,
  /** Options of `tenfold norm tune`. */
  tuneSchema,
  /** Options of `tenfold norm verify`. */
  verifySchema,
} from "./config.ts";
/** What training changed, kept apart: kilobytes that are put in and taken out. */
export {
  applyDifference,
  type Difference,
  differenceOf,
  differenceOfAdditions,
  hashParameters,
} from "./difference.ts";
/** The bounded set of inputs on which a reconstruction holds. */
export { contains, type Domain, drawInput, parseDomain } from "./domain.ts";
/** Batch norm multiplied into the linear map before it. */
export { foldNorms } from "./fold.ts";
/** What a reconstruction computes, in float64. */
export { applyBlocks } from "./forward.ts";
/** The random weights that stay as they are, from their seed. */
export { type BlockSize, type FrozenBlock, freezeBlock, hashFrozen, keepProbability } from "./frozen.ts";
/** Networks with a norm after every linear map, and the same with the norms folded away. */
export { type NetworkName, normNetwork } from "./models.ts";
/** A reconstruction as ONNX. */
export { type BlockNorms, exportReconstruction, type NormNumbers } from "./network.ts";
/** The construction, and its measured error. */
export {
  type MeasuredError,
  measureError,
  type Reconstruction,
  type ReconstructOptions,
  reconstruct,
} from "./reconstruct.ts";
/** The scales of one layer; the refusal where there are none. */
export { InfeasibleError, neededWidth, type Scales, solveScales } from "./solve.ts";
/** The network to reconstruct. */
export { hashTarget, readTarget } from "./target.ts";
/** One network, several choices of what to train in it. */
export { type Base, loadBase, openTuned, type Tuned, type TuneRow, tune, tuneChoice } from "./tune.ts";
/** Whether a reconstruction is what its certificate says. */
export { type Verification, verifyReconstruction } from "./verify.ts";

/** The room `norm-tuning`. */
export const normTuning: System = {
  name: "norm-tuning",
  command: "norm",
  title: "What norm layers alone can do",
  paper:
    "Angeliki Giannou, Shashank Rajput, Dimitris Papailiopoulos: The Expressive Power of Tuning Only the Normalization Layers, COLT 2023, arXiv 2302.07937",
  summary:
    "Makes a random network compute exactly what your trained one does by setting its norm layers alone, with a certificate; and trains only norms, biases, the head or low-rank additions of a network, kept as kilobytes beside it.",
  claims,
  register: registerNorm,
};
