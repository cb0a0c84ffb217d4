import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/index.ts";
import {
  appendIds,
  assignIds,
  idOf,
  type KeptPrefixes,
  type LevelDecoder,
  leafCounts,
  leaveOneOut,
  metricsOf,
  packExamples,
  packHistories,
  searchBeams,
  searchExactly,
  searchFreely,
  TextEmbedding,
  Trie,
} from "../../src/systems/generative-retrieval/index.ts";

const codebookSize = 4;
const quantised = (count: number, seed: number) => {
  const random = new Random(seed, "test");
  return Int32Array.from({ length: count * 2 }, () => random.integer(codebookSize));
};

describe("semantic IDs", () => {
  test("no two items share one, and those there are keep theirs when more come", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 15 }), fc.integer(), (n, more, seed) => {
        const ids = assignIds(quantised(n, seed), 2, 64);
        const grown = appendIds(ids, quantised(more, seed + 1));
        const names = Array.from({ length: grown.count }, (_, item) => idOf(grown, item).join());
        expect(new Set(names).size).toBe(n + more);
        expect(Array.from(grown.codes.subarray(0, ids.codes.length))).toEqual(Array.from(ids.codes));
      }),
    );
  });

  test("more items of the same codes than a level has numbers are told", () => {
    expect(() => assignIds(new Int32Array(2 * 5), 2, codebookSize)).toThrow("at most 4 items of the same codes");
  });
});

describe("the trie", () => {
  test("finds every item by its ID, and no other prefix", () => {
    const ids = assignIds(quantised(40, 1), 2, 64);
    const trie = new Trie(ids);
    for (let item = 0; item < ids.count; item++) expect(trie.items[trie.find(idOf(ids, item)) ?? -1]).toBe(item);
    expect(trie.find([0, 0, 63])).toBeUndefined();
    expect(trie.find([])).toBe(0);
  });
});

/** A model that gives every code a fixed log-probability by its prefix. */
function fakeDecoder(seed: number, size: number): LevelDecoder {
  const distribution = (prefix: readonly number[]) => {
    const random = new Random(seed, "codes", ...prefix);
    const logits = Array.from({ length: size }, () => 3 * random.normal());
    const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
    return logits.map((value) => value - total);
  };
  return {
    levels: 3,
    codebookSize: size,
    maxBeams: Number.POSITIVE_INFINITY,
    async begin(histories) {
      let prefixes: number[][] = histories.map((history) => [history[0] * -1 - 1]);
      const all = () => Float32Array.from(prefixes.flatMap(distribution));
      return {
        first: async () => all(),
        next: async ({ parents, codes }) => {
          prefixes = Array.from(parents, (parent, row) => [...prefixes[parent], codes[row]]);
          return all();
        },
      };
    },
    dispose: async () => {},
  };
}

describe("searches", () => {
  const ids = assignIds(quantised(40, 2), 2, 64);
  const trie = new Trie(ids);
  const decoder = fakeDecoder(3, 64);
  const everything = leafCounts(trie, () => true);
  const histories = [Int32Array.of(1), Int32Array.of(7, 8)];
  const queries = histories.map((history) => ({ history, allowed: everything }));

  test("as wide as the catalogue, a beam is exact scoring, and exact scoring is sorted", async () => {
    const wide = await searchBeams(decoder, trie, queries, { beamSize: 40 });
    const exact = await searchExactly(decoder, trie, queries, 10, 10);
    for (const [i, list] of wide.entries()) {
      expect(new Set(list.map(({ item }) => item)).size).toBe(40);
      expect(exact[i]).toEqual(list.slice(0, 10));
    }
  });

  test("an observer is told what is kept of each history at each level, and changes nothing", async () => {
    const plain = await searchBeams(decoder, trie, queries, { beamSize: 5 });
    const levels: KeptPrefixes[] = [];
    const watched = await searchBeams(decoder, trie, queries, { beamSize: 5, observe: (level) => levels.push(level) });
    expect(watched).toEqual(plain);
    expect(levels.map(({ query, depth }) => [query, depth])).toEqual(
      [1, 2, 3].flatMap((d) => [
        [0, d],
        [1, d],
      ]),
    );
    for (const query of [0, 1]) {
      const own = levels.filter((level) => level.query === query);
      let before = [""];
      for (const { depth, considered, kept } of own) {
        const all = new Set(Array.from({ length: ids.count }, (_, item) => idOf(ids, item).subarray(0, depth).join()));
        const open = [...all].filter((prefix) => before.includes(prefix.split(",").slice(0, -1).join()));
        const prefixes = kept.map(({ prefix }) => prefix.join());
        expect(considered).toBe(open.length);
        expect(prefixes).toHaveLength(Math.min(5, open.length));
        expect(prefixes.every((prefix) => open.includes(prefix))).toBe(true);
        expect(kept.map(({ score }) => score)).toEqual(kept.map(({ score }) => score).sort((a, b) => b - a));
        before = prefixes;
      }
      // What is kept last is what is found.
      const found = plain[query]?.map(({ item, score }) => ({ prefix: idOf(ids, item).join(), score }));
      expect(own.at(-1)?.kept.map(({ prefix, score }) => ({ prefix: prefix.join(), score }))).toEqual(found);
    }
  });

  test("finds what is allowed and not excluded, all of it, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(Array.from({ length: 40 }, (_, i) => i)), fc.integer(), async (some, seed) => {
        const random = new Random(seed, "exclude");
        const exclude = some.filter(() => random.uniform() < 0.3);
        const allowed = leafCounts(trie, (item) => some.includes(item));
        const [found] = await searchBeams(decoder, trie, [{ history: Int32Array.of(1), allowed, exclude }], {
          beamSize: 40,
        });
        const wanted = some.filter((item) => !exclude.includes(item));
        expect(found.map(({ item }) => item).sort((a, b) => a - b)).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });

  test("drawing follows the model's probabilities among what is allowed", async () => {
    const two = [3, 17];
    const allowed = leafCounts(trie, (item) => two.includes(item));
    const query = { history: Int32Array.of(1), allowed };
    const random = new Random(1, "draw");
    const draws = Array.from({ length: 600 }, () => query);
    const sample = { temperature: 1, random };
    const lists = await searchBeams(decoder, trie, draws, { beamSize: 2, sample });
    const first = lists.filter(([{ item }]) => item === 3).length / draws.length;
    // Of two items the chance of the first follows from the level where they part, given that one of them is drawn.
    const at = idOf(ids, 3).findIndex((code, level) => code !== idOf(ids, 17)[level]);
    const decoding = await decoder.begin([query.history], ids);
    let logProbabilities = await decoding.first();
    for (let level = 0; level < at; level++) {
      const codes = idOf(ids, 3).subarray(level, level + 1);
      logProbabilities = await decoding.next({ users: Int32Array.of(0), parents: Int32Array.of(0), codes });
    }
    const difference = logProbabilities[idOf(ids, 3)[at]] - logProbabilities[idOf(ids, 17)[at]];
    const chance = 1 / (1 + Math.exp(-difference));
    expect(Math.abs(first - chance)).toBeLessThan(4 * Math.sqrt((chance * (1 - chance)) / draws.length) + 0.01);
  });

  test("without the trie, IDs that are no item's are counted", async () => {
    const { ids: looked, invalid, items } = await searchFreely(decoder, trie, queries, 20, 10);
    expect(looked).toBe(20);
    expect(items.flat()).toHaveLength(looked - invalid);
    expect(invalid).toBeGreaterThan(0);
  });
});

test("packing keeps every step from an item to the next exactly once", () => {
  const sequence = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 25 });
  fc.assert(
    fc.property(fc.array(sequence, { maxLength: 12 }), (lists) => {
      const sequences = lists.map((list) => Int32Array.from(list));
      const table = { codes: Int32Array.from({ length: 10 }, (_, i) => i), width: 1 };
      const { inputs, targets, count } = packExamples(sequences, 6, table);
      const pairs: string[] = [];
      for (let at = 0; at < targets.data.length; at++) {
        if (targets.data[at] >= 0) pairs.push(`${inputs.data[4 * at + 2]} ${targets.data[at]}`);
      }
      const wanted = lists.flatMap((list) => list.slice(1).map((item, i) => `${list[i]} ${item}`));
      expect(pairs.sort()).toEqual(wanted.sort());
      expect(count).toBe(wanted.length);
      const histories = sequences.filter(({ length }) => length > 0);
      const packed = packHistories(histories, 6, table);
      expect(Array.from(packed.last, (place) => packed.inputs.data[3 * place + 2])).toEqual(
        histories.map((history) => history.at(-1)),
      );
    }),
  );
});

test("leaving one out: no target is trained on, and short users are only trained on", () => {
  const interactions = {
    users: ["a", "b", "c"],
    offsets: Int32Array.of(0, 4, 6, 6),
    items: Int32Array.of(1, 2, 3, 4, 5, 6),
  };
  const { train, validation, test: tested } = leaveOneOut(interactions);
  expect(train.map((items) => Array.from(items))).toEqual([[1, 2], [5, 6], []]);
  expect(validation.histories.map((items) => Array.from(items))).toEqual([[1, 2]]);
  expect(Array.from(validation.targets)).toEqual([3]);
  expect(tested.histories.map((items) => Array.from(items))).toEqual([[1, 2, 3]]);
  expect(Array.from(tested.targets)).toEqual([4]);
});

test("metrics by hand", () => {
  const found = metricsOf(Int32Array.of(0, 3, 7, -1));
  expect(found["recall@5"]).toBe(0.5);
  expect(found["recall@10"]).toBe(0.75);
  expect(found["ndcg@10"]).toBeCloseTo((1 + 1 / Math.log2(5) + 1 / Math.log2(9)) / 4, 12);
});

test("texts of the same words are alike, others are not", () => {
  const texts = ["red shoe leather", "red shoe cotton", "blue hat wool", "blue hat silk", "green bag wool silk"];
  const embedding = TextEmbedding.fit(texts, 4, 0);
  const { data, dim } = embedding.embed([texts[0], texts[1], texts[2], ""]);
  const cosine = (i: number, j: number) => {
    const [a, b] = [i, j].map((row) => data.subarray(row * dim, (row + 1) * dim));
    return a.reduce((sum, value, k) => sum + value * b[k], 0) / (Math.hypot(...a) * Math.hypot(...b));
  };
  expect(cosine(0, 1)).toBeGreaterThan(0.9);
  expect(Math.abs(cosine(0, 2))).toBeLessThan(0.2);
  expect(Math.hypot(...data.subarray(3 * dim))).toBe(0);
});
