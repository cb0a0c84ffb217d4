import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeWithShared } from "../../test/shared.ts";
import { hostTensor } from "../core/index.ts";
import { decodeNpy, readNpy } from "./npy.ts";

/** An npy file as NumPy writes it. */
function encodeNpy(
  header: string,
  data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array,
  version = 1,
): Buffer {
  const prefix = version === 1 ? 10 : 12;
  const padded = `${header.padEnd(Math.ceil((prefix + header.length + 1) / 64) * 64 - prefix - 1)}\n`;
  const start = Buffer.alloc(prefix);
  start.write("\x93NUMPY", "latin1");
  start[6] = version;
  if (version === 1) start.writeUInt16LE(padded.length, 8);
  else start.writeUInt32LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(padded), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}

const header = (descr: string, shape: string, order = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;

describe("decodeNpy", () => {
  it("reads float32, float64 and int32 as they are, and int64 as int32", () => {
    const f4 = new Float32Array([1, -2.5, 3, 4, 5, 6]);
    expect(decodeNpy(encodeNpy(header("<f4", "(2, 3)"), f4), "x")).toEqual(hostTensor(f4, [2, 3]));
    const f8 = new Float64Array([Math.PI]);
    expect(decodeNpy(encodeNpy(header("<f8", "()"), f8), "x")).toEqual(hostTensor(f8, []));
    const i4 = new Int32Array([7, -8]);
    expect(decodeNpy(encodeNpy(header("<i4", "(2,)"), i4, 2), "x")).toEqual(hostTensor(i4, [2]));
    expect(decodeNpy(encodeNpy(header("<i8", "(2,)"), new BigInt64Array([7n, -8n])), "x")).toEqual(hostTensor(i4, [2]));
  });

  it("gives back what was written, from any offset", () => {
    fc.assert(
      fc.property(fc.float32Array(), fc.nat(7), (values, offset) => {
        const bytes = encodeNpy(header("<f4", `(${values.length},)`), values);
        const larger = new Uint8Array(offset + bytes.length);
        larger.set(bytes, offset);
        expect(decodeNpy(larger.subarray(offset), "x").data).toEqual(values);
      }),
    );
  });

  const one = new Float32Array(1);
  it.each<[string, Uint8Array, string]>([
    [
      "other files",
      Buffer.from("PK and so on"),
      "a.npy: expected an npy file, which starts with \\x93NUMPY, found other bytes",
    ],
    [
      "a header cut short",
      encodeNpy(header("<f4", "(1,)"), one).subarray(0, 40),
      "a.npy: expected an npy header of 128 bytes, found 40 bytes",
    ],
    [
      "a header without a shape",
      encodeNpy("{'descr': '<f4'}", one),
      "expected an npy header with descr, fortran_order and shape",
    ],
    [
      "Fortran order",
      encodeNpy(header("<f4", "(1,)", "True"), one),
      "a.npy: expected an array in C order, found Fortran order. Hint: save numpy.ascontiguousarray(array)",
    ],
    [
      "big-endian numbers",
      encodeNpy(header(">f4", "(1,)"), one),
      'a.npy: expected little-endian float32, float64, int32 or int64 (<f4, <f8, <i4, <i8), found >f4. Hint: save array.astype("<f4")',
    ],
    [
      "data cut short",
      encodeNpy(header("<f4", "(2,)"), one),
      "a.npy: expected 8 bytes of data for float32[2], found 4. Hint: the file is cut short or damaged",
    ],
    [
      "data left over",
      encodeNpy(header("<f8", "()"), new Float64Array(2)),
      "expected 8 bytes of data for float64[], found 16",
    ],
    [
      "int64 beyond int32",
      encodeNpy(header("<i8", "(2,)"), new BigInt64Array([0n, 2n ** 31n])),
      "a.npy: expected int64 values that fit int32, found 2147483648 at element 1",
    ],
    ["sizes beyond all memory", encodeNpy(header("<f8", "(9999999999, 9999999999)"), one), "found 4"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeNpy(bytes, "a.npy")).toThrow(message);
  });
});

describeWithShared("npy files that NumPy wrote", (path) => {
  it("are read, gzip too", async () => {
    const items = await readNpy(path("amazon-beauty/sasrec_item_emb_12102x64.npy"));
    expect(items).toMatchObject({ shape: [12102, 64], dtype: "float32" });
    const shares = await readNpy(path("image-pivot-en-de/en.fingerprints.npy.gz"));
    expect(shares).toMatchObject({ shape: [4000, 1000], dtype: "float32" });
    expect(shares.data.every((share) => share >= 0 && share <= 1)).toBe(true);
  });
});
