import { describe, expect, it } from "vitest";
import { isTablePath, readTable } from "./read-table.ts";

describe("readTable", () => {
  it("refuses a missing file, an unknown ending, and a delimiter of two characters", async () => {
    for (const path of ["none.csv", "none.tsv.gz", "none.jsonl", "none.parquet"]) {
      await expect(readTable(path)).rejects.toThrow(
        `${path}: expected a readable file, found nothing there. Hint: check the path`,
      );
    }
    await expect(readTable("a.xlsx")).rejects.toThrow(
      "a.xlsx: expected a table file (.csv, .tsv, .tab, .jsonl, .ndjson, each also .gz, or .parquet), found another ending",
    );
    await expect(readTable("a.csv", { delimiter: "::" })).rejects.toThrow(
      'delimiter: expected one character, found "::"',
    );
  });
});

it("knows table files by their endings", () => {
  for (const path of ["a.csv", "a.CSV.gz", "x/y.tsv", "a.tab", "a.jsonl", "a.ndjson", "a.parquet"]) {
    expect(isTablePath(path)).toBe(true);
  }
  for (const path of ["a.txt", "csv", "a.csv.zip", "a.constructor", "a.csv/b"]) expect(isTablePath(path)).toBe(false);
});
