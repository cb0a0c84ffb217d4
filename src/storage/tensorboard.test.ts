import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { crc32c, TensorBoardWriter } from "./tensorboard.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenfold-board-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** CRC-32C bit by bit, from the polynomial's definition: independent of the table under test. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const out = (crc ^ (byte >> bit)) & 1;
      crc = (crc >>> 1) ^ (out ? 0x82f63b78 : 0);
    }
  }
  return ~crc >>> 0;
}

/** A decoder of protobuf's wire format that knows no schema: field number -> values in order. */
function fields(bytes: Buffer): Map<number, (number | Buffer)[]> {
  const out = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    let value: number | Buffer;
    if ((key & 7) === 0) value = varint();
    else if ((key & 7) === 1) {
      value = bytes.readDoubleLE(at);
      at += 8;
    } else if ((key & 7) === 5) {
      value = bytes.readFloatLE(at);
      at += 4;
    } else {
      const length = varint();
      value = bytes.subarray(at, at + length);
      at += length;
    }
    out.set(key >> 3, [...(out.get(key >> 3) ?? []), value]);
  }
  return out;
}

/** The data of every TFRecord frame, both checksums verified. */
function records(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const masked = (data: Uint8Array) => {
    const crc = slowCrc32c(data);
    const turned = ((BigInt(crc) >> 15n) | (BigInt(crc) << 17n)) & 0xffffffffn;
    return Number((turned + 0xa282ead8n) & 0xffffffffn);
  };
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(masked(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(masked(data));
    out.push(data);
    at += 16 + length;
  }
  return out;
}

describe("crc32c", () => {
  it("gives the published check values (RFC 3720, B.4)", () => {
    expect(crc32c(ascii("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });
});

describe("TensorBoardWriter", () => {
  it("writes what an independent reader reads", () => {
    const board = new TensorBoardWriter(join(folder, "run"), 1_700_000_000.5);
    board.scalar("loss/train", 0.25, 0, 1_700_000_001.25);
    board.scalar("größe", -1e300, 2 ** 40, 1_700_000_002);
    board.scalar("loss/train", Number.NaN, 2);
    board.close();
    board.close();

    expect(basename(board.path)).toMatch(/^events\.out\.tfevents\.1700000000\..+\.\d+\.0$/);
    const [version, first, second, third] = records(board.path).map(fields);
    expect(version!.get(1)).toEqual([1_700_000_000.5]);
    expect(String(version!.get(3)![0])).toBe("brain.Event:2");

    const scalarOf = (event: Map<number, (number | Buffer)[]>) => {
      const value = fields(fields(event.get(5)![0] as Buffer).get(1)![0] as Buffer);
      return { time: event.get(1)![0], step: event.get(2)![0], tag: String(value.get(1)![0]), value: value.get(2)![0] };
    };
    expect(scalarOf(first!)).toEqual({ time: 1_700_000_001.25, step: 0, tag: "loss/train", value: 0.25 });
    expect(scalarOf(second!)).toEqual({ time: 1_700_000_002, step: 2 ** 40, tag: "größe", value: -Infinity });
    expect(scalarOf(third!).value).toBeNaN();
    expect(scalarOf(third!).time).toBeCloseTo(Date.now() / 1000, -1);
  });

  it("has every event in the file before it is closed", () => {
    const board = new TensorBoardWriter(folder);
    board.scalar("a", 1, 1);
    expect(records(board.path)).toHaveLength(2);
    board.close();
  });

  it("gives two writers of one second their own files", () => {
    const boards = [1, 2, 3].map(() => new TensorBoardWriter(folder, 5));
    for (const board of boards) board.close();
    expect(new Set(readdirSync(folder)).size).toBe(3);
  });

  it("says in one line that it is closed, or that the folder cannot be", () => {
    const board = new TensorBoardWriter(folder);
    board.close();
    expect(() => board.scalar("a", 1, 1)).toThrow(`${board.path}: expected an open event file, found a closed one`);
    const path = join(folder, "file");
    writeFileSync(path, "");
    expect(() => new TensorBoardWriter(join(path, "run"))).toThrow(
      `${join(path, "run")}: expected a writable place, found a file where a folder should be`,
    );
  });
});
