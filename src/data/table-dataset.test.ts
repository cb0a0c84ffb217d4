import { describe, expect, it } from "vitest";
import { describeWithShared } from "../../test/shared.ts";
import { readTable } from "./read-table.ts";
import { type Column, type Table, TextBuilder } from "./table.ts";
import { datasetName, type TableDatasetOptions, tableDataset } from "./table-dataset.ts";

/** A table of columns: numbers with NaN, or texts with null, where a value is missing. */
function table(columns: Record<string, readonly (number | string | null)[]>): Table {
  const rows = Object.values(columns)[0]!.length;
  const made = Object.entries(columns).map(([name, values]): Column => {
    if (values.every((value) => typeof value === "number")) {
      return { name, type: "number", values: Float64Array.from(values) };
    }
    const builder = new TextBuilder(rows, new Set());
    for (const [row, value] of values.entries()) if (value !== null) builder.set(row, String(value));
    return builder.toText(name);
  });
  return { path: "data/fruit.csv", rows, columns: made, sha256: "5ha" };
}

const fruit = table({
  weight: [1, 2.5, 3, 4],
  color: ["red", "green", "red", "yellow"],
  kind: ["apple", "pear", "apple", "pear"],
});

describe("tableDataset", () => {
  it("takes numbers as they are and texts one-hot, the label as classes in order", () => {
    expect(tableDataset(fruit, { label: "kind" })).toEqual({
      name: "fruit",
      inputs: {
        shape: [4, 4],
        dtype: "float32",
        data: new Float32Array([1, 0, 1, 0, 2.5, 1, 0, 0, 3, 0, 1, 0, 4, 0, 0, 1]),
      },
      targets: { shape: [4], dtype: "int32", data: new Int32Array([0, 1, 0, 1]) },
      classes: ["apple", "pear"],
      features: ["weight", "color=green", "color=red", "color=yellow"],
      sha256: "5ha",
    });
  });

  it("regresses values, and takes few whole numbers for classes unless told otherwise", () => {
    const values = tableDataset(fruit, { label: "weight" });
    expect(values.targets).toEqual({ shape: [4], dtype: "float32", data: new Float32Array([1, 2.5, 3, 4]) });
    expect(values.classes).toBeUndefined();
    const grades = table({ x: [1, 2, 3, 4], grade: [10, 9, 10, -1] });
    const classes = tableDataset(grades, { label: "grade" });
    expect(classes.classes).toEqual(["-1", "9", "10"]);
    expect([...classes.targets.data]).toEqual([2, 1, 2, 0]);
    expect(tableDataset(grades, { label: "grade", task: "regress" }).targets.dtype).toBe("float32");
    const count = table({ x: Array.from({ length: 21 }, () => 0), y: Array.from({ length: 21 }, (_, i) => i) });
    expect(tableDataset(count, { label: "y" }).classes).toBeUndefined();
    expect(tableDataset(count, { label: "y", task: "classify" }).classes).toHaveLength(21);
  });

  it("takes the columns asked for, in their order", () => {
    const dataset = tableDataset(fruit, { label: "kind", features: ["color", "weight"] });
    expect(dataset.features).toEqual(["color=green", "color=red", "color=yellow", "weight"]);
  });

  it("leaves out rows with gaps when told to, but not for gaps in columns that are not used", () => {
    const gaps = table({ a: [1, Number.NaN, 3, 4], b: ["x", "y", null, "z"], c: ["p", "q", "p", "q"] });
    const dropped = tableDataset(gaps, { label: "c", missing: "drop" });
    expect(dropped.inputs.shape).toEqual([2, 4]);
    expect([...dropped.targets.data]).toEqual([0, 1]);
    expect(tableDataset(gaps, { label: "c", features: ["b"], missing: "drop" }).inputs.shape[0]).toBe(3);
  });

  it("encodes another table like the first", () => {
    const train = tableDataset(fruit, { label: "kind" });
    const more = table({ kind: ["pear", "pear"], "a=b": [0, 0], color: ["red", "red"], weight: [7, 8] });
    const test = tableDataset(more, { label: "kind", like: train });
    expect(test.features).toEqual(train.features);
    expect(test.classes).toEqual(train.classes);
    expect([...test.inputs.data]).toEqual([7, 0, 1, 0, 8, 0, 1, 0]);
    expect([...test.targets.data]).toEqual([1, 1]);

    const levels = tableDataset(table({ "a=b": ["1", "x"], y: [0.5, 1.5] }), { label: "y" });
    expect(levels.features).toEqual(["a=b=1", "a=b=x"]);
    const numeric = tableDataset(table({ "a=b": [1, 1], y: [3, 4] }), { label: "y", like: levels });
    expect([...numeric.inputs.data]).toEqual([1, 0, 1, 0]);
    expect(numeric.targets.dtype).toBe("float32");
  });

  const train = tableDataset(fruit, { label: "kind" });
  const missingHint = 'Hint: leave out rows with gaps (missing: "drop", --missing drop) or the column (features)';
  it.each<[string, Table, TableDatasetOptions, string]>([
    [
      "an unknown label column",
      fruit,
      { label: "species" },
      "data/fruit.csv: expected a column species, found the columns weight, color, kind. Hint: the first line of a CSV file is read as the names of its columns",
    ],
    [
      "an unknown feature",
      fruit,
      { label: "kind", features: ["size"] },
      "data/fruit.csv: expected a column size, found",
    ],
    [
      "the label as a feature",
      fruit,
      { label: "kind", features: ["weight", "kind"] },
      "features: expected columns other than the label, found kind",
    ],
    [
      "a missing number",
      table({ a: [1, Number.NaN], y: ["p", "q"] }),
      { label: "y" },
      `data/fruit.csv: row 2, column a: expected a value, found a missing value or NaN. ${missingHint}`,
    ],
    [
      "a missing text",
      table({ a: ["x", "y", null], y: ["p", "q", "p"] }),
      { label: "y" },
      `data/fruit.csv: row 3, column a: expected a value, found a missing value or NaN. ${missingHint}`,
    ],
    [
      "a missing label",
      table({ a: [1, 2], y: [null, "p"] }),
      { label: "y" },
      "data/fruit.csv: row 1, column y: expected a value",
    ],
    [
      "nothing but gaps",
      table({ a: [Number.NaN], y: ["p"] }),
      { label: "y", missing: "drop" },
      "data/fruit.csv: expected a row without missing values, found none",
    ],
    [
      "a number beyond float32",
      table({ a: [1, -1e39], y: ["p", "q"] }),
      { label: "y" },
      "data/fruit.csv: row 2, column a: expected a finite float32 number, found -1e+39",
    ],
    [
      "one class only",
      table({ a: [1, 2], y: ["p", "p"] }),
      { label: "y" },
      "data/fruit.csv: column y: expected at least two classes, found only p",
    ],
    [
      "a label that is no known class",
      table({ a: [1, 2], y: ["p", "q"] }),
      { label: "y", classes: ["o", "p"] },
      "data/fruit.csv: row 2, column y: expected one of the known classes o, p, found q",
    ],
    [
      "a thousand classes",
      table({ a: Array.from({ length: 1001 }, () => 0), y: Array.from({ length: 1001 }, (_, i) => i / 2) }),
      { label: "y", task: "classify" },
      'data/fruit.csv: column y: expected at most 1000 classes, found 1001. Hint: are these values? (task: "regress")',
    ],
    [
      "texts to regress",
      fruit,
      { label: "kind", task: "regress" },
      'data/fruit.csv: row 1, column kind: expected a finite float32 number, found apple. Hint: are these classes? (task: "classify")',
    ],
    [
      "a value beyond float32 to regress",
      table({ a: [1], y: [1e39] }),
      { label: "y", task: "regress" },
      "row 1, column y: expected a finite float32 number, found 1e+39",
    ],
    [
      "too many different texts",
      fruit,
      { label: "kind", maxCategories: 2 },
      "data/fruit.csv: column color: expected numbers, or at most 2 different texts, found 3 different texts. Hint: leave the column out (features), or raise maxCategories (--max-categories)",
    ],
    [
      "a label alone",
      table({ y: ["p", "q"] }),
      { label: "y" },
      "data/fruit.csv: expected a column to learn from, found only the label y",
    ],
    [
      "a text that the training set has not",
      table({ weight: [1], color: ["blue"], kind: ["pear"] }),
      { label: "kind", like: train },
      "data/fruit.csv: row 1, column color: expected one of green, red, yellow, found blue",
    ],
    [
      "texts where the training set has numbers",
      table({ weight: ["heavy"], color: ["red"], kind: ["pear"] }),
      { label: "kind", like: train },
      "data/fruit.csv: row 1, column weight: expected a number, found heavy",
    ],
    [
      "a class that the training set has not",
      table({ weight: [1], color: ["red"], kind: ["fig"] }),
      { label: "kind", like: train },
      "data/fruit.csv: row 1, column kind: expected one of the known classes apple, pear, found fig",
    ],
    [
      "a column of the training set that is not there",
      table({ weight: [1], kind: ["pear"] }),
      { label: "kind", like: train },
      "data/fruit.csv: expected a column color=green, found the columns weight, kind",
    ],
  ])("refuses %s", (_, source, options, message) => {
    expect(() => tableDataset(source, options)).toThrow(message);
  });
});

it("names a dataset after its file", () => {
  expect(["x/iris.csv", "a9a.t", "b.csv.gz", "c"].map(datasetName)).toEqual(["iris", "a9a", "b", "c"]);
});

describeWithShared("UCI Adult as a dataset", (path) => {
  it("is one-hot encoded, its test part like its training part", { timeout: 30_000 }, async () => {
    const options = { label: "income", missing: "drop" } as const;
    const train = tableDataset(await readTable(path("tabular/adult_train.csv.gz")), options);
    expect(train.inputs.shape[0]).toBe(30162);
    expect(train.classes).toEqual(["<=50K", ">50K"]);
    expect(train.features).toContain("sex=Female");
    const test = tableDataset(await readTable(path("tabular/adult_test.csv.gz")), { ...options, like: train });
    expect(test.inputs.shape).toEqual([15060, train.features!.length]);
  });
});
