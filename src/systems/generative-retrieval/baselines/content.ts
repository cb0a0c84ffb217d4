/** What is written like the latest items of a history. @module */
import { type Rows, rowOf, unitRows } from "../../../linalg/index.ts";
import { ProductRecommender } from "../product-recommender.ts";
import { weighed } from "./counting.ts";

/** The weighted mean of the contents of a history's latest items, of weights 1, 1/2, 1/4 …. */
export function contentQuery(unit: Rows, history: Int32Array): Float32Array {
  const query = new Float32Array(unit.dim);
  for (const [item, weight] of weighed(history)) {
    const row = rowOf(unit, item);
    for (let j = 0; j < query.length; j++) query[j] += (weight * row[j]) / 2;
  }
  return query;
}

/** Items by the cosine of their content and that of the history. Dispose it to free the sessions. */
export function contentNeighbours(content: Rows): ProductRecommender {
  const unit = unitRows(content);
  return new ProductRecommender("content", unit, async (histories) => {
    const data = new Float32Array(histories.length * unit.dim);
    for (const [i, history] of histories.entries()) data.set(contentQuery(unit, history), i * unit.dim);
    return { data, count: histories.length, dim: unit.dim };
  });
}
