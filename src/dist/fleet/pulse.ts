/** Whether a Redis server still answers: commands to it wait until it is back, and people should not. @module */
import type { Redis } from "ioredis";
import { RunError } from "../../core/index.ts";

/** Seconds of silence after which a server counts as gone. A restart takes less. */
const patienceSeconds = 10;

/**
 * Asks a server every second whether it is there, on a connection of its own, so that no weights on their way stand in front.
 * Seconds are counted by its own ticks: a process that was stopped and goes on blames nobody for the time between.
 */
export class Pulse {
  readonly #connection: Redis;
  readonly #gone = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** @param address - of the server, as it may be printed */
  constructor(redis: Redis, address: string) {
    this.#connection = redis.duplicate();
    this.#connection.on("error", () => {});
    let silentSeconds = 0;
    let asking = false;
    const ask = () => {
      asking = true;
      this.#connection.ping().then(
        () => {
          asking = false;
          silentSeconds = 0;
        },
        () => {
          asking = false;
        },
      );
    };
    this.#timer = setInterval(() => {
      if (asking) silentSeconds++;
      else ask();
      if (silentSeconds < patienceSeconds) return;
      clearInterval(this.#timer);
      const found = `silence for ${patienceSeconds} seconds`;
      const hint = "is it running, and reachable?";
      this.#gone.abort(new RunError({ where: `Redis at ${address}`, expected: "a server that answers", found, hint }));
    }, 1000).unref();
    ask();
  }

  /** Aborted where the server is gone, with the error that says so. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * What `work` comes to, unless the server goes first.
   *
   * @throws {RunError} where it is gone
   */
  async unless<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    let stop = () => {};
    const gone = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      signal.addEventListener("abort", stop);
      if (signal.aborted) stop();
    });
    return Promise.race([work, gone]).finally(() => signal.removeEventListener("abort", stop));
  }

  /** Asks no more. */
  close(): void {
    clearInterval(this.#timer);
    this.#connection.disconnect();
  }
}
