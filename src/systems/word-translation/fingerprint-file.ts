/** Fingerprints from NumPy files, and whether those of two languages are over the same images. @module */

import { access } from "node:fs/promises";
import { DataError } from "../../core/index.ts";
import { readNpy } from "../../data/index.ts";
import { type Rows, takeRows } from "../../linalg/index.ts";
import { readFileBytes } from "../../storage/index.ts";
import type { WordVectors } from "./vocabulary.ts";

/** The list of images that lies beside a fingerprint file: `A.npy` has `A.images.txt`. */
export function imageListPath(path: string): string {
  return path.replace(/\.npy(\.gz)?$/, "").concat(".images.txt");
}

async function readImageList(path: string): Promise<string[] | undefined> {
  const list = imageListPath(path);
  const there = await access(list).then(
    () => true,
    () => false,
  );
  if (!there) return undefined;
  const names = new TextDecoder().decode(await readFileBytes(list)).split(/\r?\n/);
  while (names.at(-1) === "") names.pop();
  return names;
}

/** A matrix of fingerprints, and the names of its images where they are known. */
export interface Fingerprints {
  readonly rows: Rows;
  readonly images: readonly string[] | undefined;
}

/**
 * Reads fingerprints, a row for each row of a vector file, and takes the rows of its words.
 *
 * @throws {DataError} where the matrix has not a row for every row of the vectors, a value is not finite, or the list of images is not
 * as long as the matrix is wide
 */
export async function readFingerprints(path: string, vectors: WordVectors): Promise<Fingerprints> {
  const { shape, data, dtype } = await readNpy(path);
  const [count, dim] = shape;
  const whole = shape.length === 2 && dim > 0 && (vectors.cut ? count >= vectors.rowsRead : count === vectors.rowsRead);
  if (!whole) {
    throw new DataError({
      where: path,
      expected: `[${vectors.rowsRead}, images], a row for each row of ${vectors.name}`,
      found: `[${shape.join(", ")}]`,
      hint: "rows are words, in the order of the vector file, and columns images",
    });
  }
  const values = dtype === "float32" ? (data as Float32Array) : Float32Array.from(data);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const where = `${path}: row ${Math.floor(bad / dim) + 1}`;
    throw new DataError({
      where,
      expected: "finite float32 numbers",
      found: `${data[bad]} at column ${(bad % dim) + 1}`,
    });
  }
  const images = await readImageList(path);
  if (images && images.length !== dim) {
    throw new DataError({ where: imageListPath(path), expected: `${dim} names of images`, found: `${images.length}` });
  }
  return { rows: takeRows({ data: values, count, dim }, vectors.rows), images };
}

/**
 * Makes sure that two matrices are over the same images.
 *
 * @returns whether the names of the images could be compared
 * @throws {DataError} where they are over different numbers of images, or different images, or in another order
 */
export function requireSameImages(source: Fingerprints, target: Fingerprints, where: string): boolean {
  if (source.rows.dim !== target.rows.dim) {
    throw new DataError({
      where,
      expected: "fingerprints over the same images",
      found: `${source.rows.dim} images for the source and ${target.rows.dim} for the target`,
    });
  }
  const { images } = target;
  if (!source.images || !images) return false;
  const different = source.images.findIndex((name, i) => name !== images[i]);
  if (different >= 0) {
    throw new DataError({
      where,
      expected: "the same images in the same order",
      found: `image ${different + 1} is ${source.images[different]} for the source and ${images[different]} for the target`,
      hint: "make both with the same --images folder",
    });
  }
  return true;
}
