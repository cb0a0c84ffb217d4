import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError, type HostTensor, hostTensor, sizeOf } from "../core/index.ts";
import { sha256 } from "./files.ts";
import { decodeSafetensors, encodeSafetensors, readSafetensors, writeSafetensors } from "./safetensors.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A file of any header and data, right or wrong. */
function file(header: unknown, data: ArrayLike<number> = []): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(Array.from(data), 8 + json.length);
  return bytes;
}

/** The message of the DataError that decoding `bytes` throws. */
function problem(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes, "m.safetensors");
  } catch (error) {
    if (error instanceof DataError) return error.message;
    throw error;
  }
  return "none";
}

const shapes = fc.array(fc.nat({ max: 4 }), { maxLength: 3 });
const anyTensor: fc.Arbitrary<HostTensor> = shapes.chain((shape) => {
  const size = sizeOf(shape);
  const exactly = { minLength: size, maxLength: size };
  return fc
    .oneof(
      fc.float32Array(exactly),
      fc.float64Array(exactly),
      fc.int32Array(exactly),
      fc.uint8Array(exactly),
      fc.uint8Array({ ...exactly, max: 1 }),
    )
    .map((data) => hostTensor(data, shape));
});
const anyTensors = fc.dictionary(
  fc.string().filter((name) => name !== "__metadata__"),
  anyTensor,
  { maxKeys: 6 },
);

describe("encodeSafetensors", () => {
  it("writes the bytes that the format prescribes", () => {
    const bytes = encodeSafetensors(
      { b: hostTensor(new Uint8Array([1, 0]), [2]), a: hostTensor(new Float32Array([1]), [1, 1]) },
      { v: "1" },
    );
    const header =
      '{"__metadata__":{"v":"1"},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(text(bytes.subarray(8, 8 + padded.length))).toBe(padded);
    expect([...bytes.subarray(0, 8)]).toEqual([padded.length, 0, 0, 0, 0, 0, 0, 0]);
    expect([...bytes.subarray(8 + padded.length)]).toEqual([0, 0, 0x80, 0x3f, 1, 0]);
  });

  it("writes the bytes that the reference implementation (safetensors 0.8.0 for Python) writes", () => {
    const bytes = encodeSafetensors(
      {
        b: hostTensor(new Int32Array([7, -7]), [2, 1]),
        c: hostTensor(new Float32Array([0.5]), [1]),
        z: hostTensor(new Float64Array([Math.PI]), []),
        m: hostTensor(new Uint8Array([1, 0, 1]), [3]),
        u: hostTensor(new Uint8Array([200]), [1]),
        ü: hostTensor(new Float32Array(0), [0, 4]),
      },
      { epoch: "3" },
    );
    expect(sha256(bytes)).toBe("b2fe91ca214da55f7218a5c053abcae28a1a95873b1d3c5b9834d78e681961fc");
  });

  it("aligns every tensor to its element size", () => {
    const bytes = encodeSafetensors({
      a: hostTensor(new Uint8Array([1, 0, 1]), [3]),
      b: hostTensor(new Float32Array(3), [3]),
      ü: hostTensor(new Float64Array(1), []),
    });
    const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(headerLength % 8).toBe(0);
    expect(JSON.parse(text(bytes.subarray(8, 8 + headerLength)))).toMatchObject({
      ü: { data_offsets: [0, 8] },
      b: { data_offsets: [8, 20] },
      a: { data_offsets: [20, 23] },
    });
  });

  it("gives the same bytes whatever the order of keys", () => {
    fc.assert(
      fc.property(anyTensors, fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
        const turned = Object.fromEntries(Object.entries(tensors).reverse());
        const turnedMetadata = Object.fromEntries(Object.entries(metadata).reverse());
        expect(encodeSafetensors(turned, turnedMetadata)).toEqual(encodeSafetensors(tensors, metadata));
      }),
    );
  });

  it("refuses a tensor that takes the metadata's name, and one of another size than its shape", () => {
    const tensor = hostTensor(new Float32Array(1), [1]);
    expect(() => encodeSafetensors({ __metadata__: tensor })).toThrow(
      "encodeSafetensors: expected another name than __metadata__, found a tensor so named",
    );
    expect(() => encodeSafetensors({ w: { ...tensor, shape: [2] } })).toThrow(
      "tensor w: expected 2 elements for shape [2], found 1",
    );
  });
});

describe("decodeSafetensors", () => {
  it("gives back exactly what was encoded, from any offset of a larger buffer", () => {
    fc.assert(
      fc.property(anyTensors, fc.dictionary(fc.string(), fc.string()), fc.nat(9), (tensors, metadata, offset) => {
        const bytes = encodeSafetensors(tensors, metadata);
        const larger = new Uint8Array(offset + bytes.length + 3);
        larger.set(bytes, offset);
        const decoded = decodeSafetensors(larger.subarray(offset, offset + bytes.length), "memory");
        expect(Object.keys(decoded.tensors).sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, tensor] of Object.entries(tensors)) expect(decoded.tensors[name]).toStrictEqual(tensor);
        expect(Object.entries(decoded.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
    );
  });

  it("keeps names that JavaScript treats specially", () => {
    const tensors = JSON.parse('{"__proto__":0,"10":0,"9":0,"constructor":0}');
    for (const name of Object.keys(tensors)) {
      Object.defineProperty(tensors, name, { value: hostTensor(new Int32Array([1]), [1]), enumerable: true });
    }
    const decoded = decodeSafetensors(encodeSafetensors(tensors), "memory").tensors;
    expect(Object.keys(decoded).sort()).toEqual(["10", "9", "__proto__", "constructor"]);
  });

  it("copies: the bytes may be reused", () => {
    const bytes = encodeSafetensors({ a: hostTensor(new Float32Array([1, 2]), [2]) });
    const { tensors } = decodeSafetensors(Buffer.from(bytes.buffer), "memory");
    bytes.fill(0);
    expect([...tensors.a!.data]).toEqual([1, 2]);
  });

  it("widens F16 and BF16 exactly", () => {
    const halves = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x8000, 0x7c00, 0xfc00, 0x3555];
    const f16 = decodeSafetensors(
      file(
        { h: { dtype: "F16", shape: [halves.length], data_offsets: [0, 2 * halves.length] } },
        new Uint8Array(Uint16Array.from(halves).buffer),
      ),
      "memory",
    ).tensors.h!;
    expect(f16.dtype).toBe("float32");
    const values = [1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, -0, Infinity, -Infinity, 0.333251953125];
    expect([...f16.data]).toEqual(values);
    const nan = decodeSafetensors(file({ h: { dtype: "F16", shape: [], data_offsets: [0, 2] } }, [1, 0x7e]), "memory");
    expect(nan.tensors.h!.data[0]).toBeNaN();

    const bf16 = { b: { dtype: "BF16", shape: [3], data_offsets: [0, 6] } };
    const { data } = decodeSafetensors(file(bf16, [0x80, 0x3f, 0x49, 0xc0, 0x80, 0xff]), "memory").tensors.b!;
    expect([...data]).toEqual([1, -3.140625, -Infinity]);
  });

  it("narrows I64 to int32 where the values fit", () => {
    const header = { i: { dtype: "I64", shape: [2], data_offsets: [0, 16] } };
    const bytes = (...values: bigint[]) => new Uint8Array(BigInt64Array.from(values).buffer);
    const { i } = decodeSafetensors(file(header, bytes(-(2n ** 31n), 2n ** 31n - 1n)), "memory").tensors;
    expect(i).toEqual(hostTensor(new Int32Array([-(2 ** 31), 2 ** 31 - 1]), [2]));
    expect(problem(file(header, bytes(0n, 2n ** 31n)))).toBe(
      "m.safetensors: tensor i: expected I64 values that fit int32, found 2147483648 at element 1",
    );
  });

  it("takes a file without tensors, and keys other than dtype, shape and data_offsets", () => {
    expect(decodeSafetensors(file({}), "memory")).toEqual({ tensors: {}, metadata: {} });
    const header = { a: { dtype: "U8", shape: [], data_offsets: [0, 1], note: "x" } };
    expect([...decodeSafetensors(file(header, [7]), "memory").tensors.a!.data]).toEqual([7]);
  });

  const f32 = (start: number, end: number, shape = [(end - start) / 4]) => ({
    dtype: "F32",
    shape,
    data_offsets: [start, end],
  });
  const damaged = ". Hint: the file is damaged, or no safetensors file";
  it.each<[string, Uint8Array, string]>([
    [
      "no header length",
      new Uint8Array(3),
      `m.safetensors: expected a safetensors header length of 8 bytes, found a file of 3 bytes${damaged}`,
    ],
    [
      "a header longer than the file",
      file({}).with(0, 9),
      `m.safetensors: expected a header of 9 bytes, as the file declares, found 2 bytes${damaged}`,
    ],
    [
      "an absurd header length",
      file({}).with(7, 1),
      `m.safetensors: expected a header of at most 100000000 bytes, found 72057594037927938${damaged}`,
    ],
    ["no JSON", file("{nonsense"), "m.safetensors: expected a header of UTF-8 JSON, found Expected property name"],
    ["no brace", file(" {}"), "m.safetensors: expected a header of UTF-8 JSON, found no opening brace"],
    ["no UTF-8", file("{}").with(8, 0xff), "m.safetensors: expected a header of UTF-8 JSON, found"],
    ["metadata that is no text", file({ __metadata__: { a: 1 } }), "expected a text for __metadata__ a, found 1"],
    [
      "metadata that is no object",
      file({ __metadata__: [] }),
      "expected __metadata__ to be an object of texts, found []",
    ],
    ["an entry that is no object", file({ w: 1 }), "tensor w: expected dtype, shape and data_offsets, found 1"],
    [
      "an unknown dtype",
      file({ w: { dtype: "F8_E4M3", shape: [1], data_offsets: [0, 1] } }, [0]),
      'm.safetensors: tensor w: expected a dtype of F64, F32, F16, BF16, I64, I32, U8, BOOL, found "F8_E4M3"',
    ],
    ["no dtype", file({ w: { shape: [1], data_offsets: [0, 4] } }, [0, 0, 0, 0]), "found none"],
    ["a prototype's name as dtype", file({ w: { ...f32(0, 4), dtype: "toString" } }), 'found "toString"'],
    [
      "a bad shape",
      file({ w: f32(0, 4, [-1]) }),
      "tensor w: expected a shape of non-negative whole numbers, found [-1]",
    ],
    ["bad offsets", file({ w: f32(4, 0) }), "tensor w: expected a shape"],
    ["turned offsets", file({ w: f32(4, 0, [1]) }), "tensor w: expected data_offsets [start, end], found [4,0]"],
    [
      "another size than the shape",
      file({ w: f32(0, 4, [2, 3]) }),
      "tensor w: expected 24 bytes for F32[2, 3], found 4",
    ],
    [
      "a shape whose size overflows",
      file({ w: f32(0, 0, [2 ** 32, 2 ** 32, 2 ** 32]) }),
      "expected 3.1691265005705735e+29 bytes",
    ],
    [
      "a gap",
      file({ a: f32(0, 4), b: f32(8, 12) }, new Uint8Array(12)),
      "m.safetensors: tensor b: expected data from offset 4, found 8, a gap after the tensor before",
    ],
    [
      "an overlap",
      file({ a: f32(0, 8), b: f32(4, 12) }, new Uint8Array(12)),
      "m.safetensors: tensor b: expected data from offset 8, found 4, an overlap with the tensor before",
    ],
    [
      "truncated data",
      file({ a: f32(0, 8) }, new Uint8Array(5)),
      "m.safetensors: tensor a: expected data up to offset 8, found 5 bytes of data in the file",
    ],
    [
      "data left over",
      file({ a: f32(0, 8) }, new Uint8Array(9)),
      "m.safetensors: expected 8 bytes of tensor data, found 9",
    ],
    [
      "a BOOL that is neither",
      file({ b: { dtype: "BOOL", shape: [2], data_offsets: [0, 2] } }, [1, 2]),
      "m.safetensors: tensor b: expected BOOL values of 0 or 1, found 2 at element 1",
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(problem(bytes)).toContain(message);
  });

  it("never throws anything but a DataError on damaged files", () => {
    const good = encodeSafetensors({ a: hostTensor(new Float32Array([1, 2]), [2]) }, { k: "v" });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, length) => {
        problem(good.with(at, value).subarray(0, length));
      }),
    );
  });
});

describe("files", () => {
  it("are written, read, and named in errors", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tenfold-safetensors-"));
    try {
      const path = join(folder, "m.safetensors");
      const tensors = { w: hostTensor(new Float32Array([1.5]), [1]) };
      await writeSafetensors(path, tensors, { epoch: "3" });
      expect(await readSafetensors(path)).toEqual({ tensors, metadata: { epoch: "3" } });
      await expect(readSafetensors(join(folder, "n"))).rejects.toThrow(
        `${join(folder, "n")}: expected a readable file, found nothing there. Hint: check the path`,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
