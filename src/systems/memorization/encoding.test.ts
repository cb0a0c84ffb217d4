import { describe, expect, test } from "vitest";
import type { Column } from "../../data/index.ts";
import { applyEncoding, encodeTable, hashText } from "./encoding.ts";
import { distanceOf, normRange } from "./points.ts";
import type { TableSource } from "./table-source.ts";

function numbers(name: string, ...values: number[]): Column {
  return { name, type: "number", values: Float64Array.from(values) };
}

function texts(name: string, ...values: (string | undefined)[]): Column {
  const categories = [...new Set(values.filter((text) => text !== undefined))].sort();
  return {
    name,
    type: "text",
    categories,
    codes: Int32Array.from(values, (text) => (text === undefined ? -1 : categories.indexOf(text))),
  };
}

function table(...features: Column[]): TableSource {
  const first = features[0]!;
  const rows = first.type === "number" ? first.values.length : first.codes.length;
  return {
    name: "table",
    sha256: "",
    features,
    label: texts("y", ...Array.from({ length: rows }, (_, row) => `${row % 2}`)),
    rows,
    missing: "keep",
    rowNumbers: Uint32Array.from({ length: rows }, (_, row) => row + 1),
    headerLines: 1,
  };
}

test("hashText is FNV-1a of 64 bits, mixed", () => {
  // FNV-1a of the empty text is its offset basis, of "a" af63dc4c8601ec8c; the rest is MurmurHash3's fmix64.
  const mix = (start: bigint) => {
    let hash = start;
    for (const factor of [0xff51afd7ed558ccdn, 0xc4ceb9fe1a85ec53n]) {
      hash = BigInt.asUintN(64, (hash ^ (hash >> 33n)) * factor);
    }
    return hash ^ (hash >> 33n);
  };
  expect(hashText("")).toBe(mix(0xcbf29ce484222325n));
  expect(hashText("a")).toBe(mix(0xaf63dc4c8601ec8cn));
});

describe("numbers", () => {
  test("scaled have their middle at 0 and the largest norm at 1", () => {
    const { points } = encodeTable(table(numbers("a", 10, 20, 30)), "scaled");
    expect([...points.data]).toEqual([-1, 0, 1]);
    expect(points.geometry).toBe("ball");
  });

  test("by bits differ wherever they differ at all", () => {
    const values = [0, 1, 1 + 2 ** -52, -1, 1e-300, 1e300, 5e-324, 3];
    const { points } = encodeTable(table(numbers("a", ...values)), "bits");
    expect(points.geometry).toBe("sphere");
    for (let i = 0; i < values.length; i++) {
      for (let j = 0; j < i; j++) expect(distanceOf(points, i, j), `${values[i]} ${values[j]}`).toBeGreaterThan(0.1);
    }
  });

  test("by bits take minus zero for zero", () => {
    const { points } = encodeTable(table(numbers("a", 0, -0, 1)), "bits");
    expect(distanceOf(points, 0, 1)).toBe(0);
  });

  test("too wide to be scaled are refused, and by bits taken", () => {
    const wide = table(numbers("a", 0, 5e-324, 4e-323));
    expect(() => encodeTable(wide, "scaled")).toThrow(/can be scaled .* Hint: --encode bits/);
    expect(normRange(encodeTable(wide, "bits").points)[1]).toBeCloseTo(1, 12);
  });
});

describe("texts", () => {
  test("few are one-hot, many hashed, and all rows have the same norm", () => {
    const few = encodeTable(table(texts("a", "x", "y", "z", "x")), "scaled");
    expect(few.encoding.columns).toEqual([{ name: "a", as: "one-hot", categories: ["x", "y", "z"], missing: false }]);
    expect(few.points.geometry).toBe("sphere");
    const many = encodeTable(table(texts("a", ...Array.from({ length: 300 }, (_, i) => `name ${i}`))), "scaled");
    expect(many.encoding.columns).toEqual([{ name: "a", as: "hash", bits: 32, missing: false }]);
    expect(many.points.dimensions).toBe(32);
    expect(many.points.geometry).toBe("sphere");
  });
});

describe("missing cells", () => {
  const source = table(numbers("a", 1, Number.NaN, 3), texts("b", "x", "y", undefined));

  test.each(["scaled", "bits"] as const)("are a value of their own (%s)", (mode) => {
    const { encoding, points } = encodeTable(source, mode);
    expect(encoding.columns.every(({ missing }) => missing)).toBe(true);
    expect(distanceOf(points, 0, 1)).toBeGreaterThan(0.1);
    expect(normRange(points)[1]).toBeCloseTo(1, 12);
  });
});

describe("applied again", () => {
  const source = table(numbers("a", 0.1, 0.2, 0.7), texts("b", "x", "y", "x"));

  test("gives the same points, whatever the order of the columns", () => {
    for (const mode of ["scaled", "bits"] as const) {
      const { encoding, points } = encodeTable(source, mode);
      const again = applyEncoding(encoding, source.features.toReversed(), 3, "again");
      expect(again.unknownCells).toBe(0);
      expect(again.points.data).toEqual(points.data);
    }
  });

  test("counts what it does not know", () => {
    const { encoding } = encodeTable(source, "scaled");
    const other = [numbers("a", 1, Number.NaN), texts("b", "z", "x")];
    expect(applyEncoding(encoding, other, 2, "other").unknownCells).toBe(2);
  });

  test("refuses a table without the columns", () => {
    const { encoding } = encodeTable(source, "scaled");
    expect(() => applyEncoding(encoding, [numbers("c", 1)], 1, "other.csv")).toThrow(/other.csv: expected a column a/);
    expect(() => applyEncoding(encoding, [texts("a", "q"), texts("b", "x")], 1, "other.csv")).toThrow(
      /column a: expected numbers, found texts/,
    );
  });
});
