/** Rows as vectors, for methods that take numbers. @module */
import type { Row, Schema } from "./schema.ts";

/**
 * What turns rows into vectors: a number standardised by the training rows, 0 where it is missing; of a text, a 1 for its category and a 0
 * for each other.
 */
export function rowEncoder({ features }: Schema, rows: readonly Row[]): (row: Row) => number[] {
  const parts = features.map((feature, i) => {
    if (feature.kind === "text") {
      return (row: Row) => feature.categories.map((category) => (row[i] === category ? 1 : 0));
    }
    const values = rows.map((row) => row[i]).filter((value): value is number => typeof value === "number");
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
    const deviation = Math.sqrt(variance) || 1;
    return (row: Row) => [typeof row[i] === "number" ? (row[i] - mean) / deviation : 0];
  });
  return (row) => parts.flatMap((part) => part(row));
}
