/**
 * NumPy's array files.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @module
 */
import {
  allocate,
  bytesPerElement,
  DataError,
  type DType,
  formatShape,
  type HostTensor,
  hostTensor,
  sizeOf,
  type TypedArray,
} from "../core/index.ts";
import { readDataFile } from "./data-file.ts";

const dtypes: Readonly<Record<string, DType>> = { "<f4": "float32", "<f8": "float64", "<i4": "int32" };
const magic = "\x93NUMPY";

/** The header is a Python dictionary; NumPy writes it in one way, and this reads the three values out of it. */
function readHeader(text: string, where: string): { descr: string; shape: number[] } {
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw new DataError({
      where,
      expected: "an npy header with descr, fortran_order and shape",
      found: text.trim().slice(0, 80),
    });
  }
  if (order === "True") {
    const hint = "save numpy.ascontiguousarray(array)";
    throw new DataError({ where, expected: "an array in C order", found: "Fortran order", hint });
  }
  const sizes = shape.split(",").filter((size) => size.trim() !== "");
  return { descr, shape: sizes.map(Number) };
}

function narrow(wide: BigInt64Array, where: string): Int32Array {
  return Int32Array.from(wide, (value, i) => {
    if (value === BigInt.asIntN(32, value)) return Number(value);
    throw new DataError({ where, expected: "int64 values that fit int32", found: `${value} at element ${i}` });
  });
}

/**
 * The tensor in the bytes of an `.npy` file.
 *
 * @param bytes - the whole file, decompressed; not kept
 * @param where - its name for errors
 * @returns float32, float64 or int32 as in the file; int64 narrowed to int32
 * @throws {DataError} where the file is no npy file, cut short, in Fortran order or of another dtype, or an int64 value does
 * not fit int32
 * @example
 * ```ts
 * const embeddings = decodeNpy(bytes, "items.npy");
 * ```
 */
export function decodeNpy(bytes: Uint8Array, where: string): HostTensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const latin1 = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString("latin1");
  if (bytes.length < 12 || latin1(0, 6) !== magic) {
    throw new DataError({ where, expected: "an npy file, which starts with \\x93NUMPY", found: "other bytes" });
  }
  const version = bytes[6]!;
  const headerStart = version === 1 ? 10 : 12;
  const dataStart = headerStart + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataStart > bytes.length) {
    throw new DataError({ where, expected: `an npy header of ${dataStart} bytes`, found: `${bytes.length} bytes` });
  }
  const { descr, shape } = readHeader(latin1(headerStart, dataStart), where);
  const dtype = descr === "<i8" ? "int64" : dtypes[descr];
  if (dtype === undefined) {
    throw new DataError({
      where,
      expected: "little-endian float32, float64, int32 or int64 (<f4, <f8, <i4, <i8)",
      found: descr,
      hint: 'save array.astype("<f4")',
    });
  }
  const size = sizeOf(shape);
  const dataBytes = size * (dtype === "int64" ? 8 : bytesPerElement[dtype]);
  const data = bytes.subarray(dataStart);
  if (data.length !== dataBytes) {
    throw new DataError({
      where,
      expected: `${dataBytes} bytes of data for ${dtype}${formatShape(shape)}`,
      found: `${data.length}`,
      hint: "the file is cut short or damaged",
    });
  }
  const target: TypedArray | BigInt64Array = dtype === "int64" ? new BigInt64Array(size) : allocate(dtype, size);
  new Uint8Array(target.buffer).set(data);
  return hostTensor(target instanceof BigInt64Array ? narrow(target, where) : target, shape, where);
}

/**
 * Reads an `.npy` file, gzip or not; see {@link decodeNpy}.
 *
 * @throws {DataError} where the file cannot be read or breaks the format
 */
export async function readNpy(path: string): Promise<HostTensor> {
  const { bytes } = await readDataFile(path);
  return decodeNpy(bytes, path);
}
