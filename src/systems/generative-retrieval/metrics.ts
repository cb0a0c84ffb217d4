/** How good recommendations are, with how sure that is. @module */
import { Random } from "../../core/index.ts";
import { bootstrapInterval } from "../../linalg/index.ts";

/** Means over users, and their 95% intervals. */
export interface Metrics {
  readonly "recall@5": number;
  readonly "recall@10": number;
  readonly "ndcg@5": number;
  readonly "ndcg@10": number;
  /** 95% intervals over users: mean ± 1.96 standard errors. */
  readonly ci: Readonly<Record<"recall@5" | "recall@10" | "ndcg@5" | "ndcg@10", readonly [low: number, high: number]>>;
}

/** The place of each target in its list, from 0; -1 where it is not there. */
export function placesOf(lists: readonly ArrayLike<number>[], targets: Int32Array): Int32Array {
  return Int32Array.from(targets, (target, user) => Array.prototype.indexOf.call(lists[user], target));
}

const recall = (k: number) => (place: number) => Number(place >= 0 && place < k);
const ndcg = (k: number) => (place: number) => (place >= 0 && place < k ? 1 / Math.log2(place + 2) : 0);

/** The metrics of a table's row: there is one target a user, so that recall is the hit rate. */
export function metricsOf(places: Int32Array): Metrics {
  const measures = { "recall@5": recall(5), "recall@10": recall(10), "ndcg@5": ndcg(5), "ndcg@10": ndcg(10) } as const;
  const entries = Object.entries(measures).map(([name, measure]) => {
    const values = Array.from(places, measure);
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
    const half = 1.96 * Math.sqrt(variance / Math.max(1, values.length));
    return [name, { mean, ci: [Math.max(0, mean - half), mean + half] as const }] as const;
  });
  const found = Object.fromEntries(entries);
  const pick = <T>(of: (value: { mean: number; ci: readonly [number, number] }) => T) =>
    Object.fromEntries(Object.entries(found).map(([name, value]) => [name, of(value)]));
  return { ...pick(({ mean }) => mean), ci: pick(({ ci }) => ci) } as unknown as Metrics;
}

/** NDCG@10, what training selects by. */
export function meanNdcg10(places: Int32Array): number {
  return places.reduce((sum, place) => sum + ndcg(10)(place), 0) / Math.max(1, places.length);
}

/** Recall@10 of one less that of another on the same users, with the 95% interval of the paired bootstrap. */
export function recallGain(a: Int32Array, b: Int32Array, seed: number): { gain: number; interval: [number, number] } {
  const differences = Array.from(a, (place, user) => recall(10)(place) - recall(10)(b[user]));
  const mean = (users: readonly number[]) => users.reduce((sum, user) => sum + differences[user], 0) / users.length;
  const random = new Random(seed, "recommend", "bootstrap");
  const gain = mean(differences.map((_, user) => user));
  return { gain, interval: bootstrapInterval(a.length, random, mean, 200) };
}

/** How many different items are among the lists, as a share of the catalogue. */
export function coverage(lists: readonly ArrayLike<number>[], items: number): number {
  return new Set(lists.flatMap((list) => Array.from(list))).size / items;
}

/** Entropy of a property over lists, in bits: how mixed what one user sees is, on average. */
export function meanEntropy(lists: readonly ArrayLike<number>[], property: (item: number) => string): number {
  const entropies = lists.map((list) => {
    const counts = new Map<string, number>();
    for (const item of Array.from(list)) counts.set(property(item), (counts.get(property(item)) ?? 0) + 1);
    return [...counts.values()].reduce((sum, n) => sum - (n / list.length) * Math.log2(n / list.length), 0);
  });
  return entropies.reduce((sum, value) => sum + value, 0) / Math.max(1, lists.length);
}
