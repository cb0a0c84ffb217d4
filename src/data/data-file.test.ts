import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../storage/index.ts";
import { combineHashes, linesOf, readDataFile } from "./data-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-data-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
}

describe("readDataFile", () => {
  const text = Buffer.from("hello ".repeat(1000));

  it("gives plain and gzip files' content, whatever their names, and the hash of what lies on disk", async () => {
    const gzipped = gzipSync(text);
    expect(await readDataFile(await put("plain.gz", text))).toEqual({ bytes: text, gzip: false, sha256: sha256(text) });
    expect(await readDataFile(await put("packed", gzipped))).toEqual({
      bytes: text,
      gzip: true,
      sha256: sha256(gzipped),
    });
    expect((await readDataFile(await put("empty", new Uint8Array()))).bytes).toHaveLength(0);
  });

  it("reads gzip files of several members", async () => {
    const path = await put("two.gz", Buffer.concat([gzipSync("a"), gzipSync("b")]));
    expect(String((await readDataFile(path)).bytes)).toBe("ab");
  });

  it("refuses gzip that is cut short or damaged", async () => {
    const packed = gzipSync(Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i) % 251)));
    const short = await put("short.gz", packed.subarray(0, packed.length - 20));
    const hint = "Hint: the file is damaged or cut short: fetch it again";
    await expect(readDataFile(short)).rejects.toThrow(
      `${short}: expected a whole gzip file, found unexpected end of file. ${hint}`,
    );
    const flipped = await put("flipped.gz", Buffer.from(packed).fill(0, 100, 110));
    await expect(readDataFile(flipped)).rejects.toThrow(`${flipped}: expected a whole gzip file, found`);
  });

  it("names a file that is not there", async () => {
    const path = join(folder, "none.csv");
    await expect(readDataFile(path)).rejects.toThrow(
      `${path}: expected a readable file, found nothing there. Hint: check the path`,
    );
    await expect(readDataFile(folder)).rejects.toThrow(`${folder}: expected a readable file, found a folder`);
  });
});

describe("linesOf", () => {
  it("splits text as if it came whole, wherever its chunks break", async () => {
    const texts = fc.array(fc.constantFrom("\n", "\r\n", "a", "ß", "🙂", "\u2028", " "), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 5 }), async (parts, size) => {
        const text = parts.join("");
        const bytes = new TextEncoder().encode(text);
        async function* chunks() {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        }
        const lines = [];
        for await (const batch of linesOf(chunks())) lines.push(...batch);
        expect(lines).toEqual(text.split("\n"));
      }),
    );
  });
});

describe("combineHashes", () => {
  it("is the hash itself for one file, and depends on order for several", () => {
    const [a, b] = [sha256("a"), sha256("b")];
    expect(combineHashes([a])).toBe(a);
    expect(combineHashes([a, b])).not.toBe(combineHashes([b, a]));
  });
});
