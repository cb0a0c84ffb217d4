import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeIdx, readIdx } from "./idx.ts";

/** An idx file, written element by element as the format says. */
function encodeIdx(type: number, shape: readonly number[], values: readonly number[]): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = type;
  header[3] = shape.length;
  for (const [axis, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  const elements = values.map((value) => {
    const element = Buffer.alloc({ 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }[type]!);
    if (type === 8) element.writeUInt8(value);
    if (type === 9) element.writeInt8(value);
    if (type === 11) element.writeInt16BE(value);
    if (type === 12) element.writeInt32BE(value);
    if (type === 13) element.writeFloatBE(value);
    if (type === 14) element.writeDoubleBE(value);
    return element;
  });
  return Buffer.concat([header, ...elements]);
}

describe("decodeIdx", () => {
  it.each([
    [8, Uint8Array, [0, 7, 255]],
    [9, Int8Array, [-128, 0, 127]],
    [11, Int16Array, [-32768, 258, 32767]],
    [12, Int32Array, [-(2 ** 31), 66051, 2 ** 31 - 1]],
    [13, Float32Array, [-0.5, 2 ** 100, 3.140625]],
    [14, Float64Array, [-0.1, 1e300, Math.PI]],
  ])("reads elements of type %i", (type, array, values) => {
    const { shape, data } = decodeIdx(encodeIdx(type, [3, 1], values), "x");
    expect(shape).toEqual([3, 1]);
    expect(data).toBeInstanceOf(array);
    expect([...data]).toEqual(values);
  });

  it("gives back what was written, from any offset", () => {
    const arrays = fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }).chain((shape) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return fc.tuple(fc.constant(shape), fc.array(fc.nat(255), { minLength: size, maxLength: size }), fc.nat(7));
    });
    fc.assert(
      fc.property(arrays, ([shape, values, offset]) => {
        const bytes = encodeIdx(8, shape, values);
        const larger = new Uint8Array(offset + bytes.length);
        larger.set(bytes, offset);
        const decoded = decodeIdx(larger.subarray(offset), "x");
        expect(decoded.shape).toEqual(shape);
        expect([...decoded.data]).toEqual(values);
      }),
    );
  });

  it.each<[string, Uint8Array, string]>([
    ["no header", new Uint8Array(3), "labels: expected an idx header, found 3 bytes"],
    [
      "another magic number",
      new Uint8Array([0x50, 0x4b, 3, 4, 0]),
      "labels: expected an idx magic number (0x00000801 for labels, 0x00000803 for images), found 0x504b0304. Hint: is this an idx file?",
    ],
    ["an unknown type", new Uint8Array([0, 0, 0x0a, 1, 0, 0, 0, 0]), "found 0x00000a01"],
    ["half a header", new Uint8Array([0, 0, 8, 3, 0, 0, 0, 1]), "expected 3 sizes in 16 bytes, found 8 bytes"],
    [
      "too little data",
      encodeIdx(8, [2, 3], [1, 2, 3, 4, 5]),
      "labels: expected 6 bytes of data for shape [2, 3], found 5. Hint: the file is cut short: fetch it again",
    ],
    [
      "too much data",
      encodeIdx(8, [1], [1, 2]),
      "expected 1 bytes of data for shape [1], found 2. Hint: the file is damaged",
    ],
    ["sizes beyond all memory", encodeIdx(14, [2 ** 31, 2 ** 31], []), "found 0. Hint: the file is cut short"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeIdx(bytes, "labels")).toThrow(message);
  });
});

describe("readIdx", () => {
  it("reads gzip and names the file in errors", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tenfold-idx-"));
    try {
      const path = join(folder, "x.gz");
      await writeFile(path, gzipSync(encodeIdx(8, [2], [4, 5])));
      const { data, sha256 } = await readIdx(path);
      expect([...data]).toEqual([4, 5]);
      expect(sha256).toHaveLength(64);
      await writeFile(path, encodeIdx(8, [2], [4]));
      await expect(readIdx(path)).rejects.toThrow(`${path}: expected 2 bytes of data for shape [2], found 1`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
