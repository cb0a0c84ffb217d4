/** Dictionaries from text files: a pair of words a line, apart by a tab, or by the only space. @module */
import { DataError } from "../../core/index.ts";
import { readDataFile } from "../../data/index.ts";
import { normalizeWord } from "./vocabulary.ts";

/** One line of a dictionary, words as vocabularies have them. */
export type WordPair = readonly [source: string, target: string];

/**
 * Reads a dictionary, gzip or not: `source<tab>target`, or `source target` where neither has a space in it. Empty lines are passed over.
 *
 * @throws {DataError} with the line's number where a line has one field, or more words than can be told apart
 */
export async function readDictionary(path: string, keepCase = false): Promise<WordPair[]> {
  const { bytes } = await readDataFile(path);
  const text = new TextDecoder().decode(bytes);
  const pairs: WordPair[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    if (/[\0\ufffd]/.test(line)) {
      const hint = "iconv -t utf-8 makes it so";
      throw new DataError({ where: `${path}: line ${index + 1}`, expected: "UTF-8 text", found: "other bytes", hint });
    }
    const fields = (line.includes("\t") ? line.split("\t") : line.trim().split(/ +/))
      .map((field) => field.trim())
      .filter((field) => field !== "");
    const [source, target] = fields;
    if (source === undefined || target === undefined || fields.length > 2) {
      throw new DataError({
        where: `${path}: line ${index + 1}`,
        expected: "two words, apart by a tab or by one space",
        found: `${fields.length} ${fields.length === 1 ? "field" : "fields"}: "${line.trim().slice(0, 60)}"`,
        ...(fields.length > 2 && { hint: "write a tab between the two sides where one has several words" }),
      });
    }
    pairs.push([normalizeWord(source, keepCase), normalizeWord(target, keepCase)]);
  }
  if (pairs.length === 0) throw new DataError({ where: path, expected: "pairs of words", found: "none" });
  return pairs;
}
