import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeWithShared } from "../../test/shared.ts";
import { content, tableFolder } from "../../test/tables.ts";
import { sha256 } from "../storage/index.ts";
import { readTable } from "./read-table.ts";

const { path, read, problem } = tableFolder();

describe("CSV", () => {
  it("reads numbers and texts, quotes, spaces, blank lines, a byte order mark and Windows line ends", async () => {
    const text = '\ufeff"na,me", age ,note\r\n"a ""b"", c", 1.5 , x\r\n\r\nd,-2e3,"two\r\nlines"\r\n';
    const table = await read("a.csv", text);
    expect(content(table)).toEqual({ "na,me": ['a "b", c', "d"], age: [1.5, -2000], note: ["x", "two\r\nlines"] });
    expect(table.rows).toBe(2);
    expect(table.sha256).toBe(sha256(text));
  });

  it("reads a header whose names have line breaks, with a byte order mark and without", async () => {
    for (const [i, ends] of ["\n", "\r\n"].entries()) {
      for (const mark of ["", "\ufeff"]) {
        const text = `${mark}"a${ends}b","c${ends}${ends}d"${ends}1,"x${ends}y"${ends}2,z${ends}`;
        const table = await read(`broken${i}${mark.length}.csv`, text);
        expect(Object.values(content(table))).toEqual([
          [1, 2],
          [`x${ends}y`, "z"],
        ]);
      }
    }
  });

  it("reads gzip, and the hash is of the file as it lies", async () => {
    const bytes = gzipSync("a,b\n1,x\n2,y\n");
    const table = await read("a.csv.gz", bytes);
    expect(content(table)).toEqual({ a: [1, 2], b: ["x", "y"] });
    expect(table.sha256).toBe(sha256(bytes));
  });

  it("finds the delimiter in the header, or takes the one given", async () => {
    expect(content(await read("a.csv", "a;b\n1;2,5\n"))).toEqual({ a: [1], b: ["2,5"] });
    expect(content(await read("a.csv", '"a;b";c,d\n1;2\n', { delimiter: ";" }))).toEqual({ "a;b": [1], "c,d": [2] });
    expect(content(await read("a.tsv", "a,b\tc\n1,2\t3\n"))).toEqual({ "a,b": ["1,2"], c: [3] });
    expect(content(await read("a.csv", "only\n1\n2\n"))).toEqual({ only: [1, 2] });
  });

  it("marks missing values, with spaces around them too, and keeps their column numeric", async () => {
    const text = 'a,b,c\n1,x,\n?, ,\n NA ,"",\n"",nan,\n4, n/a,\n';
    expect(content(await read("a.csv", text))).toEqual({
      a: [1, null, null, null, 4],
      b: ["x", null, null, null, "n/a"],
      c: [null, null, null, null, null],
    });
    expect(content(await read("a.csv", "a,b\n1,?\n-,y\n", { missingValues: ["-"] }))).toEqual({
      a: [1, null],
      b: ["?", "y"],
    });
  });

  it("takes a column as texts where a single late value is none", async () => {
    const table = await read("a.csv", `a\n${"7\n".repeat(50_000)}x\n`);
    expect(table.rows).toBe(50_001);
    expect(table.columns[0]).toMatchObject({ type: "text", categories: ["7", "x"] });
  });

  it("keeps the order of rows, and integers as doubles", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `${i},${2 ** 40 + i}`);
    const { columns } = await read("a.csv", `i,big\n${rows.join("\n")}`);
    const [i, big] = columns.map((column) => (column.type === "number" ? column.values : new Float64Array()));
    expect(i!.every((value, row) => value === row)).toBe(true);
    expect(big!.every((value, row) => value === 2 ** 40 + row)).toBe(true);
  });

  it("gives back what was written, whatever the texts", { timeout: 30_000 }, async () => {
    const texts = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(..."ab,;\"\n 'é%[") });
    const cell = texts.map((text) => `t${text}t`); // no spaces around, never a number or missing
    const tables = fc.array(fc.tuple(cell, fc.double({ noNaN: true, noDefaultInfinity: true })), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(tables, cell, async (rows, name) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const lines = rows.map(([text, number]) => `${quote(text)},${number}`);
        const table = await read("r.csv", `${quote(name)},n\n${lines.join("\n")}\n`);
        const found = content(table);
        expect(found[name]).toEqual(rows.map(([text]) => text));
        expect(found.n!.map((value) => Number(value) + 0)).toEqual(rows.map(([, number]) => number + 0));
      }),
      { numRuns: 10 },
    );
  });

  it("reads this file and no other whose name it matches as a pattern", async () => {
    await writeFile(path("a1.csv"), "a\n9\n");
    expect(content(await read("a[1].csv", "a\n1\n"))).toEqual({ a: [1] });
    expect(content(await read("a*.csv", "a\n2\n"))).toEqual({ a: [2] });
    expect(content(await read("it's.csv", "a\n3\n"))).toEqual({ a: [3] });
  });

  it.each<[string, string | Uint8Array, string]>([
    [
      "a row that is too short",
      "a,b,c\n1,2,3\n4,5\n6,7,8\n",
      "/x.csv:3: expected 3 values, as many as the header has, found 2",
    ],
    [
      "a row that is too long",
      "a,b,c\n1,2,3\n4,5,6,7\n6,7,8\n",
      "/x.csv:3: expected 3 values, as many as the header has, found 4",
    ],
    [
      "a late ragged row below blank lines",
      `\n\na,b\n${"1,2\n".repeat(5000)}3\n`,
      "/x.csv:5004: expected 2 values, as many as the header has, found 1",
    ],
    ["an empty file", "", "/x.csv: expected a header and rows, found an empty file"],
    ["a file of blank lines", "\n\n", "/x.csv: expected a header and rows, found an empty file"],
    ["a header without rows", "a,b\n", "/x.csv: expected at least one row of values, found only a header"],
    [
      "a name that is there twice",
      "a,b,a\n1,2,3\n",
      "/x.csv:1: expected a name of its own for every column, found a as columns 1 and 3. Hint: rename one of them",
    ],
    [
      "a column without a name",
      "a,,c\n1,2,3\n",
      "/x.csv:1: expected a name for every column, found none for column 2. Hint: name the column, or write the file without its row numbers",
    ],
    ["a header with an open quote", '"a,b\n1,2\n', "/x.csv: expected a header whose quotes close, found an open quote"],
    [
      "an open quote",
      'a,b\n1,2\n"x,3\n4,5\n',
      '/x.csv:3: expected quotes around whole values, found "\\"x,3". Hint: write a quote within a quoted value twice ("")',
    ],
    [
      "a quote within a quoted value",
      'a,b\n"x" y,2\n',
      '/x.csv:2: expected quotes around whole values, found "\\"x\\" y,2"',
    ],
    [
      "other encodings than UTF-8",
      Buffer.from("a,b\nx,1\ncaf\xe9,2\n", "latin1"),
      "/x.csv:3: expected UTF-8 text, found other bytes. Hint: save the file as UTF-8",
    ],
    [
      "UTF-16",
      Buffer.from("\ufeffa,b\nx,1\n", "utf16le"),
      "/x.csv: expected UTF-8 text, found UTF-16. Hint: save the file as UTF-8",
    ],
    [
      "mixed line ends",
      "a,b\r\n1,2\n3,4\r\n",
      "/x.csv: expected CSV rows that all end the same way, found a mix. Hint: make all line ends \\n or all \\r\\n",
    ],
    ["a line beyond all measure", `a,b\n${"x".repeat(3_000_000)},1\n`, "/x.csv:2: expected CSV rows, found"],
  ])("refuses %s", async (_, bytes, message) => {
    const found = await problem("x.csv", bytes);
    expect(found).toContain(`DataError: ${message}`);
    expect(found.length).toBeLessThan(300);
    expect(found).not.toContain("\n");
  });

  it("refuses gzip that is cut short, which DuckDB would read as far as it goes", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i * i},${i}\n`);
    const bytes = gzipSync(`a,b\n${rows.join("")}`);
    expect(await problem("x.csv.gz", bytes.subarray(0, bytes.length - 1000))).toBe(
      "DataError: /x.csv.gz: expected a whole gzip file, found unexpected end of file. Hint: the file is damaged or cut short: fetch it again",
    );
  });
});

describeWithShared("UCI Adult", (shared) => {
  it("is read with its missing values", { timeout: 30_000 }, async () => {
    const table = await readTable(shared("tabular/adult_train.csv.gz"));
    expect(table.rows).toBe(32561);
    expect(table.columns.filter(({ type }) => type === "number")).toHaveLength(6);
    const workclass = table.columns[1]!;
    expect(workclass.type === "text" && workclass.codes.filter((code) => code < 0).length).toBe(1836);
  });
});
