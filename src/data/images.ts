/**
 * Datasets of labelled images, from idx and CIFAR files.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DataError, hostTensor, sizeOf } from "../core/index.ts";
import { readFailure } from "../storage/index.ts";
import { cifar10Classes, cifarImage, readCifar } from "./cifar.ts";
import { combineHashes, readDataFile } from "./data-file.ts";
import type { Dataset } from "./dataset.ts";
import { readIdx } from "./idx.ts";

/** A part of a dataset as its source divides it. */
export type Part = "train" | "test";

/** A file's images: a label and `sizeOf(image)` bytes for each. */
interface ImageFile {
  readonly labels: Uint8Array;
  readonly pixels: Uint8Array;
  /** [channels, height, width] */
  readonly image: readonly number[];
  readonly sha256: string;
}

const idxImages = { train: /^train-images[-.]idx3-ubyte(\.gz)?$/, test: /^(t10k|test)-images[-.]idx3-ubyte(\.gz)?$/ };
const idxLabels = { train: /^train-labels[-.]idx1-ubyte(\.gz)?$/, test: /^(t10k|test)-labels[-.]idx1-ubyte(\.gz)?$/ };
const cifarFiles = { train: /^(data_batch|train).*\.bin(\.gz)?$/, test: /^test.*\.bin(\.gz)?$/ };
const classFiles = /^(classes|batches\.meta)\.txt$/;

/** The names of the files in a folder, sorted, each once though it be there both with and without `.gz`. */
export async function listFiles(folder: string): Promise<string[]> {
  try {
    const names = (await readdir(folder)).sort();
    return names.filter((name) => !name.endsWith(".gz") || !names.includes(name.slice(0, -3)));
  } catch (error) {
    throw readFailure(folder, error);
  }
}

/** The paths of the files that match `pattern`. */
export function findFiles(folder: string, files: readonly string[], pattern: RegExp, what: string): string[] {
  const found = files.filter((name) => pattern.test(name));
  if (found.length > 0) return found.map((name) => join(folder, name));
  throw new DataError({ where: folder, expected: what, found: "no such file in the folder" });
}

async function readIdxPair(imagesPath: string, labelsPath: string): Promise<ImageFile> {
  const [images, labels] = await Promise.all([readIdx(imagesPath), readIdx(labelsPath)]);
  const check = (where: string, { data, shape }: typeof images, rank: number) => {
    if (data instanceof Uint8Array && shape.length === rank) return data;
    throw new DataError({ where, expected: `unsigned bytes of rank ${rank}`, found: `rank ${shape.length}` });
  };
  const pixels = check(imagesPath, images, 3);
  const classNumbers = check(labelsPath, labels, 1);
  if (labels.shape[0] !== images.shape[0]) {
    const expected = `${images.shape[0]} labels, one per image of ${imagesPath}`;
    throw new DataError({ where: labelsPath, expected, found: `${labels.shape[0]}` });
  }
  return {
    labels: classNumbers,
    pixels,
    image: [1, ...images.shape.slice(1)],
    sha256: combineHashes([images.sha256, labels.sha256]),
  };
}

/** Files of images of one size in one dataset, pixels scaled to [0, 1]; default classes are the numbers there are. */
function joinImages(name: string, folder: string, files: readonly ImageFile[], classes?: readonly string[]): Dataset {
  const image = files[0]!.image;
  const pixelCount = sizeOf(image);
  const count = files.reduce((total, { labels }) => total + labels.length, 0);
  const inputs = new Float32Array(count * pixelCount);
  const targets = new Int32Array(count);
  let row = 0;
  for (const { labels, pixels, image: other } of files) {
    if (String(other) !== String(image)) {
      const sizes = [image, other].map((size) => size.join("x"));
      throw new DataError({ where: folder, expected: `images of one size, ${sizes[0]}`, found: sizes[1]! });
    }
    const start = row * pixelCount;
    for (let i = 0; i < pixels.length; i++) inputs[start + i] = pixels[i]! / 255;
    targets.set(labels, row);
    row += labels.length;
  }
  const highest = targets.reduce((most, label) => Math.max(most, label), 0);
  if (classes && highest >= classes.length) {
    throw new DataError({ where: folder, expected: `labels of the ${classes.length} classes`, found: `${highest}` });
  }
  return {
    name,
    inputs: hostTensor(inputs, [count, ...image]),
    targets: hostTensor(targets, [count]),
    classes: classes ?? Array.from({ length: highest + 1 }, (_, number) => String(number)),
    sha256: combineHashes(files.map((file) => file.sha256)),
  };
}

async function readClassNames(folder: string, files: readonly string[]): Promise<readonly string[]> {
  const file = files.find((name) => classFiles.test(name));
  if (file === undefined) return cifar10Classes;
  const { bytes } = await readDataFile(join(folder, file));
  const names = new TextDecoder().decode(bytes).split("\n");
  return names.map((name) => name.trim()).filter((name) => name !== "");
}

/** Which layout of image files a folder has. */
export function imageLayout(files: readonly string[]): "idx" | "cifar" | undefined {
  const any = (patterns: { train: RegExp; test: RegExp }) =>
    files.some((name) => patterns.train.test(name) || patterns.test.test(name));
  if (any(idxImages)) return "idx";
  return any(cifarFiles) ? "cifar" : undefined;
}

/**
 * The images of MNIST-style idx files: `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, `t10k-` for the test part.
 *
 * @returns inputs float32 [n, 1, height, width] in [0, 1]
 * @throws {DataError} where a file is absent or damaged, or images and labels differ in number
 */
export async function readIdxFolder(
  folder: string,
  parts: readonly Part[],
  name: string,
  classes?: readonly string[],
): Promise<Dataset> {
  const files = await listFiles(folder);
  const read = [];
  for (const part of parts) {
    const [images] = findFiles(folder, files, idxImages[part], `the ${part} images, an idx3-ubyte file`);
    const [labels] = findFiles(folder, files, idxLabels[part], `the ${part} labels, an idx1-ubyte file`);
    read.push(await readIdxPair(images!, labels!));
  }
  return joinImages(name, folder, read, classes);
}

/**
 * The images of CIFAR-10 binary files: `data_batch_*.bin` or `train*.bin`, and `test*.bin` for the test part; class names from
 * `classes.txt` or `batches.meta.txt` where there is one.
 *
 * @returns inputs float32 [n, 3, 32, 32] in [0, 1]
 * @throws {DataError} where a file is absent or damaged
 */
export async function readCifarFolder(folder: string, parts: readonly Part[], name: string): Promise<Dataset> {
  const files = await listFiles(folder);
  const read: ImageFile[] = [];
  for (const part of parts) {
    const what = part === "train" ? "data_batch_*.bin or train*.bin" : "test*.bin";
    for (const path of findFiles(folder, files, cifarFiles[part], what)) {
      read.push({ ...(await readCifar(path)), image: cifarImage });
    }
  }
  return joinImages(name, folder, read, await readClassNames(folder, files));
}
