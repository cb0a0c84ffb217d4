/**
 * One door to every dataset: a known name, a folder, or a file.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, DataError, hostTensor } from "../core/index.ts";
import { readFailure } from "../storage/index.ts";
import { cacheDirectory, listSources, type Source } from "./catalog.ts";
import { combineHashes, linesOf, streamDataFile } from "./data-file.ts";
import type { Dataset } from "./dataset.ts";
import { findFiles, imageLayout, listFiles, type Part, readCifarFolder, readIdxFolder } from "./images.ts";
import { encodeLabels, type LabelOptions, listNames } from "./labels.ts";
import { isLibsvmLine, readLibsvm } from "./libsvm.ts";
import { isTablePath, type ReadTableOptions, readTable } from "./read-table.ts";
import { splitDataset } from "./split.ts";
import { datasetName, type EncodingOptions, tableDataset } from "./table-dataset.ts";

/** Options of {@link loadDataset}. */
export interface LoadOptions extends EncodingOptions, ReadTableOptions {
  /** Which rows; default all. See {@link loadDataset} for what they are where the data has no test part of its own. */
  readonly split?: Part | "all";
  /** The folder to look in first for data sets known by name. */
  readonly dataDir?: string;
  /** The column to predict, for tables. */
  readonly label?: string;
}

/** The sets that come with the package. */
const bundled = {
  digits: { label: "digit", image: { shape: [1, 8, 8], highest: 16 } },
  iris: { label: "species", image: undefined },
  wine: { label: "cultivar", image: undefined },
} as const;

function isBundled(name: string): name is keyof typeof bundled {
  return Object.hasOwn(bundled, name);
}

/** The package's `data/`, two folders up both from `src/data` and from `dist/data`. */
const bundledFolder = fileURLToPath(new URL("../../data/", import.meta.url));

/** The parts that a split needs. */
function partsOf(split: Part | "all"): readonly Part[] {
  return split === "all" ? ["train", "test"] : [split];
}

/** What names the same data from every working folder: the whole path of a file or folder, or the name of a known set as it is. */
export function wholePath(nameOrPath: string): string {
  const isName = isBundled(nameOrPath) || listSources().some(({ name }) => name === nameOrPath);
  return !isName && existsSync(nameOrPath) ? resolve(nameOrPath) : nameOrPath;
}

/** The rows of `split` where the data has no test part. */
function takeSplit(dataset: Dataset, split: Part | "all"): Dataset {
  if (split === "all") return dataset;
  const [train, test] = splitDataset(dataset, { fractions: [0.8, 0.2], seed: 0 });
  return split === "train" ? train! : test!;
}

async function loadBundled(name: keyof typeof bundled, options: LoadOptions): Promise<Dataset> {
  const { label, image } = bundled[name];
  const { split = "all" } = options;
  if (options.label !== undefined && options.label !== label) {
    const hint = `leave the label out, or give ${label}`;
    throw new ConfigError({ where: name, expected: `the label column ${label}`, found: options.label, hint });
  }
  const table = tableDataset(await readTable(join(bundledFolder, `${name}.csv.gz`)), {
    label,
    task: "classify",
    ...(options.features && image === undefined && { features: options.features }),
  });
  if (image === undefined) return takeSplit(table, split);
  const { features: _, ...dataset } = table;
  const pixels = Float32Array.from(table.inputs.data, (value) => value / image.highest);
  return takeSplit({ ...dataset, inputs: hostTensor(pixels, [table.inputs.shape[0]!, ...image.shape]) }, split);
}

async function loadTable(path: string, options: LoadOptions): Promise<Dataset> {
  const table = await readTable(path, options);
  if (options.label === undefined) {
    const names = listNames(table.columns.map((column) => column.name));
    throw new ConfigError({
      where: path,
      expected: "the name of the column to predict (label)",
      found: "none",
      hint: `its columns are ${names}`,
    });
  }
  return takeSplit(tableDataset(table, { ...options, label: options.label }), options.split ?? "all");
}

/** LIBSVM files, one after the other, as one dataset. */
async function joinLibsvm(
  name: string,
  paths: readonly string[],
  width: number | undefined,
  options: LoadOptions,
): Promise<Dataset> {
  const { like } = options;
  const features = like?.inputs.shape[1] ?? width;
  const files = [];
  for (const path of paths) files.push(await readLibsvm(path, { features }));
  const widest = Math.max(...files.map(({ inputs }) => inputs.shape[1]!));
  const count = files.reduce((total, { labels }) => total + labels.data.length, 0);
  const inputs = new Float32Array(count * widest);
  const labels = new Float64Array(count);
  let row = 0;
  for (const file of files) {
    inputs.set(file.inputs.data, row * widest);
    labels.set(file.labels.data, row);
    row += file.labels.data.length;
  }
  const labelOptions: LabelOptions = like
    ? { task: like.classes ? "classify" : "regress", classes: like.classes }
    : options;
  const rows = Int32Array.from({ length: count }, (_, i) => i);
  return {
    name,
    inputs: hostTensor(inputs, [count, widest]),
    ...encodeLabels({ name: "label", type: "number", values: labels }, rows, paths.join(" + "), labelOptions),
    sha256: combineHashes(files.map((file) => file.sha256)),
  };
}

/** The files of a LIBSVM source as they are called at the source, with `.txt` and `.gz` allowed at the end. */
function libsvmPattern(file: string): RegExp {
  return new RegExp(`^${file.replaceAll(".", "\\.")}(\\.txt)?(\\.gz)?$`);
}

/** The dataset of a source whose files are in `folder`; undefined where none of them is there. */
async function loadSourceFrom(folder: string, source: Source, options: LoadOptions): Promise<Dataset | undefined> {
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) return undefined;
  const files = await listFiles(folder);
  const parts = partsOf(options.split ?? "all");
  if (source.layout === "libsvm") {
    const patterns = source.files.map(({ name }) => libsvmPattern(name));
    if (!files.some((name) => patterns.some((pattern) => pattern.test(name)))) return undefined;
    const paths = parts.map((part) => {
      const file = part === "train" ? 0 : 1;
      return findFiles(folder, files, patterns[file]!, source.files[file]!.name)[0]!;
    });
    return joinLibsvm(source.name, paths, source.features, options);
  }
  if (imageLayout(files) !== source.layout) return undefined;
  if (source.layout === "idx") return readIdxFolder(folder, parts, source.name, source.classes);
  return readCifarFolder(folder, parts, source.name);
}

/** Where under `root` the files of a source may be. */
function foldersOf(source: Source, root: string): string[] {
  const folder = join(root, source.name);
  if (source.layout === "libsvm") return [folder, join(root, "libsvm"), root];
  // Many sets share MNIST's file names: a folder called otherwise is not taken for this one.
  return basename(root).startsWith(source.name) ? [folder, root] : [folder];
}

async function loadSource(source: Source, options: LoadOptions): Promise<Dataset> {
  const places = [options.dataDir, process.env.TENFOLD_DATA, cacheDirectory()];
  const roots = places.filter((root): root is string => Boolean(root));
  for (const root of roots) {
    for (const folder of foldersOf(source, root)) {
      const dataset = await loadSourceFrom(folder, source, options);
      if (dataset) return dataset;
    }
  }
  throw new DataError({
    where: source.name,
    expected: `its files in a folder ${source.name} of one of ${roots.join(", ")}`,
    found: "none",
    hint: `fetch it with \`tenfold data get ${source.name}\`, or name a folder with --data-dir or $TENFOLD_DATA`,
  });
}

async function loadFolder(folder: string, options: LoadOptions): Promise<Dataset> {
  const layout = imageLayout(await listFiles(folder));
  const parts = partsOf(options.split ?? "all");
  const name = basename(folder);
  if (layout === "idx") return readIdxFolder(folder, parts, name, options.like?.classes ?? options.classes);
  if (layout === "cifar") return readCifarFolder(folder, parts, name);
  throw new DataError({
    where: folder,
    expected: "idx files (train-images-idx3-ubyte, …) or CIFAR-10 files (data_batch_1.bin, train*.bin, …)",
    found: "neither",
    hint: "name a file rather than the folder?",
  });
}

/** Whether the first line of a file that is not empty reads as LIBSVM. */
async function looksLikeLibsvm(path: string): Promise<boolean> {
  let verdict: boolean | undefined;
  await streamDataFile(path, async (chunks) => {
    for await (const lines of linesOf(chunks)) {
      const first = verdict === undefined ? lines.find((line) => line.replace(/#.*/, "").trim() !== "") : undefined;
      if (first !== undefined) verdict = isLibsvmLine(first);
    }
  });
  return verdict ?? false;
}

async function loadFile(path: string, options: LoadOptions): Promise<Dataset> {
  if (isTablePath(path)) return loadTable(path, options);
  if (/\.(libsvm|svm)(\.gz)?$/i.test(path) || (await looksLikeLibsvm(path))) {
    return takeSplit(await joinLibsvm(datasetName(path), [path], undefined, options), options.split ?? "all");
  }
  throw new DataError({
    where: path,
    expected: "a .csv, .tsv, .jsonl, .parquet or LIBSVM file",
    found: "another ending, and no LIBSVM text",
  });
}

/**
 * Loads a dataset by name or path.
 *
 * Names: `digits`, `iris` and `wine` come with the package; `mnist`, `fashion-mnist`, `cifar10` and `a9a` are looked for in
 * `dataDir`, `$TENFOLD_DATA` and the cache ({@link cacheDirectory}), in this order, each in a folder of their name; see
 * {@link downloadSource}. Paths: a folder of idx or CIFAR-10 files, a table file (see {@link readTable}; needs `label`), or a
 * LIBSVM file. A name goes before a path: write `./iris` for a folder called iris.
 *
 * Images (`digits` too) are float32 [n, channels, height, width] in [0, 1]; tables are float32 [n, features], not scaled (see
 * {@link standardize}).
 *
 * @param options.split - `train` and `test` are the parts that the source has; where it has none (the bundled sets, files), they
 * are a fixed 80/20 split with seed 0, stratified by class. Default `all`: both
 * @throws {DataError} where nothing of that name or path is there, a part is absent, or a file cannot be read as it should
 * @throws {ConfigError} where a table is given without `label`, or a bundled set with another label than its own
 * @example
 * ```ts
 * const train = await loadDataset("digits", { split: "train" });
 * const mine = await loadDataset("customers.csv", { split: "train", label: "churned" });
 * ```
 */
export async function loadDataset(nameOrPath: string, options: LoadOptions = {}): Promise<Dataset> {
  if (isBundled(nameOrPath)) return loadBundled(nameOrPath, options);
  const source = listSources().find(({ name }) => name === nameOrPath);
  if (source) return loadSource(source, options);

  const status = await stat(nameOrPath).catch((error: unknown) => {
    // What looks like a path is one; a bare word may be a misspelled name.
    if (/[/\\.]/.test(nameOrPath)) throw readFailure(nameOrPath, error);
  });
  if (status?.isDirectory()) return loadFolder(nameOrPath, options);
  if (status) return loadFile(nameOrPath, options);
  const names = [...Object.keys(bundled), ...listSources().map(({ name }) => name)];
  throw new DataError({
    where: "data set",
    expected: `one of ${names.join(", ")}, or the path of a file or folder`,
    found: nameOrPath,
    hint: "no file or folder of this name is here either",
  });
}
