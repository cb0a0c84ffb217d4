/**
 * The public data sets that are known by name: what they are, where they come from, and fetching them.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DataError } from "../core/index.ts";
import { makeFolder, sha256, sha256File, writeFileAtomic } from "../storage/index.ts";
import { cifar10Classes } from "./cifar.ts";
import { readTar } from "./tar.ts";

/** A file of a {@link Source}. */
export interface SourceFile {
  /** Its name in the data folder. */
  readonly name: string;
  /** Where it is fetched from, the next where one fails. */
  readonly urls: readonly string[];
  /** SHA-256 of the very bytes at these addresses, where it is known; otherwise the first download's is recorded. */
  readonly sha256?: string;
  /** Where the file is a `.tar.gz`: the files that are taken out of it and kept instead. */
  readonly members?: readonly string[];
}

/** A public data set. */
export interface Source {
  readonly name: string;
  readonly title: string;
  /** How its files are laid out. */
  readonly layout: "idx" | "cifar" | "libsvm";
  readonly files: readonly SourceFile[];
  /** Names of the classes in the order of their numbers, where the files do not give them. */
  readonly classes?: readonly string[];
  /** Number of features of LIBSVM files, which may be more than a file shows. */
  readonly features?: number;
  readonly homepage: string;
  /** The licence that the source states, or that it states none. */
  readonly licence: string;
}

/** The four files of MNIST and its drop-in replacements, with the SHA-256 of each. */
function idxFiles(bases: readonly string[], hashes: readonly [string, string, string, string]): SourceFile[] {
  const names = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ];
  return names.map((name, i) => ({
    name: `${name}.gz`,
    urls: bases.map((base) => `${base}/${name}.gz`),
    sha256: hashes[i]!,
  }));
}

const sources: readonly Source[] = [
  {
    name: "mnist",
    title: "MNIST: 70,000 handwritten digits, 28x28",
    layout: "idx",
    files: idxFiles(
      ["https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist"],
      [
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
      ],
    ),
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    homepage: "https://yann.lecun.com/exdb/mnist",
    licence: "none stated at the source; widely distributed as CC BY-SA 3.0",
  },
  {
    name: "fashion-mnist",
    title: "Fashion-MNIST: 70,000 pictures of clothes, 28x28",
    layout: "idx",
    files: idxFiles(
      ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"],
      [
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
      ],
    ),
    classes: ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"],
    homepage: "https://github.com/zalandoresearch/fashion-mnist",
    licence: "MIT",
  },
  {
    name: "cifar10",
    title: "CIFAR-10: 60,000 colour pictures of 10 things, 32x32",
    layout: "cifar",
    files: [
      {
        name: "cifar-10-binary.tar.gz",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        members: [
          "data_batch_1.bin",
          "data_batch_2.bin",
          "data_batch_3.bin",
          "data_batch_4.bin",
          "data_batch_5.bin",
          "test_batch.bin",
        ],
      },
    ],
    classes: cifar10Classes,
    homepage: "https://www.cs.toronto.edu/~kriz/cifar.html",
    licence: "none stated; the source asks to cite Krizhevsky (2009)",
  },
  {
    name: "a9a",
    title: "a9a: UCI Adult as 123 binary features, 32,561 rows to train and 16,281 to test",
    layout: "libsvm",
    files: ["a9a", "a9a.t"].map((name) => ({
      name,
      urls: [`https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/binary/${name}`],
    })),
    features: 123,
    homepage: "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/binary.html",
    licence: "none stated; made from UCI Adult, CC BY 4.0",
  },
];

/** The public data sets that can be downloaded by name. */
export function listSources(): readonly Source[] {
  return sources;
}

/** The folder that downloads go to by default: `$XDG_CACHE_HOME/tenfold`, or `~/.cache/tenfold`. */
export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tenfold");
}

/** How far the download of a file is. */
export interface DownloadProgress {
  readonly file: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes in all, where the server tells. */
  readonly total: number | undefined;
}

/** Options of {@link downloadSource}. */
export interface DownloadOptions {
  /** Folder of data sets; the files go to a folder in it that is named after the source. Default {@link cacheDirectory}. */
  readonly dir?: string;
  /** Stops the download; files that are complete are kept. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** SHA-256 by file name, in the format of `sha256sum`. */
async function readSums(path: string): Promise<Map<string, string>> {
  const text = await readFile(path, "utf8").catch(() => "");
  return new Map([...text.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm)].map(([, sum, name]) => [name!, sum!]));
}

async function fetchBytes(url: string, file: string, options: DownloadOptions): Promise<Uint8Array> {
  const { signal, onProgress } = options;
  // Without `identity` a server may wrap the file in a compression that fetch takes off again.
  const response = await fetch(url, { signal, headers: { "accept-encoding": "identity" } });
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
  const total = Number(response.headers.get("content-length")) || undefined;
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    received += chunk.length;
    onProgress?.({ file, received, total });
  }
  return Buffer.concat(chunks);
}

/** What went wrong below `fetch failed`. */
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return "code" in cause ? `${error.message} (${cause.code})` : cause.message;
  return error.message;
}

/** The bytes of a file from the first of its addresses that gives the right ones. */
async function fetchFile(
  file: SourceFile,
  expected: string | undefined,
  folder: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  let failure: DataError | undefined;
  for (const url of file.urls) {
    try {
      const bytes = await fetchBytes(url, file.name, options);
      const sum = sha256(bytes);
      if (expected === undefined || sum === expected) return bytes;
      const hint = "the download is damaged, or the file was changed at its source: try again later";
      failure = new DataError({ where: url, expected: `SHA-256 ${expected}`, found: sum, hint });
    } catch (error) {
      options.signal?.throwIfAborted();
      const hint = `put the file into ${folder} by hand, or name a folder that has the data with --data-dir or $TENFOLD_DATA`;
      failure = new DataError({ where: url, expected: file.name, found: networkReason(error), hint, cause: error });
    }
  }
  throw failure ?? new DataError({ where: file.name, expected: "an address to fetch it from", found: "none" });
}

function gunzip(bytes: Uint8Array, where: string): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new DataError({ where, expected: "a .tar.gz archive", found, cause: error });
  }
}

/** The files to keep of what was fetched. */
function unpack(file: SourceFile, bytes: Uint8Array): [name: string, bytes: Uint8Array][] {
  if (file.members === undefined) return [[file.name, bytes]];
  const archive = readTar(gunzip(bytes, file.name), file.name);
  return file.members.map((name) => {
    const member = archive.get(name);
    if (member) return [name, member];
    throw new DataError({ where: file.name, expected: `a file ${name} in the archive`, found: "none" });
  });
}

/**
 * Fetches the files of a public data set, checks their SHA-256, and writes each whole or not at all. Files that are there
 * already are kept, unless their SHA-256 is wrong, so a stopped download goes on with the next file. The sums are recorded in
 * `SHA256SUMS`, as `sha256sum --check` reads it; where a source gives none, later downloads must match the record.
 *
 * @param source - a name of {@link listSources}, or a source of your own
 * @returns the folder that the files are in
 * @throws {DataError} where the name is not known, a file cannot be fetched, or its SHA-256 is another
 * @throws {RunError} where a file cannot be written
 * @throws the signal's reason where it is aborted
 * @example
 * ```ts
 * await downloadSource("mnist", { onProgress: ({ file, received }) => console.error(file, received) });
 * const train = await loadDataset("mnist", { split: "train" });
 * ```
 */
export async function downloadSource(source: string | Source, options: DownloadOptions = {}): Promise<string> {
  const found = typeof source === "string" ? sources.find(({ name }) => name === source) : source;
  if (found === undefined) {
    const expected = `one of ${sources.map(({ name }) => name).join(", ")}`;
    throw new DataError({ where: "data set", expected, found: String(source) });
  }
  const folder = join(options.dir ?? cacheDirectory(), found.name);
  const sumsPath = join(folder, "SHA256SUMS");
  await makeFolder(folder);
  const sums = await readSums(sumsPath);
  for (const file of found.files) {
    options.signal?.throwIfAborted();
    const kept = new Map<string, string>();
    for (const name of file.members ?? [file.name]) {
      const sum = await sha256File(join(folder, name)).catch(() => undefined);
      const expected = (file.members ? undefined : file.sha256) ?? sums.get(name) ?? sum;
      if (sum !== undefined && sum === expected) kept.set(name, sum);
    }
    if (kept.size < (file.members?.length ?? 1)) {
      const bytes = await fetchFile(file, file.sha256 ?? sums.get(file.name), folder, options);
      for (const [name, content] of unpack(file, bytes)) {
        await writeFileAtomic(join(folder, name), content);
        kept.set(name, sha256(content));
      }
    }
    if ([...kept].every(([name, sum]) => sums.get(name) === sum)) continue;
    for (const [name, sum] of kept) sums.set(name, sum);
    await writeFileAtomic(sumsPath, [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join(""));
  }
  return folder;
}
