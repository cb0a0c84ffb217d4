import type { Queue, QueueEvents } from "bullmq";

/** How a job ended. */
export type Ending =
  | { readonly kind: "completed"; readonly value: unknown }
  | { readonly kind: "failed"; readonly reason: string };

/** Milliseconds between two looks at a job, for endings whose news was lost with a connection. */
const lookEveryMs = 1000;

/** Waits for jobs to end: told by events, and by looking now and then. */
export class JobEndings {
  readonly #events: QueueEvents;
  readonly #queue: Queue;
  readonly #waiting = new Map<string, (ending: Ending) => void>();

  constructor(events: QueueEvents, queue: Queue) {
    this.#events = events;
    this.#queue = queue;
    events.on("completed", ({ jobId, returnvalue }) => {
      this.#waiting.get(jobId)?.({ kind: "completed", value: returnvalue });
    });
    events.on("failed", ({ jobId, failedReason }) => {
      this.#waiting.get(jobId)?.({ kind: "failed", reason: failedReason });
    });
    events.on("error", () => {});
  }

  async ready(): Promise<void> {
    await this.#events.waitUntilReady();
  }

  /**
   * The ending of the job `id`, or undefined where the deadline passes before.
   *
   * @param added - the adding of the job, which may itself take until Redis is back
   * @throws what `added` throws, and the signal's reason
   */
  async of(
    id: string,
    added: Promise<unknown>,
    { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
  ): Promise<Ending | undefined> {
    signal.throwIfAborted();
    let timer: NodeJS.Timeout | undefined;
    let interval: NodeJS.Timeout | undefined;
    let stop = () => {};
    try {
      return await new Promise<Ending | undefined>((resolve, reject) => {
        const look = () => {
          this.#look(id).then((ending) => ending && resolve(ending), reject);
        };
        stop = () => reject(signal.reason);
        signal.addEventListener("abort", stop);
        this.#waiting.set(id, resolve);
        timer = setTimeout(() => resolve(undefined), deadlineMs);
        interval = setInterval(look, lookEveryMs);
        added.then(look, reject);
      });
    } finally {
      signal.removeEventListener("abort", stop);
      this.#waiting.delete(id);
      clearTimeout(timer);
      clearInterval(interval);
    }
  }

  close(): Promise<void> {
    return this.#events.close();
  }

  /** Cuts the connection, where closing does not come to an end. */
  disconnect(): Promise<void> {
    return this.#events.disconnect();
  }

  async #look(id: string): Promise<Ending | undefined> {
    const job = await this.#queue.getJob(id);
    if (!job?.finishedOn) return undefined;
    if (await job.isCompleted()) return { kind: "completed", value: job.returnvalue };
    if (await job.isFailed()) return { kind: "failed", reason: job.failedReason };
    return undefined;
  }
}
