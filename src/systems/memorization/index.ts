/** Tables known by heart: networks of threshold neurons that are built, not trained, and certified. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerMemorize } from "./command.ts";

/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
/** From bits to short codes: parities by trees of threshold neurons. */
export { buildParityTree, drawSubsets, type ParityTree } from "./compress.ts";
export {
  /** Options of `tenfold memorize bench`. */
  benchSchema,
  /** Options of `tenfold memorize fit`. */
  fitSchema,
  /** Options of `tenfold memorize plan`. */
  planSchema,
  /** Options of `tenfold memorize verify`. */
  verifySchema,
} from "./config.ts";
/** From codes to labels: rank within a group, and a neuron a group that knows its labels. */
export { buildDecoder, type SortedCodes, sortCodes } from "./decode.ts";
/** From the cells of a table to points in the unit ball, and back again the same way. */
export {
  type AppliedEncoding,
  applyEncoding,
  type ColumnEncoding,
  type EncodedTable,
  type Encoding,
  encodeTable,
  hashText,
  widthOf,
} from "./encoding.ts";
/** The network as a C99 header. */
export { exportC } from "./export-c.ts";
/** The network as an ONNX model. */
export { exportOnnx } from "./export-onnx.ts";
/** The layers after the first as a Verilog module. */
export { exportVerilog } from "./export-verilog.ts";
/** A table memorized, and the figures of it. */
export { type FitOptions, type FitReport, type Fitted, fitTable } from "./fit-table.ts";
/** The answers of a network from its weights alone. */
export { type Answers, type ForwardMode, forward } from "./forward.ts";
/** What label numbers stand for. */
export { decodeLabel, type LabelCoding, labelBits } from "./label-coding.ts";
/** The whole construction: from points and labels to a network. */
export { type Memorized, type MemorizeOptions, memorize } from "./memorize.ts";
/** Networks of threshold neurons as sparse layers, and what they count. */
export { countNetwork, type Layer, type LayerRole, type Network, type NetworkCensus } from "./network.ts";
/** The text of net.json. */
export { decodeNetworkFile, encodeNetworkFile, type NetworkFile, readNetworkFile } from "./network-file.ts";
/** Points, and hyperplanes between them. */
export { drawHyperplanes, type Hyperplanes, type Points } from "./points.ts";
/** Random points with random labels. */
export { pairsTask, type RandomTask, randomTask } from "./random-task.ts";
/** Fewer hyperplanes that separate all points. */
export { searchHyperplanes, separatingPrefix } from "./search-hyperplanes.ts";
/** Sizes before there is any data. */
export {
  type Bounds,
  boundSizes,
  firstLayerSize,
  type Geometry,
  type OtherConstruction,
  otherConstructions,
  planWidths,
  type SizeQuestion,
  type Widths,
} from "./sizes.ts";
/** The smallest distance of two points. */
export { type ClosestPair, findClosestPair } from "./smallest-distance.ts";
/** The rows of a table file or of a set known by name. */
export { loadSource, type SourceOptions, type TableSource } from "./table-source.ts";
/** A network held against a table. */
export { type Verification, verifyTable } from "./verify-table.ts";

/** The room `memorization`. */
export const memorization: System = {
  name: "memorization",
  command: "memorize",
  title: "Tables known by heart",
  paper:
    "Shashank Rajput, Kartik Sreenivasan, Dimitris Papailiopoulos, Amin Karbasi: An Exponential Improvement on the Memorization Capacity of Deep Threshold Networks. NeurIPS 2021, arXiv 2106.07724",
  summary:
    "Builds a network of threshold neurons that gives every row of a table its label, checks it on all rows from the written weights, and exports it to ONNX, C and Verilog.",
  claims,
  register: registerMemorize,
};
