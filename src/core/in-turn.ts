/**
 * Makes asynchronous work run one piece after the other, in the order in which it is asked for, also when nobody waits. Work that
 * fails fails for who asked for it, and the next is done all the same.
 *
 * @returns what to hand each piece of work to
 * @example
 * ```ts
 * const next = inTurn();
 * const [a, b] = await Promise.all([next(async () => 1), next(async () => 2)]); // b's work begins when a's has ended
 * ```
 */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}
