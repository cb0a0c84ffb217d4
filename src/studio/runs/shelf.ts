import { realpath } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";
import { HTTPException } from "hono/http-exception";
import { type FoundRun, findRuns } from "./find-runs.ts";
import { type RunSummary, summarize } from "./summary.ts";

/** How many runs are read at the same time. */
const atOnce = 64;

/**
 * The runs under one folder. Nothing else is reachable through it: a run is known by its id in the listing, never by a path
 * that somebody sends.
 */
export class Shelf {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** A line for every run, by id. */
  async list(): Promise<RunSummary[]> {
    const found = await this.#find();
    const lines: (RunSummary | undefined)[] = [];
    for (let start = 0; start < found.length; start += atOnce) {
      lines.push(...(await Promise.all(found.slice(start, start + atOnce).map(summarize))));
    }
    return lines.filter((line) => line !== undefined);
  }

  /**
   * The run of an id.
   *
   * @throws {HTTPException} 404 where there is none
   */
  async get(id: string): Promise<FoundRun> {
    const run = (await this.#find()).find((one) => one.id === id);
    const real = run && (await realpath(run.path).catch(() => undefined));
    if (run && real !== undefined && isInside(await realpath(this.root), real)) return run;
    throw new HTTPException(404, {
      message: `run: expected one below ${this.root}, found none named ${JSON.stringify(id)}`,
    });
  }

  async #find(): Promise<FoundRun[]> {
    try {
      return await findRuns(this.root);
    } catch {
      // A folder that is not there holds no runs: the page says what to do first.
      return [];
    }
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return !way.startsWith("..") && !isAbsolute(way);
}
