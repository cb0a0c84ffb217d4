import { describe, expect, it } from "vitest";
import { hostTensor } from "../../core/index.ts";
import type { Dataset } from "../../data/index.ts";
import { logisticData } from "./logistic-data.ts";

function dataset(rows: number[][], targets: number[], classes: string[] | undefined, name = "toy"): Dataset {
  const inputs = hostTensor(Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
  const labels = hostTensor(Int32Array.from(targets), [rows.length]);
  return { name, inputs, targets: labels, sha256: "", ...(classes ? { classes } : {}) };
}

const train = dataset(
  [
    [2, 0, -8],
    [0, 0, 4],
    [-4, 0, 0],
  ],
  [0, 1, 1],
  ["no", "yes"],
);
const test = dataset([[1, 5, 8]], [1], ["no", "yes"], "toy-test");
const options = { scale: "max-abs" } as const;

describe("logisticData", () => {
  it("keeps zeros out, scales by the training rows' largest values and adds the intercept", () => {
    const { train: rows, test: held, classes } = logisticData(train, test, options);
    expect(classes).toEqual(["no", "yes"]);
    expect([...rows.rowStart]).toEqual([0, 3, 5, 7]);
    expect([...rows.columns]).toEqual([0, 2, 3, 2, 3, 0, 3]);
    expect([...rows.values]).toEqual([0.5, -1, 1, 0.5, 1, -1, 1]);
    expect([...rows.labels]).toEqual([-1, 1, 1]);
    expect(rows.l2).toBeCloseTo(1 / 3, 12);
    expect([...held.values]).toEqual([0.25, 5, 1, 1]);
  });

  it("standardizes, or leaves features as they are", () => {
    const { train: standard } = logisticData(train, test, { scale: "standard" });
    const first = [0, 1, 2].map((i) => standard.values[standard.rowStart[i]!]!);
    expect(first.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
    expect(first.reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(3, 12);
    expect([...standard.columns]).toEqual([0, 2, 3, 0, 2, 3, 0, 2, 3]);
    expect([...logisticData(train, test, { scale: "none", l2: 0.5 }).train.values]).toEqual([2, -8, 1, 4, 1, -4, 1]);
  });

  it("sets one class against the rest", () => {
    const three = dataset([[1], [2], [3]], [0, 1, 2], ["a", "b", "c"]);
    const { train: rows, classes } = logisticData(three, three, { ...options, positive: "b" });
    expect(classes).toEqual(["not b", "b"]);
    expect([...rows.labels]).toEqual([-1, 1, -1]);
    expect(logisticData(train, test, { ...options, positive: "no" }).classes).toEqual(["yes", "no"]);
  });

  const three = dataset([[1], [2], [3]], [0, 1, 2], ["a", "b", "c"]);
  it.each<[string, () => unknown, string]>([
    [
      "more than two classes",
      () => logisticData(three, three, options),
      "toy: expected two classes, found 3 (a, b, c). Hint: --positive NAME sets one class against the rest",
    ],
    [
      "an unknown class",
      () => logisticData(three, three, { ...options, positive: "d" }),
      '--positive: expected one of a, b, c, found "d"',
    ],
    [
      "one class",
      () => logisticData(dataset([[1]], [0], ["a"]), test, options),
      "toy: expected two classes, found 1 (a). Hint: --label names another column",
    ],
    [
      "values as target",
      () => logisticData(dataset([[1]], [0], undefined), test, options),
      "toy: expected classes to tell apart, found a column of numbers as target",
    ],
    [
      "test rows of another width",
      () => logisticData(train, dataset([[1]], [0], ["no", "yes"], "short"), options),
      "short: expected 3 features and the classes of toy (no, yes), found 1 features and no, yes",
    ],
  ])("refuses %s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});
