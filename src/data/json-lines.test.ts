import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { content, tableFolder } from "../../test/tables.ts";

const { read, problem } = tableFolder();

describe("JSON lines", () => {
  it("reads numbers and texts in the order of keys; a key that is not there is missing", async () => {
    const text = '{"a":1,"b":"x","A":true}\n\n{"b":" y ","a":null,"c":"2020-01-01"}\r\n{"a":"NA","b":5}';
    for (const [name, bytes] of [
      ["a.jsonl", text],
      ["a.ndjson.gz", gzipSync(text)],
    ] as const) {
      const table = await read(name, bytes);
      expect(table.rows).toBe(3);
      expect(content(table)).toEqual({
        a: [1, null, null],
        b: ["x", "y", "5"],
        A: ["true", null, null],
        c: [null, "2020-01-01", null],
      });
    }
  });

  it.each([
    [
      "broken JSON",
      '{"a":1}\n\n{"a":2,\n',
      "/x.jsonl:3: expected a JSON object, found Expected double-quoted property name",
    ],
    ["a line that is no object", '{"a":1}\n[1]\n', "/x.jsonl:2: expected a JSON object, found [1]"],
    ["nested values", '{"a":1}\n{"a":{"b":1}}\n', '/x.jsonl:2, key a: expected a number or a text, found {"b":1}'],
    ["an empty file", "\n", "/x.jsonl: expected at least one row of values, found none"],
  ])("refuses %s", async (_, text, message) => {
    expect(await problem("x.jsonl", text)).toContain(`DataError: ${message}`);
  });
});
