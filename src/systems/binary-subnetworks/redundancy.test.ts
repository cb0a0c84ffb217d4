import { expect, test } from "vitest";
import { Random } from "../../core/index.ts";
import { drawBlueprint } from "./blueprint.ts";
import { construct, RedundancyError } from "./construct.ts";
import { quantizeTarget, scaleTarget } from "./quantized-target.ts";
import { randomTarget } from "./random-target.ts";
import { chooseCopies, riskOf, tooFew } from "./redundancy.ts";

test("binomial tails are those of small cases, and of a probability near 0", () => {
  expect(tooFew(3, 0.5, 1)).toBeCloseTo(1 / 8, 12);
  expect(tooFew(3, 0.5, 2)).toBeCloseTo(4 / 8, 12);
  expect(tooFew(4, 0.25, 4)).toBeCloseTo(1 - 0.75 ** 4, 12);
  expect(tooFew(5, 0.5, 0)).toBe(0);
  expect(tooFew(2, 0.5, 3)).toBe(1);
  expect(tooFew(30, 1e-3, 10)).toBeGreaterThan(1e-60);
  expect(tooFew(30, 1e-3, 10)).toBeLessThan(1e-50);
});

test("the risk bounds the share of seeds that fail, and is not far above it", () => {
  const target = randomTarget([3, 3, 2], new Random(5));
  const domain = { kind: "ball", radius: 1 } as const;
  const shape = { quantized: quantizeTarget(scaleTarget(target, domain), 3), gadget: "doubling", split: true } as const;
  const blueprint = drawBlueprint(shape, 6, 6);
  const { early, last } = riskOf(blueprint);
  const seeds = 300;
  let failed = 0;
  for (let seed = 0; seed < seeds; seed++) {
    try {
      construct(blueprint, seed);
    } catch (error) {
      expect(error).toBeInstanceOf(RedundancyError);
      failed++;
    }
  }
  // Four standard deviations of a share.
  const band = 4 * Math.sqrt(0.25 / seeds);
  expect(failed / seeds).toBeLessThan(early + last + band);
  expect(failed / seeds).toBeGreaterThan((early + last) / 3 - band);
  expect(failed).toBeGreaterThan(0);
});

test("copies are the fewest that delta allows", () => {
  const target = randomTarget([4, 4, 3], new Random(6));
  const domain = { kind: "box", low: 0, high: 1 } as const;
  const shape = {
    quantized: quantizeTarget(scaleTarget(target, domain), 4),
    gadget: "doubling",
    split: false,
  } as const;
  const { copies, lastCopies, risk } = chooseCopies(shape, 0.01);
  const total = ([a, b]: [number, number]) => {
    const { early, last } = riskOf(drawBlueprint(shape, a, b));
    return early + last;
  };
  expect(risk).toBeLessThanOrEqual(0.01);
  expect(total([copies - 1, lastCopies])).toBeGreaterThan(0.01);
  expect(riskOf(drawBlueprint(shape, lastCopies - 1, lastCopies - 1)).last).toBeGreaterThan(0.005);
});
