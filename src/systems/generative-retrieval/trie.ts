/** The catalogue as a tree of semantic IDs, in flat arrays. @module */
import type { SemanticIds } from "./semantic-ids.ts";

/** The nodes of one depth, in the order of their prefixes. */
interface Depth {
  /** int32[nodes]: the last code of each prefix. */
  readonly codes: Int32Array;
  /** int32[nodes + 1]: where each node's children begin, at the next depth. */
  readonly children: Int32Array;
  /** int32[nodes + 1]: where the leaves below each node begin. */
  readonly leaves: Int32Array;
}

/**
 * Which items there are below every prefix. Nodes of a depth are numbered in the order of their prefixes, so that the children of a
 * node and the leaves below it are ranges: a subset of the catalogue is one array of counts, whatever the depth.
 *
 * @remarks Source: the compressed rows of Su et al. (2026), "Vectorizing the trie", arXiv 2602.22647. Never changed: a catalogue that
 * grows has a new one.
 */
export class Trie {
  /** depth 0 is the root. */
  readonly depths: readonly Depth[];
  /** int32[items]: the item at each leaf. */
  readonly items: Int32Array;
  /** int32[items]: the leaf of each item. */
  readonly leafOf: Int32Array;
  /** What it was made of. */
  readonly ids: SemanticIds;

  /** @param ids - no two the same */
  constructor(ids: SemanticIds) {
    const { codes, count, levels } = ids;
    this.ids = ids;
    const order = Int32Array.from({ length: count }, (_, item) => item).sort((a, b) => {
      for (let level = 0; level < levels; level++) {
        const difference = codes[a * levels + level] - codes[b * levels + level];
        if (difference !== 0) return difference;
      }
      return 0;
    });
    this.items = order;
    this.leafOf = new Int32Array(count);
    for (const [leaf, item] of order.entries()) this.leafOf[item] = leaf;

    const starts: number[][] = [[0]];
    for (let level = 0; level < levels; level++) starts.push([]);
    for (let leaf = 0; leaf < count; leaf++) {
      let fresh = leaf === 0;
      for (let level = 0; level < levels; level++) {
        fresh ||= codes[order[leaf] * levels + level] !== codes[order[leaf - 1] * levels + level];
        if (fresh) starts[level + 1].push(leaf);
      }
    }
    this.depths = starts.map((leaves, depth) => {
      const below = starts[depth + 1] ?? [];
      const children = new Int32Array(leaves.length + 1).fill(below.length);
      let child = 0;
      for (const [node, leaf] of leaves.entries()) {
        while (child < below.length && below[child] < leaf) child++;
        children[node] = child;
      }
      return {
        codes: Int32Array.from(leaves, (leaf) => (depth === 0 ? -1 : codes[order[leaf] * levels + depth - 1])),
        children,
        leaves: Int32Array.of(...leaves, count),
      };
    });
  }

  /** The node of a prefix at its depth, or undefined where no item has it. */
  find(prefix: ArrayLike<number>): number | undefined {
    let node = 0;
    for (let depth = 0; depth < prefix.length; depth++) {
      const { children } = this.depths[depth];
      const { codes } = this.depths[depth + 1];
      let child = children[node];
      while (child < children[node + 1] && codes[child] < prefix[depth]) child++;
      if (child === children[node + 1] || codes[child] !== prefix[depth]) return undefined;
      node = child;
    }
    return node;
  }
}

/** A subset of the catalogue: how many of its leaves come before each leaf. */
export type LeafCounts = Int32Array;

/** The subset of items for which `allowed` says yes. */
export function leafCounts({ items }: Trie, allowed: (item: number) => boolean): LeafCounts {
  const counts = new Int32Array(items.length + 1);
  for (const [leaf, item] of items.entries()) counts[leaf + 1] = counts[leaf] + Number(allowed(item));
  return counts;
}

/** What a search may reach: a subset of the catalogue, less a few leaves (sorted, each in the subset). */
export interface Reach {
  readonly counts: LeafCounts;
  readonly without: Int32Array;
}

/** Leaves of `items` in the subset, sorted, each once: what {@link Reach} takes away. */
export function leavesWithin({ leafOf }: Trie, counts: LeafCounts, items: Iterable<number>): Int32Array {
  const leaves = new Set<number>();
  for (const item of items) {
    const leaf = leafOf[item];
    if (counts[leaf + 1] > counts[leaf]) leaves.add(leaf);
  }
  return Int32Array.from(leaves).sort();
}

/** Whether anything that may be reached lies in a range of leaves. */
export function reaches({ counts, without }: Reach, from: number, to: number): boolean {
  let left = counts[to] - counts[from];
  if (left === 0) return false;
  for (let i = 0; i < without.length && left > 0; i++) if (without[i] >= from && without[i] < to) left--;
  return left > 0;
}
