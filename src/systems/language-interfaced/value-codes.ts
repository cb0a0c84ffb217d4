/** Texts of a column as short codes, for models that know no words. @module */
import { max } from "simple-statistics";

/** Characters with a meaning in templates. */
const reserved = /[^A-Za-z0-9.+-]/g;

/**
 * A code for each text, all of one length: the shortest beginnings that tell the texts apart, or numbers where beginnings do not.
 *
 * @param texts - distinct
 */
export function shortCodes(texts: readonly string[]): string[] {
  const clean = texts.map((text) => text.replace(reserved, ""));
  const longest = max([1, ...clean.map((text) => text.length)]);
  for (let length = 1; length <= Math.min(4, longest); length++) {
    const cut = clean.map((text) => text.slice(0, length).padEnd(length, "~"));
    if (new Set(cut).size === texts.length && !cut.some((code) => /^~+$/.test(code))) return cut;
  }
  const width = String(texts.length - 1).length;
  return texts.map((_, i) => String(i).padStart(width, "0"));
}
