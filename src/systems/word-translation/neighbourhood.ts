/** What lies around a word: its neighbours in both languages, and a picture of them. @module */
import { svd } from "../../linalg/index.ts";
import type { FoundTranslation } from "./lookup.ts";
import type { TranslationRun } from "./run-folder.ts";

/** Which of the two languages. */
export type Side = "source" | "target";

/** A word in the picture. */
export interface PlacedWord {
  readonly word: string;
  readonly side: Side;
  readonly role: "itself" | "translation" | "neighbour";
  /** Along the first and the second principal direction of what is shown, in units of the common space. */
  readonly x: number;
  readonly y: number;
}

/** What lies around a word in the common space. */
export interface Neighbourhood {
  /** The nearest words of its own language, by cosine, itself left out. */
  readonly own: readonly FoundTranslation[];
  /** The nearest words of the other language, by cosine alone: without what keeps hubs down in translations. */
  readonly other: readonly FoundTranslation[];
  /** The word, its translations and its own neighbours. */
  readonly picture: readonly PlacedWord[];
  /** Share of the variance of what is shown that its two directions have, in [0, 1]. */
  readonly explained: number;
}

/** The positions of the `count` largest numbers, largest first, without the position `except`. */
function largest(values: Float64Array, count: number, except: number): number[] {
  const kept: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (i === except || (kept.length === count && values[i] <= values[kept[count - 1]])) continue;
    let at = kept.length;
    while (at > 0 && values[i] > values[kept[at - 1]]) at--;
    kept.splice(at, 0, i);
    kept.length = Math.min(kept.length, count);
  }
  return kept;
}

/** Coordinates of rows [n, dim] along their first two principal directions, and the share of variance that these have. */
function principalPlane(rows: readonly Float32Array[]): { places: [number, number][]; explained: number } {
  const [{ length: dim }] = rows;
  const mean = Float64Array.from({ length: dim }, (_, j) => rows.reduce((sum, row) => sum + row[j] / rows.length, 0));
  const centred = Float64Array.from({ length: rows.length * dim }, (_, i) => {
    const column = i % dim;
    return rows[Math.floor(i / dim)][column] - mean[column];
  });
  const { u, s } = svd(centred, rows.length, dim);
  const rank = s.length;
  const total = s.reduce((sum, value) => sum + value ** 2, 0);
  const along = (row: number, direction: number) => (direction < rank ? u[row * rank + direction] * s[direction] : 0);
  return {
    places: rows.map((_, row) => [along(row, 0), along(row, 1)]),
    explained: total === 0 ? 1 : (s[0] ** 2 + (s[1] ?? 0) ** 2) / total,
  };
}

/**
 * The nearest words of a word in both languages, and a plane on which it, its translations and its own neighbours lie.
 *
 * @param side - the language of the word
 * @param word - as the vocabulary has it
 * @param k - neighbours and translations, at least 1; of translations at most as many as the run keeps
 * @returns undefined where the language has no such word
 */
export function neighbourhood(run: TranslationRun, side: Side, word: string, k: number): Neighbourhood | undefined {
  const place = run[side].indexOf(word);
  if (place < 0) return undefined;
  const otherSide: Side = side === "source" ? "target" : "source";
  const vectorOf = (of: Side, at: number): Float32Array => {
    const { data, shape } = run.vectors[of];
    return (data as Float32Array).subarray(at * shape[1], (at + 1) * shape[1]);
  };
  const own = vectorOf(side, place);
  const nearestOf = (of: Side) => {
    const cosines = Float64Array.from({ length: run[of].length }, (_, at) => {
      const vector = vectorOf(of, at);
      let product = 0;
      for (let j = 0; j < own.length; j++) product += own[j] * vector[j];
      return product;
    });
    const places = largest(cosines, k, of === side ? place : -1);
    return { places, list: places.map((at) => ({ word: run[of][at], score: cosines[at] })) };
  };
  const [ownNearest, otherNearest] = [nearestOf(side), nearestOf(otherSide)];
  const { k: kept, indices } = run.best[side];
  const translations = Array.from(indices.subarray(place * kept, place * kept + Math.min(k, kept)));
  const shown = [
    { at: place, side, role: "itself" as const },
    ...translations.map((at) => ({ at, side: otherSide, role: "translation" as const })),
    ...ownNearest.places.map((at) => ({ at, side, role: "neighbour" as const })),
  ];
  const { places, explained } = principalPlane(shown.map(({ at, side: of }) => vectorOf(of, at)));
  return {
    own: ownNearest.list,
    other: otherNearest.list,
    picture: shown.map(({ at, side: of, role }, i) => {
      const [x, y] = places[i];
      return { word: run[of][at], side: of, role, x, y };
    }),
    explained,
  };
}
