import { open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Json, parseJsonLines } from "./json-lines.ts";

/** What happens to a file of JSON lines while one looks at it. */
export type FollowEvent =
  /** Whole lines that came since, in order; none of them JSON of half a line. */
  | { readonly type: "lines"; readonly lines: readonly Json[]; readonly bytes: number }
  /** The file is another or shorter than it was: a run went on from a checkpoint, or began anew. All its lines follow. */
  | { readonly type: "rewound" }
  /** The folder is gone. */
  | { readonly type: "gone" };

/** How often the file is looked at, in milliseconds. */
const every = 150;
/** What is read at once. */
const chunkBytes = 2 ** 20;

/**
 * Follows a file of JSON lines as it grows, until `signal` or until its folder is gone. The file need not be there yet.
 *
 * @param from - bytes to begin at, the start of a line
 */
export async function* follow(
  path: string,
  folder: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<FollowEvent, void, undefined> {
  let position = from;
  let file: number | undefined;
  while (!signal.aborted) {
    const { size, ino } = (await stat(path).catch(() => undefined)) ?? {};
    if (size === undefined && !(await stat(folder).catch(() => undefined))) {
      yield { type: "gone" };
      return;
    }
    const replaced = file !== undefined && ino !== undefined && ino !== file;
    file = ino ?? file;
    if (size !== undefined && (size < position || replaced)) {
      yield { type: "rewound" };
      position = 0;
    } else if (size !== undefined && size > position) {
      const text = await readFrom(path, position, Math.min(size - position, chunkBytes));
      const end = text.lastIndexOf(0x0a) + 1;
      position += end;
      const lines = parseJsonLines(text.toString("utf8", 0, end));
      if (lines.length > 0) yield { type: "lines", lines, bytes: position };
      // More is there already, unless only half a line is.
      if (end > 0 && position < size) continue;
    }
    await sleep(every, undefined, { signal }).catch(() => {});
  }
}

async function readFrom(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path).catch(() => undefined);
  if (!file) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
