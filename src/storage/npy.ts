/**
 * Writing NumPy's array files; reading them is in `data`.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @module
 */
import type { HostTensor } from "../core/index.ts";
import { writeFileAtomic } from "./files.ts";

const descriptions = { float32: "<f4", float64: "<f8", int32: "<i4", bool: "|b1" } as const;
const magic = "\x93NUMPY\x01\x00";

/**
 * The bytes of an `.npy` file (version 1.0, C order, little-endian).
 *
 * @example
 * ```ts
 * const bytes = encodeNpy(hostTensor(new Float32Array(6), [2, 3])); // numpy.load gives a float32 array of shape (2, 3)
 * ```
 */
export function encodeNpy({ data, dtype, shape }: HostTensor): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // Data begin at a multiple of 64 bytes; the header's last byte is a line end.
  const length = Math.ceil((magic.length + 2 + dictionary.length + 1) / 64) * 64 - magic.length - 2;
  const start = magic.length + 2 + length;
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set(Buffer.from(magic, "latin1"));
  new DataView(bytes.buffer).setUint16(magic.length, length, true);
  bytes.set(Buffer.from(`${dictionary.padEnd(length - 1)}\n`, "latin1"), magic.length + 2);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}

/**
 * Writes an `.npy` file, whole or not at all.
 *
 * @throws {RunError} where the file cannot be written
 */
export async function writeNpy(path: string, tensor: HostTensor): Promise<void> {
  await writeFileAtomic(path, encodeNpy(tensor));
}
