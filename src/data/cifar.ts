/**
 * The binary version of CIFAR-10: records of a label byte and 32x32 pixels, the red plane first, then green and blue.
 *
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 * @module
 */
import { DataError } from "../core/index.ts";
import { readDataFile } from "./data-file.ts";

/** Channels, height and width of a CIFAR image. */
export const cifarImage = [3, 32, 32] as const;

/** The classes of CIFAR-10 in the order of their labels. */
export const cifar10Classes: readonly string[] = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

const pixelsPerImage = 3 * 32 * 32;
const recordBytes = 1 + pixelsPerImage;

/** The records of a CIFAR-10 file, taken apart. */
export interface CifarRecords {
  /** A label of 0 to 9 per image. */
  readonly labels: Uint8Array;
  /** 3072 bytes per image: [3, 32, 32], 0 to 255. */
  readonly pixels: Uint8Array;
}

/**
 * The labels and pixels in the bytes of a CIFAR-10 file.
 *
 * @param bytes - the whole file, decompressed; not kept
 * @param where - its name for errors
 * @throws {DataError} where the file is no whole number of records, or a label is above 9
 * @example
 * ```ts
 * const { labels, pixels } = decodeCifar(bytes, "data_batch_1.bin");
 * ```
 */
export function decodeCifar(bytes: Uint8Array, where: string): CifarRecords {
  const count = bytes.length / recordBytes;
  if (count === 0 || !Number.isInteger(count)) {
    throw new DataError({
      where,
      expected: `a multiple of ${recordBytes} bytes (a label and 3x32x32 pixels an image)`,
      found: `${bytes.length}`,
      hint: "the file is cut short, or no CIFAR-10 file",
    });
  }
  const labels = new Uint8Array(count);
  const pixels = new Uint8Array(count * pixelsPerImage);
  for (let i = 0; i < count; i++) {
    const start = i * recordBytes;
    labels[i] = bytes[start]!;
    if (labels[i]! > 9) {
      throw new DataError({ where: `${where}: image ${i + 1}`, expected: "a label of 0 to 9", found: `${labels[i]}` });
    }
    pixels.set(bytes.subarray(start + 1, start + recordBytes), i * pixelsPerImage);
  }
  return { labels, pixels };
}

/**
 * Reads a CIFAR-10 file, gzip or not; see {@link decodeCifar}.
 *
 * @returns the records and the SHA-256 of the file
 * @throws {DataError} where the file cannot be read or breaks the format
 */
export async function readCifar(path: string): Promise<CifarRecords & { sha256: string }> {
  const { bytes, sha256 } = await readDataFile(path);
  return { ...decodeCifar(bytes, path), sha256 };
}
