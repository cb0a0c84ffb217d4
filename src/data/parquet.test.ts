import { describe, expect, it } from "vitest";
import { content, tableFolder } from "../../test/tables.ts";
import { sqlText, withDuckDB } from "./duckdb.ts";
import { readTable } from "./read-table.ts";

const { path: pathOf, problem } = tableFolder();

describe("Parquet", () => {
  const write = (path: string, select: string) =>
    withDuckDB((connection) => connection.run(`COPY (${select}) TO ${sqlText(path)}`));

  it("reads numbers of every type as doubles, and all other plain values as texts", async () => {
    const path = pathOf("a.parquet");
    await write(
      path,
      `SELECT 1::BIGINT AS a, 2.50::DECIMAL(9,2) AS "b b", 'NaN'::FLOAT AS c, true AS d, DATE '2020-02-01' AS e, '?' AS f
       UNION ALL SELECT NULL, -1, 3, NULL, NULL, '12'`,
    );
    expect(content(await readTable(path))).toEqual({
      a: [1, null],
      "b b": [2.5, -1],
      c: [null, 3],
      d: ["true", null],
      e: ["2020-02-01", null],
      f: [null, "12"],
    });
  });

  it("refuses nested columns, files without rows and other files", async () => {
    const path = pathOf("n.parquet");
    await write(path, "SELECT 1 AS a, [1, 2] AS b");
    await expect(readTable(path)).rejects.toThrow(
      `${path}: column b: expected numbers or texts, found INTEGER[]. Hint: write the file without this column`,
    );
    await write(path, "SELECT 1 AS a WHERE false");
    await expect(readTable(path)).rejects.toThrow(`${path}: expected at least one row of values, found none`);
    expect(await problem("x.parquet", "PAR1 not really")).toBe(
      `DataError: /x.parquet: expected a Parquet file, found No magic bytes found at end of file '/x.parquet'`,
    );
    await expect(readTable(pathOf("none.parquet"))).rejects.toThrow("expected a readable file, found nothing there");
  });
});
