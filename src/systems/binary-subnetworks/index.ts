/** Networks found inside random ones: signs from a seed, and a mask of what is kept. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerSubnet } from "./command.ts";

/** A trained network found in a random one, with all its figures. */
export { type ApproximateOptions, type Approximation, approximate } from "./approximate.ts";
/** The construction on random targets. */
export { type BenchRow, benchApproximation } from "./bench.ts";
/** How whole numbers are made of signs. */
export type { Gadget } from "./blueprint.ts";
/** What a folder says of the mask in it. */
export type { Certificate } from "./certificate.ts";
/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
export {
  /** Options of `tenfold subnet approximate`. */
  approximateSchema,
  /** Options of `tenfold subnet bench`. */
  benchSchema,
  /** Options of `tenfold subnet search`. */
  type SearchConfig,
  searchSchema,
  /** Options of `tenfold subnet verify`. */
  verifySchema,
} from "./config.ts";
/** Which edges a layer keeps, and the error where signs are missing. */
export { type MaskLayer, RedundancyError } from "./construct.ts";
/** The inputs that a bound speaks of. */
export { type Domain, formatDomain, parseDomain } from "./domain.ts";
/** Masks and certificates on disk. */
export {
  readApproximation,
  type Verification,
  type VerifyOptions,
  verifyFolder,
  writeApproximation,
} from "./folder.ts";
/** A model that learns a mask over frozen weights. */
export {
  type MaskedLayer,
  type MaskedModel,
  type MaskedOptions,
  type MaskedParams,
  type MaskMethod,
  maskedModel,
  type WeightKind,
} from "./masked-model.ts";
/** Random ReLU networks of spectral norms 1. */
export { randomTarget } from "./random-target.ts";
/** Training a mask, and judging it. */
export {
  judgeMask,
  loadSearch,
  type MaskReport,
  type SanityChecks,
  type SearchRecipe,
  trainedMask,
  trainMask,
  writeSubnetwork,
} from "./search.ts";
/** The signs of a random binary network. */
export { type EdgeSign, edgeSigns, speckEncrypt, speckRoundKeys } from "./signs.ts";
/** A masked network in packed bits. */
export { decodeSubnetwork, encodeSubnetwork, type Subnetwork, subnetworkWeights } from "./subnetwork-file.ts";

/** The room `binary-subnetworks`. */
export const binarySubnetworks: System = {
  name: "binary-subnetworks",
  command: "subnet",
  title: "Networks inside random networks of signs",
  paper:
    "Kartik Sreenivasan, Shashank Rajput, Jy-yong Sohn, Dimitris Papailiopoulos: Finding Nearly Everything within Random Binary Networks. AISTATS 2022, arXiv 2110.08996",
  summary:
    "Finds a trained network inside a random one of weights +1 and -1 by masking edges, with a certificate that checks from the files alone; and learns such masks on your data.",
  claims,
  register: registerSubnet,
};
