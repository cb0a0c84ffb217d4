/** Anything that ranks the catalogue for a history: ours and what it is compared with. @module */

import { setImmediate } from "node:timers/promises";
import { largest } from "../../linalg/index.ts";

/** Whom to recommend to: places of items in order of time, and the places of users for models that know them. */
export interface Histories {
  readonly histories: readonly Int32Array[];
  readonly users?: Int32Array;
}

/** A way to recommend. */
export interface Recommender {
  /** Its name in tables, such as `item-knn`. */
  readonly name: string;
  /**
   * The `k` best items after each history, best first.
   *
   * @param exclude - whether items of the history are left out
   */
  recommend(cases: Histories, k: number, exclude: boolean): Promise<Int32Array[]>;
}

/** Histories scored between two turns of the event loop. */
const turn = 256;

/**
 * A recommender from a score of every item.
 *
 * @param score - fills float64[items], which is zeros, for one history; items of score 0 are not recommended
 */
export function scoreRecommender(
  name: string,
  items: number,
  score: (history: Int32Array, scores: Float64Array) => void,
): Recommender {
  return {
    name,
    async recommend({ histories }, k, exclude) {
      const scores = new Float64Array(items);
      const lists: Int32Array[] = [];
      for (const [i, history] of histories.entries()) {
        if (i % turn === 0) await setImmediate();
        scores.fill(0);
        score(history, scores);
        if (exclude) for (const item of history) scores[item] = 0;
        for (let item = 0; item < items; item++) if (scores[item] === 0) scores[item] = Number.NEGATIVE_INFINITY;
        lists.push(largest(scores, k));
      }
      return lists;
    },
  };
}
