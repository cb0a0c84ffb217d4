import { stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError, inTurn } from "../../core/index.ts";
import type { FoundRun } from "../runs/find-runs.ts";
import { summarize } from "../runs/summary.ts";

/** How the runs of a room are opened. */
export interface Opening<T> {
  /** The room's command. */
  readonly command: string;
  /** Files of a run; one that changed has the run opened anew. */
  readonly files: readonly string[];
  readonly open: (folder: string) => Promise<T>;
  /** Frees what was opened. */
  readonly dispose?: (opened: T) => Promise<void>;
}

/**
 * Keeps the run that was asked for last, so that it is not read for every question; another one takes its place. Questions are
 * answered one after the other, so that none is asked of a run that was freed, and because each fills the processor.
 */
export class LastOpened<T> {
  readonly #opening: Opening<T>;
  readonly #next = inTurn();
  #last: { readonly key: string; readonly opened: T } | undefined;

  constructor(opening: Opening<T>) {
    this.#opening = opening;
  }

  /**
   * Asks a question of a run.
   *
   * @throws {DataError} where the run is of another method; whatever opening and the question throw
   */
  use<R>(run: FoundRun, question: (opened: T) => R | Promise<R>): Promise<R> {
    return this.#next(async () => question(await this.#open(run)));
  }

  async #open(run: FoundRun): Promise<T> {
    const { command, files, open, dispose } = this.#opening;
    const changes = await Promise.all(
      files.map(async (name) => (await stat(join(run.path, name)).catch(() => undefined))?.mtimeMs ?? 0),
    );
    const key = [run.id, ...changes].join("\n");
    if (this.#last?.key === key) return this.#last.opened;
    const room = (await summarize(run))?.room ?? undefined;
    if (room !== command) {
      const found = room === undefined ? "another" : `one of tenfold ${room}`;
      throw new DataError({ where: `run ${run.id}`, expected: `a run of tenfold ${command}`, found });
    }
    const before = this.#last;
    this.#last = undefined;
    if (before) await dispose?.(before.opened);
    const opened = await open(run.path);
    this.#last = { key, opened };
    return opened;
  }
}
