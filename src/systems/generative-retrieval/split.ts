/** Leave one out: of each user the last item to test on, the one before to validate on, the rest to train on. @module */
import { type Interactions, sequenceOf } from "./interactions.ts";

/** Histories, and what came next. */
export interface Cases {
  /** Places of the users. */
  readonly users: Int32Array;
  /** Each user's items before the target, in order of time. */
  readonly histories: readonly Int32Array[];
  /** int32[users] */
  readonly targets: Int32Array;
}

/** The three parts. Users of fewer than three items are only trained on. */
export interface Split {
  /** Sequences to train on, a user at a time; some may be empty. */
  readonly train: readonly Int32Array[];
  readonly validation: Cases;
  readonly test: Cases;
}

/** Splits interactions by leaving one out. */
export function leaveOneOut(interactions: Interactions): Split {
  const { users } = interactions;
  const sequences = users.map((_, user) => sequenceOf(interactions, user));
  const tested = Int32Array.from(sequences.keys()).filter((user) => sequences[user].length >= 3);
  const cases = (fromEnd: number): Cases => ({
    users: tested,
    histories: Array.from(tested, (user) => sequences[user].slice(0, -fromEnd)),
    targets: Int32Array.from(tested, (user) => sequences[user].at(-fromEnd) ?? -1),
  });
  return {
    train: sequences.map((items) => (items.length >= 3 ? items.slice(0, -2) : items)),
    validation: cases(2),
    test: cases(1),
  };
}

/** How often each item occurs in sequences; int32[items]. */
export function countItems(sequences: readonly Int32Array[], items: number): Int32Array {
  const counts = new Int32Array(items);
  for (const sequence of sequences) for (const item of sequence) counts[item]++;
  return counts;
}
