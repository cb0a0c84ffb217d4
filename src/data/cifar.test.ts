import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCifar } from "./cifar.ts";

describe("decodeCifar", () => {
  it("takes labels and pixels apart", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }), fc.nat(255), (labels, shift) => {
        const pixel = (image: number, i: number) => (image * 31 + i + shift) % 256;
        const records = labels.flatMap((label, image) => [
          label,
          ...Array.from({ length: 3072 }, (_, i) => pixel(image, i)),
        ]);
        const decoded = decodeCifar(Uint8Array.from(records), "x");
        expect([...decoded.labels]).toEqual(labels);
        const same = decoded.pixels.every((value, i) => value === pixel(Math.floor(i / 3072), i % 3072));
        expect(same).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ["a file cut short", new Uint8Array(3072), "found 3072. Hint: the file is cut short, or no CIFAR-10 file"],
    [
      "an empty file",
      new Uint8Array(0),
      "b.bin: expected a multiple of 3073 bytes (a label and 3x32x32 pixels an image), found 0",
    ],
    [
      "a label above 9",
      new Uint8Array(2 * 3073).fill(10, 3073, 3074),
      "b.bin: image 2: expected a label of 0 to 9, found 10",
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeCifar(bytes, "b.bin")).toThrow(message);
  });
});
