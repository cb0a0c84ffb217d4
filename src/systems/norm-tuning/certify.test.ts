import { describe, expect, it } from "vitest";
import { Random } from "../../core/index.ts";
import { pressingInputs } from "./adversary.ts";
import { boundUnits, certify, reachOfDomain } from "./certify.ts";
import { contains, type Domain, parseDomain } from "./domain.ts";
import { freezeBlock } from "./frozen.ts";
import { randomTarget } from "./measurements.ts";
import { drawInputs, measureError, reconstruct } from "./reconstruct.ts";

const domains = ["box:-1,1", "box:0.25,3", "ball:2"].map(parseDomain);

describe.each(domains)("on %j", (domain: Domain) => {
  it("the shift that a unit needs is what its lowest point needs, and no draw needs more", () => {
    const frozen = freezeBlock(3, 0, { inDim: 5, outDim: 2, width: 7 });
    const scale = Float64Array.from({ length: 7 }, (_, k) => (k % 2 === 0 ? 1.5 : -0.5));
    const { needed, magnitude } = boundUnits(frozen, scale, reachOfDomain(domain, 5));
    const lowest = new Float64Array(7).fill(Number.POSITIVE_INFINITY);
    const inputs = drawInputs(domain, 5, 4000, new Random(4, "draws"));
    for (let n = 0; n < 4000; n++) {
      for (let k = 0; k < 7; k++) {
        let sum = 0;
        for (let i = 0; i < 5; i++) sum += frozen.first[k * 5 + i]! * inputs[n * 5 + i]!;
        lowest[k] = Math.min(lowest[k]!, scale[k]! * sum);
      }
    }
    for (let k = 0; k < 7; k++) {
      expect(-lowest[k]!).toBeLessThanOrEqual(needed[k]!);
      // Draws come near: the bound is not much more than it has to be.
      expect(needed[k]! + lowest[k]!).toBeLessThan(0.35 * magnitude[k]!);
    }
  });

  it("notices a shift that is too small and a weight that is mistaken", async () => {
    const target = randomTarget(new Random(5, "certify"), [4, 5, 3]);
    const { blocks, errorBound } = await reconstruct(target, { domain, seed: 8 });
    expect(certify(target, blocks, domain)).toMatchObject({ errorBound, clips: undefined });
    const first = blocks[1]!.first;
    const lowered = { ...first, shift: first.shift.with(3, first.shift[3]! * (1 - 1e-9)) as Float64Array };
    expect(certify(target, [blocks[0]!, { ...blocks[1]!, first: lowered }], domain).clips).toEqual({
      block: 1,
      unit: 3,
    });
    const wrong = { ...first, scale: first.scale.with(0, first.scale[0]! * 1.001) as Float64Array };
    const mistaken = [blocks[0]!, { ...blocks[1]!, first: wrong }];
    const { error } = measureError(target, mistaken, { domain, samples: 500, random: new Random(6, "mistake") });
    expect(certify(target, mistaken, domain).errorBound).toBeGreaterThan(Math.max(1e-5, error));
  });

  it("presses units to their bounds without leaving the domain", async () => {
    const target = randomTarget(new Random(7, "press"), [4, 6, 2]);
    const { blocks } = await reconstruct(target, { domain, seed: 9 });
    const inputs = pressingInputs(target, blocks, domain);
    const { frozen, first } = blocks[0]!;
    for (let n = 0; n < inputs.length / 4; n++) expect(contains(domain, inputs.slice(4 * n, 4 * n + 4))).toBe(true);
    for (let k = 0; k < frozen.width; k++) {
      let sum = 0;
      for (let i = 0; i < 4; i++) sum += frozen.first[k * 4 + i]! * inputs[k * 4 + i]!;
      const before = first.scale[k]! * sum + first.shift[k]!;
      expect(before).toBeGreaterThanOrEqual(0);
      expect(before).toBeLessThan(1e-8 * Math.max(1, Math.abs(first.shift[k]!)));
    }
  });
});

describe("domains", () => {
  it.each([
    "box:1,-1",
    "box:0,0",
    "box:1",
    "ball:0",
    "ball:-1",
    "ball:",
    "cube:1",
    "box:0,1,2",
    "box:a,b",
    "ball:1e999",
  ])("refuses %s", (text) => {
    expect(() => parseDomain(text)).toThrow("--domain: expected box:LO,HI with LO below HI, or ball:R with R above 0");
  });

  it("knows inside from outside, and draws outside where asked to", () => {
    for (const domain of domains) {
      const random = new Random(10, "domain");
      for (const [times, inside] of [
        [1, true],
        [20, false],
      ] as const) {
        const inputs = drawInputs(domain, 6, 200, random, times);
        let count = 0;
        for (let n = 0; n < 200; n++) if (contains(domain, inputs.slice(6 * n, 6 * n + 6))) count++;
        if (inside) expect(count).toBe(200);
        else expect(count).toBeLessThan(20);
      }
    }
  });
});
