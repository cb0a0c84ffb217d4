/**
 * The idx format of MNIST and its kin: two zero bytes, a type, a rank, big-endian sizes, then the elements.
 *
 * @see https://yann.lecun.com/exdb/mnist
 * @module
 */
import { DataError, formatShape, sizeOf } from "../core/index.ts";
import { readDataFile } from "./data-file.ts";

/** An array of an idx file. */
export interface IdxArray {
  readonly shape: readonly number[];
  /** Row-major elements, in the type that the file declares. */
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

type Elements = IdxArray["data"];

/** The types of the format by their number: bytes an element, and the array over a buffer. */
const types: Readonly<Record<number, { bytes: number; over: (buffer: ArrayBuffer) => Elements }>> = {
  8: { bytes: 1, over: (buffer) => new Uint8Array(buffer) },
  9: { bytes: 1, over: (buffer) => new Int8Array(buffer) },
  11: { bytes: 2, over: (buffer) => new Int16Array(buffer) },
  12: { bytes: 4, over: (buffer) => new Int32Array(buffer) },
  13: { bytes: 4, over: (buffer) => new Float32Array(buffer) },
  14: { bytes: 8, over: (buffer) => new Float64Array(buffer) },
};

/** A copy of big-endian elements in little-endian order. */
function toLittleEndian(bytes: Uint8Array, elementBytes: number): ArrayBuffer {
  const copy = Uint8Array.from(bytes);
  const buffer = Buffer.from(copy.buffer);
  if (elementBytes === 2) buffer.swap16();
  if (elementBytes === 4) buffer.swap32();
  if (elementBytes === 8) buffer.swap64();
  return copy.buffer;
}

/**
 * The array in the bytes of an idx file.
 *
 * @param bytes - the whole file, decompressed; not kept
 * @param where - its name for errors
 * @throws {DataError} where the magic number is another, or the file is shorter or longer than its header says
 * @example
 * ```ts
 * decodeIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), "labels").data; // Uint8Array [7, 9]
 * ```
 */
export function decodeIdx(bytes: Uint8Array, where: string): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) throw new DataError({ where, expected: "an idx header", found: `${bytes.length} bytes` });
  const type = types[bytes[2]!];
  if (view.getUint16(0) !== 0 || type === undefined) {
    throw new DataError({
      where,
      expected: "an idx magic number (0x00000801 for labels, 0x00000803 for images)",
      found: `0x${view.getUint32(0).toString(16).padStart(8, "0")}`,
      hint: "is this an idx file?",
    });
  }
  const rank = bytes[3]!;
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw new DataError({ where, expected: `${rank} sizes in ${headerBytes} bytes`, found: `${bytes.length} bytes` });
  }
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const dataBytes = sizeOf(shape) * type.bytes;
  const found = bytes.length - headerBytes;
  if (found !== dataBytes) {
    const hint = found < dataBytes ? "the file is cut short: fetch it again" : "the file is damaged: fetch it again";
    throw new DataError({
      where,
      expected: `${dataBytes} bytes of data for shape ${formatShape(shape)}`,
      found: `${found}`,
      hint,
    });
  }
  return { shape, data: type.over(toLittleEndian(bytes.subarray(headerBytes), type.bytes)) };
}

/**
 * Reads an idx file, gzip or not; see {@link decodeIdx}.
 *
 * @returns the array and the SHA-256 of the file
 * @throws {DataError} where the file cannot be read or breaks the format
 */
export async function readIdx(path: string): Promise<IdxArray & { sha256: string }> {
  const { bytes, sha256 } = await readDataFile(path);
  return { ...decodeIdx(bytes, path), sha256 };
}
