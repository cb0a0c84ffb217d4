/** Dictionaries in formats that others read. @module */
import type { TranslationRun } from "./run-folder.ts";
import { encodeWordVectors } from "./text-vectors.ts";

/** One translation of a word. */
export interface Translation {
  readonly source: string;
  readonly target: string;
  readonly score: number;
  /** From 1. */
  readonly rank: number;
  /** Whether each is the other's best. */
  readonly mutual: boolean;
}

export interface ListOptions {
  /** Translations a word. */
  readonly k: number;
  /** Only pairs that are each other's best. */
  readonly mutual: boolean;
}

/** The dictionary of a run, in order of the source words. */
export function listTranslations({ source, target, best }: TranslationRun, { k, mutual }: ListOptions): Translation[] {
  const list: Translation[] = [];
  source.forEach((word, i) => {
    for (let rank = 0; rank < Math.min(k, best.source.k); rank++) {
      const at = i * best.source.k + rank;
      const other = best.source.indices[at];
      const isMutual = rank === 0 && best.target.indices[other * best.target.k] === i;
      if (mutual && !isMutual) continue;
      const score = best.source.scores[at];
      list.push({ source: word, target: target[other], score, rank: rank + 1, mutual: isMutual });
    }
  });
  return list;
}

/** Tab-separated values with a header. */
export function encodeTsv(list: readonly Translation[]): string {
  const lines = list.map(({ source, target, score, rank, mutual }) =>
    [source, target, score.toFixed(4), rank, mutual ? 1 : 0].join("\t"),
  );
  return `source\ttarget\tscore\trank\tmutual\n${lines.join("\n")}\n`;
}

/** Pairs with a space between, as MUSE reads them; words with spaces in them are left out, since they could not be told apart. */
export function encodeMuse(list: readonly Translation[]): string {
  const pairs = list.filter(({ source, target, rank }) => rank === 1 && !/\s/.test(source) && !/\s/.test(target));
  return pairs.map(({ source, target }) => `${source} ${target}\n`).join("");
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeXml = (text: string) => text.replace(/[&<>"]/g, (character) => escapes[character]);

/** A TEI P5 dictionary: an entry a source word. */
export function encodeTei(list: readonly Translation[]): string {
  const entries = new Map<string, string[]>();
  for (const { source, target } of list) entries.set(source, [...(entries.get(source) ?? []), target]);
  const body = [...entries].map(([source, targets]) => {
    const quotes = targets.map((target) => `<cit type="translation"><quote>${escapeXml(target)}</quote></cit>`);
    return `      <entry><form><orth>${escapeXml(source)}</orth></form><sense>${quotes.join("")}</sense></entry>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0">
  <teiHeader><fileDesc>
    <titleStmt><title>Induced dictionary</title></titleStmt>
    <publicationStmt><p>Made by tenfold translate.</p></publicationStmt>
    <sourceDesc><p>Two embeddings aligned by machine; translations are not checked.</p></sourceDesc>
  </fileDesc></teiHeader>
  <text>
    <body>
${body.join("\n")}
    </body>
  </text>
</TEI>
`;
}

/** Both languages' vectors in the common space, as word2vec text. */
export function encodeMappedVectors({ source, target, vectors }: TranslationRun): { source: string; target: string } {
  const encode = (words: readonly string[], { data, shape }: TranslationRun["vectors"]["source"]) =>
    encodeWordVectors(words, data as Float32Array, shape[1]);
  return { source: encode(source, vectors.source), target: encode(target, vectors.target) };
}
