import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostTensor } from "../core/index.ts";
import type { Dataset } from "./dataset.ts";
import { splitDataset, standardize, takeRows } from "./split.ts";

/** A dataset whose input is its row number, twice. */
function numbered(labels: readonly number[], classes: readonly string[] | null = ["a", "b", "c", "d"]): Dataset {
  const n = labels.length;
  return {
    name: "numbered",
    inputs: hostTensor(
      Float32Array.from({ length: 2 * n }, (_, i) => Math.floor(i / 2)),
      [n, 2],
    ),
    targets: hostTensor(classes ? Int32Array.from(labels) : Float32Array.from(labels), [n]),
    ...(classes ? { classes } : {}),
    sha256: "0",
  };
}

const rowsOf = ({ inputs }: Dataset) => [...inputs.data].filter((_, i) => i % 2 === 0);
const labelLists = fc.array(fc.nat(3), { minLength: 20, maxLength: 200 });

describe("takeRows", () => {
  it("copies rows in the order asked for", () => {
    const dataset = numbered([3, 2, 1, 0]);
    const taken = takeRows(dataset, [2, 0, 2]);
    expect(rowsOf(taken)).toEqual([2, 0, 2]);
    expect([...taken.targets.data]).toEqual([1, 3, 1]);
    expect(taken.inputs.shape).toEqual([3, 2]);
    taken.inputs.data.fill(9);
    expect(rowsOf(dataset)).toEqual([0, 1, 2, 3]);
  });

  it.each([[4], [-1], [0.5], [Number.NaN]])("refuses row %d", (index) => {
    expect(() => takeRows(numbered([0, 0, 0, 0]), [0, index])).toThrow(
      `takeRows(numbered): expected indices in [0, 4), found ${index}`,
    );
  });
});

describe("splitDataset", () => {
  it("parts the rows: each once, in order, each part its share", () => {
    fc.assert(
      fc.property(labelLists, fc.integer(), fc.boolean(), (labels, seed, stratify) => {
        const fractions = [0.6, 0.25, 0.15];
        const parts = splitDataset(numbered(labels), { fractions, seed, stratify });
        for (const [i, part] of parts.entries()) {
          const rows = rowsOf(part);
          expect(rows).toEqual([...rows].sort((a, b) => a - b));
          expect(Math.abs(rows.length - fractions[i]! * labels.length)).toBeLessThan(1);
          expect([...part.targets.data]).toEqual(rows.map((row) => labels[row]));
        }
        expect(parts.flatMap(rowsOf).sort((a, b) => a - b)).toEqual(labels.map((_, row) => row));
      }),
    );
  });

  it("gives every class its share when stratified", () => {
    fc.assert(
      fc.property(labelLists, fc.integer(), (labels, seed) => {
        for (const [i, part] of splitDataset(numbered(labels), { seed }).entries()) {
          for (const label of [0, 1, 2, 3]) {
            const all = labels.filter((other) => other === label).length;
            const here = part.targets.data.filter((other) => other === label).length;
            expect(Math.abs(here - [0.8, 0.2][i]! * all)).toBeLessThan(2);
          }
        }
      }),
    );
  });

  it("depends on the seed and nothing else", () => {
    const dataset = numbered(Array.from({ length: 100 }, (_, i) => i % 4));
    const train = (seed: number) => rowsOf(splitDataset(dataset, { seed })[0]!);
    expect(train(1)).toEqual(train(1));
    expect(train(1)).not.toEqual(train(2));
  });

  it("splits values without classes", () => {
    const parts = splitDataset(numbered([0.5, 1.5, 2.5, 3.5, 4.5], null));
    expect(parts.map(({ inputs }) => inputs.shape[0])).toEqual([4, 1]);
  });

  it.each([
    [
      "fractions that do not sum to 1",
      { fractions: [0.5, 0.4] },
      "splitDataset(numbered): fractions: expected positive numbers that sum to 1, found 0.5, 0.4",
    ],
    ["a fraction of 0", { fractions: [1, 0] }, "found 1, 0"],
    ["no fractions", { fractions: [] }, "found none"],
    [
      "an empty part",
      { fractions: [0.9, 0.1] },
      "splitDataset(numbered): expected rows for every part of 0.9, 0.1, found 3 rows, which leave part 2 empty",
    ],
  ])("refuses %s", (_, options, message) => {
    expect(() => splitDataset(numbered([0, 1, 0]), options)).toThrow(message);
  });

  it("refuses to stratify by values", () => {
    expect(() => splitDataset(numbered([0, 1], null), { stratify: true })).toThrow(
      "splitDataset(numbered): stratify: expected a dataset with classes, found one with values",
    );
  });
});

describe("standardize", () => {
  it("scales by the training part only, and leaves constants at 0", () => {
    const table = (rows: number[][]): Dataset => ({
      ...numbered(rows.map(() => 0)),
      inputs: hostTensor(Float32Array.from(rows.flat()), [rows.length, 3]),
    });
    const { datasets, mean, standardDeviation } = standardize(
      table([
        [1, 0.1, -4],
        [3, 0.1, 4],
      ]),
      table([[5, 0.2, 0]]),
    );
    expect([...datasets[0]!.inputs.data]).toEqual([-1, 0, -1, 1, 0, 1]);
    expect([...mean]).toEqual([2, Math.fround(0.1), 0]);
    expect([...standardDeviation]).toEqual([1, 1, 4]);
    expect(datasets[1]!.inputs.data[0]).toBe(3);
    expect(datasets[1]!.inputs.data[1]).toBeCloseTo(0.1, 6);
  });

  it("takes channels as the features of images", () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 24, maxLength: 24, noNaN: true, min: -100, max: 100 }), (values) => {
        const images = { ...numbered([0, 0]), inputs: hostTensor(values, [2, 3, 2, 2]) };
        const { data, shape } = standardize(images).datasets[0]!.inputs;
        expect(shape).toEqual([2, 3, 2, 2]);
        for (const channel of [0, 1, 2]) {
          const mine = [...data].filter((_, i) => Math.floor(i / 4) % 3 === channel);
          const mean = mine.reduce((sum, x) => sum + x, 0) / 8;
          const variance = mine.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 8;
          expect(mean).toBeCloseTo(0, 4);
          expect(Math.min(Math.abs(variance), Math.abs(variance - 1))).toBeLessThan(1e-3);
        }
      }),
    );
  });

  it("refuses rows of another shape", () => {
    const other = { ...numbered([0]), name: "other", inputs: hostTensor(new Float32Array(3), [1, 3]) };
    expect(() => standardize(numbered([0]), other)).toThrow(
      "standardize(other): expected rows of shape [2], as in numbered, found [3]",
    );
  });
});
