/** A small world to learn: items made of attributes, and users who go from item to item by them. @module */
import { Random } from "../../core/index.ts";
import type { Item } from "./catalogue.ts";
import type { Interactions } from "./interactions.ts";

/** Sizes of a {@link World}. */
export interface WorldOptions {
  readonly users: number;
  /** Attributes of each of three kinds: an item for each combination of the first two, and a few of the third. */
  readonly kinds: number;
  readonly styles: number;
  readonly itemsEach: number;
  readonly seed: number;
}

/** Items with texts, and who had them. */
export interface World {
  readonly items: readonly Item[];
  readonly interactions: Interactions;
  /** The kind of each item. */
  readonly kindOf: Int32Array;
}

/** A word of no language, for an attribute. */
function inventWord(random: Random): string {
  const syllable = () => "bdfgklmnprstvz"[random.integer(14)] + "aeiou"[random.integer(5)];
  return syllable() + syllable() + syllable();
}

/** Items a user has: from this many to twice as many less one. */
const shortest = 5;

/**
 * Makes a world. Kinds follow one another by a rule that differs from style to style, users keep to a style nearly always, and among the
 * items of a kind and style some are much more popular: what comes next follows from what an item is, not from its number.
 */
export function makeWorld({ users, kinds, styles, itemsEach, seed }: WorldOptions): World {
  const random = new Random(seed, "recommend", "world");
  const words = (count: number) => Array.from({ length: count }, () => inventWord(random));
  const [kindWords, styleWords] = [words(kinds), words(styles)];
  const decoration = words(24);
  const combinations = Array.from({ length: kinds * styles }, (_, i) => [Math.floor(i / styles), i % styles]);
  const made = combinations.flatMap(([kind, style]) =>
    Array.from({ length: itemsEach }, () => {
      const extra = [decoration[random.integer(24)], decoration[random.integer(24)]];
      const text = [kindWords[kind], styleWords[style], ...extra].join(" ");
      return { kind, style, text, fields: { kind: kindWords[kind], style: styleWords[style], title: text } };
    }),
  );
  // Places say nothing of attributes.
  const order = random.permutation(made.length);
  const placeOf = new Int32Array(made.length);
  for (const [place, index] of order.entries()) placeOf[index] = place;
  const items = Array.from(
    order,
    (index, place): Item => ({
      id: `item-${place + 1}`,
      fields: made[index].fields,
      text: made[index].text,
    }),
  );
  const follows = Array.from({ length: styles }, () => random.permutation(kinds));
  const pick = (kind: number, style: number): number => {
    // The n-th item of a group is taken half as often as the one before.
    let rank = 0;
    while (rank + 1 < itemsEach && random.uniform() < 0.5) rank++;
    return placeOf[(kind * styles + style) * itemsEach + rank];
  };
  const sequences = Array.from({ length: users }, () => {
    let style = random.integer(styles);
    let kind = random.integer(kinds);
    const length = shortest + random.integer(shortest);
    return Array.from({ length }, () => {
      const item = pick(kind, style);
      kind = random.uniform() < 0.9 ? follows[style][kind] : random.integer(kinds);
      if (random.uniform() < 0.05) style = random.integer(styles);
      return item;
    });
  });
  const offsets = new Int32Array(users + 1);
  for (const [user, { length }] of sequences.entries()) offsets[user + 1] = offsets[user] + length;
  return {
    items,
    interactions: {
      users: Array.from({ length: users }, (_, user) => `user-${user + 1}`),
      offsets,
      items: Int32Array.from(sequences.flat()),
    },
    kindOf: Int32Array.from(order, (index) => made[index].kind),
  };
}
