/** What lies under the folder of runs, told by the files that commands leave. @module */
import type { Dirent } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";

/** Which command wrote something, as far as its files tell. */
export type Mark = "run.json" | "lift.json" | "certificate.json" | "report" | "network file";

/** A folder, or for `network file` a file, that a command wrote. */
export interface FoundRun {
  /** Its path below the root, with `/`; the root's own name where the root is a run itself. */
  readonly id: string;
  readonly path: string;
  readonly mark: Mark;
}

/** How deep runs are looked for: `runs/project/run/part`. */
const deepest = 4;
/** Folders that hold parts of a run, or nothing of ours. */
const skipped = new Set(["node_modules", "checkpoints", "training"]);
const networkFileStart = '{"format":"tenfold-memorization"';

/**
 * All runs under `root`, by id. Links are not followed, so that nothing outside the root is shown.
 *
 * @throws where `root` itself cannot be read
 */
export async function findRuns(root: string): Promise<FoundRun[]> {
  const found: FoundRun[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown): Dirent[] => {
      // A folder that vanishes meanwhile holds no runs.
      if (depth === 0) throw error;
      return [];
    });
    const files = new Set(entries.filter((entry) => entry.isFile()).map((entry) => entry.name));
    const mark = markOf(files);
    if (mark) found.push({ id: idOf(root, folder), path: folder, mark });
    const folders = entries.filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith(".") && !skipped.has(entry.name),
    );
    await Promise.all([
      ...(mark ? [] : [...files].filter((name) => name.endsWith(".json"))).map(async (name) => {
        const path = join(folder, name);
        if (await startsWith(path, networkFileStart)) found.push({ id: idOf(root, path), path, mark: "network file" });
      }),
      ...(depth < deepest ? folders.map((entry) => visit(join(folder, entry.name), depth + 1)) : []),
    ]);
  };
  await visit(root, 0);
  return found.sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
}

function markOf(files: ReadonlySet<string>): Mark | undefined {
  if (files.has("run.json")) return "run.json";
  if (files.has("lift.json")) return "lift.json";
  if (files.has("certificate.json")) return "certificate.json";
  return files.has("report.json") && files.has("index.html") ? "report" : undefined;
}

function idOf(root: string, path: string): string {
  return relative(root, path).split(sep).join("/") || basename(root);
}

async function startsWith(path: string, start: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(start.length), 0, start.length, 0);
    return buffer.toString("utf8", 0, bytesRead) === start;
  } finally {
    await file.close();
  }
}
