import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { RunError } from "../core/index.ts";
import { writeFailure } from "../storage/index.ts";

/** Locks that this process holds, by path. */
const held = new Set<string>();

/** Milliseconds after which it is seen whether a lock that was taken over is still one's own: two may find it stale at once. */
const settleMs = 20;

/** Whether a process with this id runs on this machine. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Who holds the lock, as the file says; undefined where nobody does, or not any more. */
function holderOf(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  const [, id = "", host = ""] = /^(\d+) (\S+)\n$/.exec(text) ?? [];
  // Half a line is of a process that was killed while it wrote, or that writes at this moment.
  if (host === "") return Date.now() - statSync(path).mtimeMs < 1000 ? "another process" : undefined;
  const pid = Number(id);
  if (host !== hostname()) return `process ${pid} on ${host}`;
  const alive = pid === process.pid ? held.has(path) : isRunning(pid);
  return alive ? `process ${pid}` : undefined;
}

/**
 * Keeps a run folder to one process at a time: a file `lock` that names it, and is stale once that process is gone.
 */
export class RunLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Whether a process that runs, or one of another machine, holds the folder. */
  static isHeld(folder: string): boolean {
    return holderOf(join(resolve(folder), "lock")) !== undefined;
  }

  /** @throws {RunError} where a process that runs, or one of another machine, holds the folder */
  static requireFree(folder: string): void {
    const path = join(resolve(folder), "lock");
    const holder = holderOf(path);
    if (holder === undefined) return;
    const hint = `wait for it or stop it; if it is no run of Tenfold any more, delete ${join(folder, "lock")}`;
    throw new RunError({ where: folder, expected: "a run that nobody is at", found: `one that ${holder} is at`, hint });
  }

  /**
   * Takes the folder.
   *
   * @throws {RunError} as {@link RunLock.requireFree}, and where the folder cannot be written
   */
  static async take(folder: string): Promise<RunLock> {
    const path = join(resolve(folder), "lock");
    const mine = `${process.pid} ${hostname()}\n`;
    for (;;) {
      try {
        writeFileSync(path, mine, { flag: "wx" });
        held.add(path);
        return new RunLock(path);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw writeFailure(folder, error);
      }
      RunLock.requireFree(folder);
      writeFileSync(path, mine);
      held.add(path);
      await setTimeout(settleMs);
      if (readFileSync(path, "utf8") === mine) return new RunLock(path);
      held.delete(path);
    }
  }

  /** Gives the folder back. */
  release(): void {
    if (held.delete(this.#path)) rmSync(this.#path, { force: true });
  }
}
