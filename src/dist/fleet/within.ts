/** Waiting for a server that may be gone: commands to Redis wait until it is back, and people should not. @module */
import { RunError } from "../../core/index.ts";

/** Waits for `work`, but no longer than `ms`; undefined then. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Milliseconds that a server may take to answer. */
const answerMs = 10_000;

/**
 * What `work` comes to.
 *
 * @throws {RunError} where it takes too long
 */
export async function answered<T>(work: Promise<T>, where: string): Promise<T> {
  const result = await within(
    answerMs,
    work.then((value) => ({ value })),
  );
  if (result) return result.value;
  const found = `nothing within ${answerMs / 1000} seconds`;
  throw new RunError({ where, expected: "an answer of Redis", found, hint: "is it running, and reachable?" });
}
