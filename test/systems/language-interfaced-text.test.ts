import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Column, Table } from "../../src/data/index.ts";
import {
  fixedFormat,
  formatNumber,
  inferSchema,
  makeTemplate,
  type Row,
  readAnswer,
  readFields,
  readNumber,
  rowsOf,
  scoreClasses,
  scoreNumbers,
  splitLabelled,
  type Target,
  writeAnswer,
  writePrompt,
} from "../../src/systems/language-interfaced/index.ts";

/** A table in memory. */
function tableOf(columns: Readonly<Record<string, readonly (string | number | undefined)[]>>): Table {
  const rows = Object.values(columns)[0]?.length ?? 0;
  return {
    path: "table.csv",
    sha256: "none",
    rows,
    columns: Object.entries(columns).map(([name, values]): Column => {
      if (values.every((value) => typeof value !== "string")) {
        return { name, type: "number", values: Float64Array.from(values, (value) => Number(value ?? Number.NaN)) };
      }
      const categories = [...new Set(values.filter((value) => value !== undefined).map(String))].sort();
      const codes = Int32Array.from(values, (value) => (value === undefined ? -1 : categories.indexOf(String(value))));
      return { name, type: "text", categories, codes };
    }),
  };
}

const schemaOf = (
  columns: Parameters<typeof tableOf>[0],
  options: { short?: boolean; task?: "auto" | "classify" | "regress" } = {},
) => inferSchema(tableOf(columns), { target: "y", task: options.task ?? "auto", short: options.short ?? false });

const labels = ["a", "b", "a", "b"];

describe("rows as sentences", () => {
  const { schema } = schemaOf({ n: [1, 2, 3, 4], t: ["u", "v", "u", "w"], m: [1, 2, 3, 5], y: labels });

  test("look as the paper's", () => {
    const row = [5.1, "red", 0.2];
    expect(writePrompt(makeTemplate("letters", schema), schema, row)).toBe(
      "When we have x1=5.1, x2=red, x3=0.2, what is this type?###",
    );
    expect(writePrompt(makeTemplate("names", schema), schema, row)).toBe(
      "Given that n is 5.1, t is red, m is 0.2, what is the y?###",
    );
    expect(writePrompt(makeTemplate("The {t} one has {n} and {m}.", schema), schema, row)).toBe(
      "The red one has 5.1 and 0.2.",
    );
  });

  test.each(["short", "letters", "names", "{n} of {t}, with {m}###"])(
    "are read back as they were written: %s",
    (kind) => {
      const template = makeTemplate(kind, schema);
      const number = fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map((value) => (Object.is(value, -0) ? 0 : value));
      const text = fc.oneof(
        fc.string({ minLength: 1 }),
        fc.constantFrom("###", "a, b", 'q"u', "@@@", "\\", "?", "line\nbreak", "é 日本 🙂", " # "),
      );
      const row = fc.tuple(
        fc.option(number, { nil: undefined }),
        fc.option(
          text.filter((value) => !/^\?{2,}$/.test(value)),
          { nil: undefined },
        ),
        number,
      );
      fc.assert(
        fc.property(row, (values) => {
          expect(readFields(template, schema, writePrompt(template, schema, values))).toEqual([...values]);
        }),
      );
    },
  );

  test("extreme numbers keep every digit", () => {
    const template = makeTemplate("short", schema);
    const row: Row = [1e-7, "u", 1e308];
    expect(readFields(template, schema, writePrompt(template, schema, row))).toEqual(row);
  });

  test("short texts are of one width, tell all categories apart, and are read back", () => {
    const { schema: own } = schemaOf(
      { n: [-1.25, 20, 3, 400], t: ["high", "vhigh", "med", "low"], y: labels },
      { short: true },
    );
    const template = makeTemplate("short", own);
    const texts = [
      [-1.25, "high"],
      [20, "vhigh"],
      [400, undefined],
    ].map((row) => writePrompt(template, own, row as Row));
    expect(texts).toEqual(["-001 h#", "+020 v#", "+400 ?#"]);
    expect(texts.map((text) => readFields(template, own, text))).toEqual([
      [-1, "high"],
      [20, "vhigh"],
      [400, undefined],
    ]);
    expect(writePrompt(template, own, [undefined, "never seen"])).toBe("???? ?#");
  });

  test("a sentence that names no column, or another, is refused", () => {
    expect(() => makeTemplate("what is it?", schema)).toThrow(
      '--template: expected short, letters, names, or a sentence such as "{n} and {t}',
    );
    expect(() => makeTemplate("{n} and {z}", schema)).toThrow(
      "--template: expected a sentence with columns in braces, of n, t, m, found {z}",
    );
  });
});

describe("numbers of one width", () => {
  test.each([
    [[5.1, 0.2, 7], 3, 5.14, "5.1", 5.1],
    [[1121, 63770], 3, 16884.9, "169", 16900],
    [[420.26, 495.76], 3, 480.48, "480.5", 480.5],
    [[-3, 3], 3, -2, "-2", -2],
    [[0.001, 0.009], 3, 0.0042, "0.004", 0.004],
    [[12, 99], 3, 250, "99", 99],
  ])("of %j with %i digits: %d is %s", (values, digits, value, text, back) => {
    const format = fixedFormat(values, digits);
    expect(formatNumber(value, format)).toBe(text);
    expect(readNumber(text, format)).toBeCloseTo(back, 9);
  });

  test("magnitudes that differ too much are written plainly", () => {
    expect(fixedFormat([1e308, 1], 3)).toEqual({ kind: "plain" });
    expect(() => schemaOf({ n: [1, 2], y: [1e308, -1] }, { task: "regress" })).toThrow(
      "numbers up to 1000000000000000, found 1e+308",
    );
  });

  test("a column may have hundreds of thousands", () => {
    const values = Array.from({ length: 200_000 }, (_, i) => i / 10);
    expect(fixedFormat(values, 3)).toMatchObject({ kind: "fixed", unit: 100 });
    expect(schemaOf({ n: values, y: values }, { task: "regress", short: true }).schema.target).toMatchObject({
      high: 19_999.9,
    });
  });

  test("rounding moves a value by half a unit at most", () => {
    const values = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(values, (all) => {
        const format = fixedFormat(all, 3);
        if (format.kind === "plain") return;
        for (const value of all) {
          const back = readNumber(formatNumber(value, format), format) ?? Number.NaN;
          expect(Math.abs(back - value)).toBeLessThanOrEqual(format.unit * 0.5000001);
          expect(formatNumber(value, format)).toHaveLength(formatNumber(0, format).length);
        }
      }),
    );
  });
});

describe("answers", () => {
  const classes: Target = { name: "y", kind: "classes", classes: ["1", "10", "a#b"] };

  test("are read whole: one that begins another is another", () => {
    for (const name of classes.classes)
      expect(readAnswer(classes, ` ${writeAnswer(classes, name)}@@@ more`)).toBe(name);
    for (const text of ["100", "", "junk", "1 0"]) expect(readAnswer(classes, text)).toBeUndefined();
  });

  test("of numbers that are none are no answer", () => {
    const target: Target = { name: "y", kind: "number", format: { kind: "plain" }, low: 0, high: 9 };
    expect(["3.5@@@", " -2 ", "1e400", "3.5.1", "three"].map((text) => readAnswer(target, text))).toEqual([
      3.5,
      -2,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("schemas", () => {
  test("a decimal comma, row numbers, constants and missing columns are told of", () => {
    const many = (fn: (i: number) => string | number) => Array.from({ length: 30 }, (_, i) => fn(i));
    const { schema, notes } = schemaOf({
      id: many((i) => i + 1),
      name: many((i) => `row ${i}`),
      c: many((i) => `${i % 9},5`),
      k: many(() => 7),
      y: many((i) => (i % 2 ? "a" : "b")),
    });
    expect(schema.features.map(({ name, kind }) => `${name} ${kind}`)).toEqual(["c number"]);
    expect(notes).toEqual([
      expect.stringContaining("column id is left out: it names rows"),
      expect.stringContaining("column name is left out"),
      "column c: numbers with a decimal comma",
      expect.stringContaining("column k is left out: it has one value"),
    ]);
  });

  test.each<[string, Parameters<typeof schemaOf>[0], Parameters<typeof schemaOf>[1], RegExp]>([
    ["no such target", { n: [1, 2], yy: ["a", "b"] }, {}, /expected the column "y" to predict, found n, yy/],
    [
      "one class",
      { n: [1, 2], y: ["a", "a"] },
      {},
      /column y: expected at least two different values to predict, found "a" alone/,
    ],
    [
      "text as numbers",
      { n: [1, 2, 3], y: ["1", "x", "2"] },
      { task: "regress" },
      /column y: expected numbers, for --task regress, found "x"/,
    ],
    ["no column left", { n: [1, 1], y: ["a", "b"] }, {}, /expected columns to predict from, found none/],
    [
      "too many classes",
      { n: Array.from({ length: 1001 }, (_, i) => i % 7), y: Array.from({ length: 1001 }, (_, i) => `c${i}`) },
      {},
      /at most 1000 classes, found 1001/,
    ],
  ])("%s", (_, columns, options, message) => {
    expect(() => schemaOf(columns, options)).toThrow(message);
  });

  test("columns are found by name, in any order; a missing one, or a text for a number, is named", () => {
    const { schema } = schemaOf({ n: [1, 2], t: ["u", "v"], y: ["a", "b"] });
    expect(rowsOf(tableOf({ t: ["v"], z: [1], n: [5] }), schema)).toMatchObject({
      rows: [[5, "v"]],
      labelled: false,
      notes: [],
    });
    expect(rowsOf(tableOf({ t: ["w"], n: [5] }), schema).notes[0]).toContain(
      'column t: 1 texts that training did not see, such as "w"',
    );
    expect(() => rowsOf(tableOf({ n: [1] }), schema)).toThrow("table.csv: expected the columns n, t, found no t");
    expect(() => rowsOf(tableOf({ t: ["u", "v"], n: ["1", "x"] }), schema)).toThrow(
      'table.csv: row 2, column n: expected a number, found "x"',
    );
  });

  test("a split has a share of each class, and a class of one row stays in training", () => {
    const answers = [...Array(10).fill("a"), ...Array(20).fill("b"), "c"] as string[];
    const data = { rows: answers.map((_, i) => [i]), answers };
    const { train, test: held } = splitLabelled(data, 0.2, 1, true);
    const count = (values: readonly unknown[], name: string) => values.filter((value) => value === name).length;
    expect(["a", "b", "c"].map((name) => [count(train.answers, name), count(held.answers, name)])).toEqual([
      [8, 2],
      [16, 4],
      [1, 0],
    ]);
    expect(splitLabelled(data, 0.2, 1, true).test).toEqual(held);
  });
});

describe("figures", () => {
  test("of classes, by hand; what is no class is wrong and not left out", () => {
    const score = scoreClasses([0, 0, 1, 1], [0, 1, 1, -1], 2, [
      [0.9, 0.1],
      [0.4, 0.6],
      [0.2, 0.8],
      [0.5, 0.5],
    ]);
    expect(score.accuracy).toBe(0.5);
    expect(score.macroF1).toBeCloseTo((2 / 3 + 0.5) / 2, 12);
    expect(score.logLoss).toBeCloseTo(-(Math.log(0.9) + Math.log(0.4) + Math.log(0.8) + Math.log(0.5)) / 4, 12);
    // Bins of confidence: 0.9 right, 0.6 wrong, 0.8 right, 0.5 wrong.
    expect(score.ece).toBeCloseTo((0.1 + 0.6 + 0.2 + 0.5) / 4, 12);
    expect(score.confusion).toEqual([
      [1, 1, 0],
      [0, 1, 1],
    ]);
  });

  test("of numbers: the mean has a relative absolute error of 1 and r2 of 0", () => {
    const right = [1, 2, 6];
    expect(scoreNumbers(right, [3, 3, 3])).toMatchObject({ rae: 1, r2: 0 });
    expect(scoreNumbers(right, right)).toEqual({ rae: 0, rmse: 0, r2: 1, mae: 0 });
  });
});
