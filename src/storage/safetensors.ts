/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header, then the tensors' bytes without gaps.
 * Files written here are read by any other implementation, and the other way round.
 *
 * @see https://github.com/huggingface/safetensors#format
 * @module
 */
import {
  allocate,
  DataError,
  dtypeOf,
  formatShape,
  type HostTensor,
  hostTensor,
  sizeOf,
  type TypedArray,
} from "../core/index.ts";
import { readFileBytes, writeFileAtomic } from "./files.ts";

/** What a safetensors file holds. */
export interface Safetensors {
  /** The tensors by name, in the order of their bytes in the file. */
  readonly tensors: Record<string, HostTensor>;
  /** The free-form texts of the header's `__metadata__`; empty where the file has none. */
  readonly metadata: Record<string, string>;
}

/** The longest header that the reference implementation takes, in bytes. */
const maxHeaderBytes = 100_000_000;

const encoder = new TextEncoder();

/** Turns `bytes`, a tensor of `size` elements, into a typed array of its own; `fail` makes the error for a bad value. */
type Decoder = (bytes: Uint8Array, size: number, fail: (expected: string, found: string) => DataError) => TypedArray;

function copyInto<T extends TypedArray | BigInt64Array | Uint16Array>(target: T, bytes: Uint8Array): T {
  new Uint8Array(target.buffer).set(bytes);
  return target;
}

/** Bits of the float32 with the value of an IEEE 754 binary16. */
function float32BitsOfHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  let fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  let shift = 0;
  for (; (fraction & 0x400) === 0; shift++) fraction <<= 1;
  return sign | ((113 - shift) << 23) | ((fraction & 0x3ff) << 13);
}

function decodeFloat16(toBits: (half: number) => number): Decoder {
  return (bytes, size) => {
    const halves = copyInto(new Uint16Array(size), bytes);
    const out = new Float32Array(size);
    const bits = new Int32Array(out.buffer);
    for (let i = 0; i < size; i++) bits[i] = toBits(halves[i]!);
    return out;
  };
}

const decodeInt64: Decoder = (bytes, size, fail) => {
  const wide = copyInto(new BigInt64Array(size), bytes);
  return Int32Array.from(wide, (value, i) => {
    if (value !== BigInt.asIntN(32, value)) throw fail("I64 values that fit int32", `${value} at element ${i}`);
    return Number(value);
  });
};

const decodeBool: Decoder = (bytes, size, fail) => {
  const odd = bytes.findIndex((value) => value > 1);
  if (odd >= 0) throw fail("BOOL values of 0 or 1", `${bytes[odd]} at element ${odd}`);
  return copyInto(new Uint8Array(size), bytes);
};

/** The dtypes of the format that are read, with their bytes an element. */
const formats: Readonly<Record<string, { bytes: number; decode: Decoder }>> = {
  F64: { bytes: 8, decode: (bytes, size) => copyInto(allocate("float64", size), bytes) },
  F32: { bytes: 4, decode: (bytes, size) => copyInto(allocate("float32", size), bytes) },
  F16: { bytes: 2, decode: decodeFloat16(float32BitsOfHalf) },
  BF16: { bytes: 2, decode: decodeFloat16((half) => half << 16) },
  I64: { bytes: 8, decode: decodeInt64 },
  I32: { bytes: 4, decode: (bytes, size) => copyInto(allocate("int32", size), bytes) },
  U8: { bytes: 1, decode: (bytes, size) => copyInto(allocate("bool", size), bytes) },
  BOOL: { bytes: 1, decode: decodeBool },
};

function formatOf(tensor: HostTensor): string {
  switch (dtypeOf(tensor.data)) {
    case "float32":
      return "F32";
    case "float64":
      return "F64";
    case "int32":
      return "I32";
    case "bool":
      return tensor.data.every((value) => value <= 1) ? "BOOL" : "U8";
  }
}

/** The order of the written dtypes in a file: the reference implementation's, by which every tensor is aligned. */
const layout = ["F64", "F32", "I32", "U8", "BOOL"];

function bytesOf(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The bytes of a safetensors file. The same tensors and metadata give the same bytes, whatever the order of their keys:
 * tensors are laid out by dtype (large elements first, so that each is aligned) and then by name, and the header is padded to a
 * multiple of 8, so that the bytes are also those of the reference implementation.
 *
 * @param tensors - by name: float32 as F32, float64 as F64, int32 as I32, bytes as BOOL where all are 0 or 1 and as U8
 * otherwise
 * @param metadata - texts for the header, such as a version
 * @throws {ShapeError} where a tensor has not as many elements as its shape says
 * @throws {DataError} where a tensor is named `__metadata__`, which the format keeps for itself
 * @example
 * ```ts
 * const bytes = encodeSafetensors({ weight: hostTensor(new Float32Array([1, 2]), [2]) }, { version: "1" });
 * ```
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  if (Object.hasOwn(tensors, "__metadata__")) {
    throw new DataError({
      where: "encodeSafetensors",
      expected: "another name than __metadata__",
      found: "a tensor so named",
    });
  }
  const entries = Object.entries(tensors)
    .map(([name, tensor]) => ({
      name,
      tensor: hostTensor(tensor.data, tensor.shape, `tensor ${name}`),
      format: formatOf(tensor),
    }))
    .sort((a, b) => layout.indexOf(a.format) - layout.indexOf(b.format) || (a.name < b.name ? -1 : 1));

  let end = 0;
  const fields = entries.map(({ name, tensor, format }): [string, unknown] => {
    const start = end;
    end += tensor.data.byteLength;
    return [name, { dtype: format, shape: tensor.shape, data_offsets: [start, end] }];
  });
  const sorted = Object.keys(metadata).sort();
  if (sorted.length > 0) {
    fields.unshift(["__metadata__", Object.fromEntries(sorted.map((key) => [key, metadata[key]]))]);
  }
  // Built by hand: an object would put keys such as "10" first, and lose "__proto__".
  let json = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  json = json.padEnd(json.length + (-encoder.encode(json).length & 7));

  const header = encoder.encode(json);
  const bytes = new Uint8Array(8 + header.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  let offset = 8 + header.length;
  for (const { tensor } of entries) {
    bytes.set(bytesOf(tensor.data), offset);
    offset += tensor.data.byteLength;
  }
  return bytes;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** The header's entries and where the data starts. */
function readHeader(bytes: Uint8Array, where: string): { header: Record<string, unknown>; dataStart: number } {
  const fail = (expected: string, found: string, cause?: unknown) =>
    new DataError({ where, expected, found, hint: "the file is damaged, or no safetensors file", cause });
  if (bytes.length < 8) throw fail("a safetensors header length of 8 bytes", `a file of ${bytes.length} bytes`);
  const declared = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (declared > BigInt(maxHeaderBytes)) throw fail(`a header of at most ${maxHeaderBytes} bytes`, `${declared}`);
  const dataStart = 8 + Number(declared);
  if (dataStart > bytes.length) {
    throw fail(`a header of ${declared} bytes, as the file declares`, `${bytes.length - 8} bytes`);
  }
  let header: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart));
    if (!text.startsWith("{")) throw new SyntaxError("no opening brace");
    header = JSON.parse(text);
  } catch (error) {
    throw fail("a header of UTF-8 JSON", error instanceof Error ? error.message : String(error), error);
  }
  if (!isObject(header)) throw fail("a header that is a JSON object", JSON.stringify(header));
  return { header, dataStart };
}

function readMetadata(value: unknown, where: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) {
    throw new DataError({ where, expected: "__metadata__ to be an object of texts", found: JSON.stringify(value) });
  }
  const texts = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text === "string") return [key, text];
    throw new DataError({ where, expected: `a text for __metadata__ ${key}`, found: JSON.stringify(text) });
  });
  return Object.fromEntries(texts);
}

/** One tensor's entry, checked by itself. */
function readEntry(name: string, value: unknown, where: string) {
  const fail = (expected: string, found: string) =>
    new DataError({ where: `${where}: tensor ${name}`, expected, found });
  if (!isObject(value)) throw fail("dtype, shape and data_offsets", JSON.stringify(value));
  const { dtype, shape, data_offsets: offsets } = value;
  const format = typeof dtype === "string" && Object.hasOwn(formats, dtype) ? formats[dtype] : undefined;
  if (format === undefined) {
    throw fail(`a dtype of ${Object.keys(formats).join(", ")}`, JSON.stringify(dtype) ?? "none");
  }
  if (!isSizes(shape)) throw fail("a shape of non-negative whole numbers", JSON.stringify(shape) ?? "none");
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw fail("data_offsets [start, end]", JSON.stringify(offsets) ?? "none");
  }
  const [start, end] = offsets as [number, number];
  const size = sizeOf(shape);
  if (size * format.bytes !== end - start) {
    throw fail(`${size * format.bytes} bytes for ${dtype}${formatShape(shape)}`, `${end - start}`);
  }
  return { name, shape, size, start, end, decode: format.decode, fail };
}

/**
 * The tensors of a safetensors file's bytes. They are copied out: `bytes` may lie at any offset and be reused.
 *
 * @param bytes - the whole file
 * @param where - its name for errors
 * @returns F32 as float32, F64 as float64, I32 as int32, BOOL as bool; F16 and BF16 widened to float32; I64 narrowed to
 * int32; U8 as its bytes, in a tensor whose dtype reads `bool`, the only one kept in bytes
 * @throws {DataError} where the header or a tensor breaks the format (truncated, no JSON, unknown dtype, a size that does
 * not fit the shape, tensors that overlap, gaps, bytes left over), or an I64 value does not fit int32
 * @example
 * ```ts
 * const { tensors, metadata } = decodeSafetensors(bytes, "model.safetensors");
 * ```
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): Safetensors {
  const { header, dataStart } = readHeader(bytes, where);
  const metadata = readMetadata(header.__metadata__, where);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => readEntry(name, value, where))
    .sort((a, b) => a.start - b.start || a.end - b.end);

  const dataLength = bytes.length - dataStart;
  let previousEnd = 0;
  for (const { start, end, fail } of entries) {
    if (start !== previousEnd) {
      const problem = start < previousEnd ? "an overlap with the tensor before" : "a gap after the tensor before";
      throw fail(`data from offset ${previousEnd}`, `${start}, ${problem}`);
    }
    if (end > dataLength) throw fail(`data up to offset ${end}`, `${dataLength} bytes of data in the file`);
    previousEnd = end;
  }
  if (previousEnd !== dataLength) {
    throw new DataError({ where, expected: `${previousEnd} bytes of tensor data`, found: `${dataLength}` });
  }
  const tensors = entries.map(({ name, shape, size, start, end, decode, fail }): [string, HostTensor] => [
    name,
    hostTensor(decode(bytes.subarray(dataStart + start, dataStart + end), size, fail), shape, name),
  ]);
  return { tensors: Object.fromEntries(tensors), metadata };
}

/**
 * Reads a safetensors file; see {@link decodeSafetensors}.
 *
 * @throws {DataError} where the file cannot be read or breaks the format
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  return decodeSafetensors(await readFileBytes(path), path);
}

/**
 * Writes a safetensors file, whole or not at all; see {@link encodeSafetensors} and {@link writeFileAtomic}.
 *
 * @throws {RunError} where the file cannot be written
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}
