import { expect, test } from "vitest";
import { edgeSigns, speckEncrypt, speckRoundKeys } from "./signs.ts";

test("the cipher is Speck64/128, by the vector its authors published", () => {
  const keys = speckRoundKeys([0x03020100, 0x0b0a0908, 0x13121110, 0x1b1a1918]);
  expect(speckEncrypt(keys, 0x3b726574, 0x7475432d)).toEqual([0x8c6fa548, 0x454e028b]);
});

test("a sign is bit 0 of the block (from, to) under the key (seed, layer)", () => {
  for (const seed of [0, 7, -1, 2 ** 40 + 3, -(2 ** 40)]) {
    const low = Number(BigInt.asUintN(32, BigInt(seed)));
    const high = Number(BigInt.asUintN(32, BigInt(seed) >> 32n));
    for (const layer of [0, 5]) {
      const keys = speckRoundKeys([low, high, layer, 0x7369676e]);
      const sign = edgeSigns(seed, layer);
      for (let i = 0; i < 50; i++) {
        const [, y] = speckEncrypt(keys, i * 977, i * 13 + 1);
        expect(sign(i * 977, i * 13 + 1)).toBe(y % 2 === 1 ? 1 : -1);
      }
    }
  }
});

test("signs are balanced, and independent of every part of the key", () => {
  const count = 20_000;
  const agreement = (a: ReturnType<typeof edgeSigns>, b: ReturnType<typeof edgeSigns>) => {
    let same = 0;
    for (let i = 0; i < count; i++) same += a(i % 141, Math.floor(i / 141)) === b(i % 141, Math.floor(i / 141)) ? 1 : 0;
    return same / count;
  };
  const sign = edgeSigns(4, 2);
  // Four standard deviations of a fair coin.
  const band = 2 / Math.sqrt(count);
  for (const other of [
    edgeSigns(5, 2),
    edgeSigns(4, 3),
    edgeSigns(4 + 2 ** 32, 2),
    () => 1 as const,
    (from: number, to: number) => sign(to, from + 1000),
    (from: number, to: number) => sign(from + 1, to),
    (from: number, to: number) => sign(from, to + 1),
  ]) {
    expect(Math.abs(agreement(sign, other) - 0.5)).toBeLessThan(band);
  }
  expect(agreement(sign, edgeSigns(4, 2))).toBe(1);
});
