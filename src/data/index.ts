/** Data: datasets by name or path, the formats they come in, splits and scaling. @module */
export {
  /** Where downloads go by default. */
  cacheDirectory,
  /** How far a download is. */
  type DownloadProgress,
  /** Fetches a public data set, checked by its SHA-256. */
  downloadSource,
  /** The public data sets known by name. */
  listSources,
  /** A public data set: its files, where they come from, its licence. */
  type Source,
} from "./catalog.ts";
/** CIFAR-10 binary files. */
export { decodeCifar, readCifar } from "./cifar.ts";
/** Files read a piece at a time, gzip or not. */
export { chunksOf, linesOf, readDataFile } from "./data-file.ts";
/** Examples to learn from: inputs, targets, and what they are called. */
export type { Dataset } from "./dataset.ts";
/** SQL over files, in memory. */
export { sqlPath, sqlText, withDuckDB } from "./duckdb.ts";
/** Arrays in the idx format. */
export { decodeIdx, type IdxArray, readIdx } from "./idx.ts";
/** What a label column is taken for. */
export type { Task } from "./labels.ts";
export {
  /** How additions are run. */
  type AdapterSettings,
  /** A token for each byte. */
  byteTokenizer,
  /** The same as tokenizer.json. */
  byteTokenizerJson,
  /** A language model in memory. */
  type LanguageModel,
  /** Additions in PEFT's layout. */
  readAdapter,
  /** A language model from a folder or a llama2.c checkpoint. */
  readLanguageModel,
  /** The tokenizer of a model folder. */
  readTokenizer,
  /** Texts as tokens. */
  type Tokenizer,
  /** Writes additions in PEFT's layout. */
  writeAdapter,
  /** Writes a language model for other tools. */
  writeLanguageModel,
} from "./language-model/index.ts";
/** LIBSVM text files. */
export { type LibsvmData, readLibsvm } from "./libsvm.ts";
/** Loads a dataset by name or path. */
export { type LoadOptions, loadDataset, wholePath } from "./load.ts";
/** NumPy's array files. */
export { decodeNpy, readNpy } from "./npy.ts";
/** What to train on and what to test on. */
export { loadParts } from "./parts.ts";
/** Reads CSV, TSV, JSON-lines and Parquet files. */
export { type ReadTableOptions, readTable } from "./read-table.ts";
/** A ReLU network from safetensors or ONNX. */
export { readReluNetwork } from "./relu-network.ts";
export {
  /** What standardizing did: the datasets, and the shift and scale. */
  type Standardized,
  /** Disjoint parts of a dataset, stratified by class. */
  splitDataset,
  /** Mean 0 and standard deviation 1 for every feature, by the training part. */
  standardize,
  /** Some rows of a dataset. */
  takeRows,
} from "./split.ts";
/** Tables: named columns of numbers or texts. */
export { type Column, type NumberColumn, parseNumber, type Table, type TextColumn } from "./table.ts";
/** A dataset of a table's rows. */
export { type TableDatasetOptions, tableDataset } from "./table-dataset.ts";
