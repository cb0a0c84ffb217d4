/** Recommenders that only count. @module */
import { type Recommender, scoreRecommender } from "../recommender.ts";
import { countItems } from "../split.ts";

/** Weight of an item of the history beside the one after it. */
const recency = 0.5;
/** Items of the history that count. */
const recent = 20;

/** Where each item occurs in sequences: a list of sequence and position an item. */
function occurrences(sequences: readonly Int32Array[], items: number): [sequence: number, position: number][][] {
  const lists: [number, number][][] = Array.from({ length: items }, () => []);
  for (const [s, sequence] of sequences.entries()) {
    for (const [position, item] of sequence.entries()) lists[item].push([s, position]);
  }
  return lists;
}

/** Each of the latest items of a history, the last first, with its weight: 1 for the last, half of that for the one before, and so on. */
export function* weighed(history: Int32Array): Generator<[item: number, weight: number]> {
  let weight = 1;
  for (let i = history.length - 1; i >= Math.max(0, history.length - recent); i--) {
    yield [history[i], weight];
    weight *= recency;
  }
}

/** The same for everybody: what most interacted with. */
export function popularity(train: readonly Int32Array[], items: number): Recommender {
  const counts = countItems(train, items);
  return scoreRecommender("popularity", items, (_, scores) => scores.set(counts));
}

/**
 * Items that the same users had, by cosine, the later items of the history the more.
 *
 * @remarks Source: Deshpande and Karypis (2004), with the weights of Jannach and Ludewig (2017), who find neighbours hard to beat.
 */
export function itemKnn(train: readonly Int32Array[], items: number): Recommender {
  const counts = countItems(train, items);
  const found = occurrences(train, items);
  return scoreRecommender("item-knn", items, (history, scores) => {
    for (const [item, weight] of weighed(history)) {
      for (const [sequence] of found[item]) {
        for (const other of train[sequence]) {
          if (other !== item) scores[other] += weight / Math.sqrt(counts[item] * counts[other]);
        }
      }
    }
  });
}

/** What coming after an item counts beside being had by the same user. */
const direction = 2;

/** As {@link itemKnn}, where items that users had after an item count three times as much as those before it. */
export function directedKnn(train: readonly Int32Array[], items: number): Recommender {
  const counts = countItems(train, items);
  const found = occurrences(train, items);
  return scoreRecommender("directed-knn", items, (history, scores) => {
    for (const [item, weight] of weighed(history)) {
      for (const [sequence, position] of found[item]) {
        for (const [at, other] of train[sequence].entries()) {
          if (other === item) continue;
          const factor = at > position ? 1 + direction : 1;
          scores[other] += (factor * weight) / Math.sqrt(counts[item] * counts[other]);
        }
      }
    }
  });
}

/** Items after an item that count for a transition. */
const window = 5;

/** What came after the last item of the history: the n-th after it counts 1/n. */
export function markov(train: readonly Int32Array[], items: number): Recommender {
  const found = occurrences(train, items);
  return scoreRecommender("markov", items, (history, scores) => {
    const last = history.at(-1);
    if (last === undefined) return;
    for (const [sequence, position] of found[last]) {
      for (const [n, next] of train[sequence].subarray(position + 1, position + 1 + window).entries()) {
        scores[next] += 1 / (n + 1);
      }
    }
  });
}
