/** The part of data that runs in a browser: datasets in memory. @module */
export type { Dataset } from "./dataset.ts";
export { type SplitOptions, type Standardized, splitDataset, standardize, takeRows } from "./split.ts";
