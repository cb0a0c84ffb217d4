import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Piscina } from "piscina";
import { RunError } from "../core/index.ts";
import { fromFailure } from "./failure.ts";
import type { TimedShare } from "./local-rounds.ts";
import type { ThreadAnswer, ThreadTask } from "./thread.ts";

/** Where a work's code is, and what it is opened with. */
export interface WorkReference {
  /** URL of a module that exports `openWork`. */
  readonly module: string;
  /** Plain JSON. */
  readonly options: unknown;
}

/** Zeros in memory that all threads see. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** How a task is watched. */
interface Watch {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the thread is ended and the task has failed; default never. */
  readonly deadlineMs?: number | undefined;
}

/**
 * Options of Node that let a thread load TypeScript, for runs from the sources. Under Node 20 `--import tsx` does nothing in a
 * thread when its process has it too; registering the loader by hand does.
 */
function typeScriptLoader(): string[] {
  const api = pathToFileURL(
    createRequire(import.meta.url)
      .resolve("tsx/esm/api")
      .replace(/cjs$/, "mjs"),
  ).href;
  return ["--import", `data:text/javascript,import{register}from${JSON.stringify(api)};register()`];
}

/** Threads that compute shares, so that this one stays free to answer. */
export class ThreadPool {
  readonly #pool: Piscina<ThreadTask, ThreadAnswer>;

  /** @param threads - how many run at once */
  constructor(threads: number) {
    this.#pool = new Piscina({
      filename: import.meta.url.replace(/thread-pool(\.[jt]s)$/, "thread$1"),
      minThreads: threads,
      maxThreads: threads,
      ...(import.meta.url.endsWith(".ts") && { execArgv: typeScriptLoader() }),
    });
  }

  /**
   * Runs a task in a thread of its own.
   *
   * @throws what the work threw; {@link RunError} where the deadline passed or the thread died
   */
  async run(task: ThreadTask, { signal, deadlineMs }: Watch = {}): Promise<TimedShare> {
    const late = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs);
    const signals = [signal, late].filter((each) => each !== undefined);
    let answer: ThreadAnswer;
    try {
      answer = await this.#pool.run(task, signals.length > 0 ? { signal: AbortSignal.any(signals) } : {});
    } catch (cause) {
      signal?.throwIfAborted();
      const where = task.worker === undefined ? `round ${task.round}` : `round ${task.round}, worker ${task.worker}`;
      if (late?.aborted) {
        const expected = `a share within ${deadlineMs! / 1000} seconds`;
        throw new RunError({ where, expected, found: "none: its thread was ended", cause });
      }
      const found = cause instanceof Error ? cause.message : String(cause);
      throw new RunError({ where, expected: "a thread that computes", found: `one that died: ${found}`, cause });
    }
    if (answer.failure) throw fromFailure(answer.failure);
    return { share: answer.share!, ms: answer.ms!, by: `process ${process.pid}` };
  }

  /** Ends the threads. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
