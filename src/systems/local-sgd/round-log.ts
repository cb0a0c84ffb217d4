/** How rounds went, a line each: who computed what for how long. Beside metrics.jsonl, as times differ from run to run. @module */
import { appendFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RoundReport } from "../../dist/index.ts";
import { writeFailure, writeFileAtomic } from "../../storage/index.ts";

/** The file in a run's folder. */
const roundsFile = "rounds.jsonl";

/** What a line says of one round. */
export interface RoundLine extends Pick<RoundReport, "round" | "seconds" | "bytesSent" | "missing"> {
  readonly shares: readonly {
    readonly worker: number;
    readonly ms: number;
    readonly by: string;
    readonly retries: number;
  }[];
}

/** Of a run of more rounds than this, not every round has a line. */
const mostLines = 5000;

/** Writes the lines of a run's rounds. */
export class RoundLog {
  readonly #path: string;
  readonly #every: number;
  #waiting = "";

  constructor(folder: string, rounds: number) {
    this.#path = join(folder, roundsFile);
    this.#every = Math.ceil(rounds / mostLines);
  }

  /** Drops the lines of rounds that a run going on from `round` will go through again. */
  async rewind(round: number): Promise<void> {
    const text = await readFile(this.#path, "utf8").catch(() => "");
    const kept = text
      .split("\n")
      .slice(0, -1)
      .filter((line) => isBefore(line, round));
    if (text !== "") await writeFileAtomic(this.#path, kept.map((line) => `${line}\n`).join(""));
  }

  /** Takes a round, to be written by the next {@link flush}. */
  add({ round, seconds, bytesSent, missing, shares }: RoundReport): void {
    if (round % this.#every !== 0) return;
    const own = shares.map(({ worker, ms, by, retries }) => ({
      worker,
      ms: Math.round(ms * 1000) / 1000,
      by,
      retries,
    }));
    const line: RoundLine = { round, seconds, bytesSent, missing, shares: own };
    this.#waiting += `${JSON.stringify(line)}\n`;
  }

  /** Writes what waits. */
  flush(): void {
    try {
      if (this.#waiting !== "") appendFileSync(this.#path, this.#waiting);
    } catch (error) {
      throw writeFailure(this.#path, error);
    }
    this.#waiting = "";
  }
}

function isBefore(line: string, round: number): boolean {
  try {
    return (JSON.parse(line) as RoundLine).round < round;
  } catch {
    return false;
  }
}
