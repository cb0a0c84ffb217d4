/** Rows as vectors, for methods that take numbers. @module */
import type { Row, Schema } from "./schema.ts";

/** Texts of a column that have a place in the vectors at most; rarer ones are zeros. */
const mostPlaces = 200;

/** Numbers in the vector of a row. */
export function vectorLength({ features }: Schema): number {
  return features.reduce(
    (sum, feature) => sum + (feature.kind === "text" ? Math.min(mostPlaces, feature.categories.length) : 1),
    0,
  );
}

/** The most frequent texts of a column, in the order of the alphabet. */
function frequentTexts(rows: readonly Row[], column: number): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const text = row[column];
    if (typeof text === "string") counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const byCount = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return byCount
    .slice(0, mostPlaces)
    .map(([text]) => text)
    .sort();
}

/**
 * What turns rows into vectors: a number standardised by the training rows, 0 where it is missing; of a text, a 1 at its place and a 0
 * at those of the others.
 */
export function rowEncoder({ features }: Schema, rows: readonly Row[]): (row: Row) => number[] {
  const parts = features.map((feature, i) => {
    if (feature.kind === "text") {
      const texts = feature.categories.length > mostPlaces ? frequentTexts(rows, i) : feature.categories;
      return (row: Row) => texts.map((text) => (row[i] === text ? 1 : 0));
    }
    const values = rows.map((row) => row[i]).filter((value): value is number => typeof value === "number");
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
    const deviation = Math.sqrt(variance) || 1;
    return (row: Row) => [typeof row[i] === "number" ? (row[i] - mean) / deviation : 0];
  });
  return (row) => parts.flatMap((part) => part(row));
}
