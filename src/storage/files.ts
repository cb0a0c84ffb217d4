/**
 * Files that are whole or not there: atomic writes, hashes, output folders; and plain errors when the disk says no.
 *
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { DataError, RunError, TenfoldError } from "../core/index.ts";

/** What the codes of Node's file errors mean to a reader. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EDQUOT: "a full disk quota",
  EISDIR: "a folder",
  ENOENT: "nothing there",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a file where a folder should be",
  EPERM: "no permission",
  EROFS: "a read-only file system",
};

const hints: Readonly<Record<string, string>> = {
  ENOSPC: "free some space, or write elsewhere",
  EDQUOT: "free some space, or write elsewhere",
  EACCES: "write to a folder of your own",
  EPERM: "write to a folder of your own",
  EROFS: "write to a folder of your own",
};

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  return reasons[codeOf(error) ?? ""] ?? (error instanceof Error ? error.message : String(error));
}

/** The error to throw where reading `path` failed with `error`. */
export function readFailure(path: string, error: unknown): DataError {
  const hint = codeOf(error) === "ENOENT" ? "check the path" : undefined;
  return new DataError({ where: path, expected: "a readable file", found: reasonOf(error), hint, cause: error });
}

/** The error to throw where writing `path` failed with `error`. */
export function writeFailure(path: string, error: unknown): RunError {
  const hint = hints[codeOf(error) ?? ""];
  return new RunError({ where: path, expected: "a writable place", found: reasonOf(error), hint, cause: error });
}

/**
 * All bytes of a file.
 *
 * @throws {DataError} where there is no such file or it cannot be read
 * @example
 * ```ts
 * const bytes = await readFileBytes("model.safetensors");
 * ```
 */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw readFailure(path, error);
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // Windows cannot open folders, and its rename is durable by itself.
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Writes a file so that, whenever the process or machine stops, `path` holds its old bytes or all of the new ones. The
 * bytes go to a temporary name in the same folder, are synced, and renamed; then the folder is synced.
 *
 * @param path - file to write or replace; its folder must exist
 * @param bytes - the whole content; text is written as UTF-8
 * @throws {RunError} where the file cannot be written (disk full, no permission, read-only, no such folder); nothing is left
 * behind then
 * @example
 * ```ts
 * await writeFileAtomic("runs/a/report.json", JSON.stringify(report));
 * ```
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // The first error is the one to tell.
    throw writeFailure(path, error);
  }
}

/**
 * SHA-256 of bytes, or of a text's UTF-8 bytes, as 64 hex digits.
 *
 * @example
 * ```ts
 * sha256("abc"); // "ba7816bf…"
 * ```
 */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * SHA-256 of a file's bytes, as 64 hex digits, read piece by piece.
 *
 * @throws {DataError} where the file cannot be read
 */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw readFailure(path, error);
  }
  return hash.digest("hex");
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Makes a folder and those it lies in, where they are missing. Node's own `recursive` tries for ever where a folder is there
 * that takes no others, as in `/proc`.
 *
 * @throws {RunError} where the folder cannot be made
 * @example
 * ```ts
 * await makeFolder("runs/first");
 * ```
 */
export async function makeFolder(path: string): Promise<void> {
  const parent = dirname(resolve(path));
  try {
    await mkdir(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST" && (await isFolder(path))) return;
    if (code === "EEXIST") {
      throw new RunError({ where: path, expected: "a folder", found: "a file", hint: "choose another name" });
    }
    if (code !== "ENOENT" || (await isFolder(parent))) throw writeFailure(path, error);
    await makeFolder(parent);
    await makeFolder(path);
  }
}

/** Whether `inner` is `outer` or lies in it. */
function contains(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return !isAbsolute(path) && path.split(sep)[0] !== "..";
}

/** Files and folders by which a folder that Tenfold wrote is told: each kind has one of them, also where it was interrupted. */
const writtenMarks = new Set([
  "run.json",
  "lift.json",
  "certificate.json",
  "report.json",
  "bundle.json",
  "config.json",
  "upload.jsonl",
  "checkpoints",
  "training",
  "tune.json",
  "lock",
]);

/**
 * Makes sure that `path` is a folder with nothing in it, creating it and its parents where needed.
 *
 * @param path - the folder
 * @param options.force - empty a folder that Tenfold wrote; default false. Never empties another, nor one that holds the
 * working directory or the home folder
 * @throws {RunError} where the folder is not empty and `force` is not set, where `path` is no folder, or where it cannot be
 * created or emptied
 * @example
 * ```ts
 * await ensureEmptyDirectory("runs/mnist", { force: false });
 * ```
 */
export async function ensureEmptyDirectory(path: string, options: { force?: boolean } = {}): Promise<void> {
  let entries: string[];
  try {
    await makeFolder(path);
    entries = await readdir(path);
  } catch (error) {
    throw error instanceof RunError ? error : writeFailure(path, error);
  }
  if (entries.length === 0) return;
  if (!options.force) {
    const found = `a folder with ${entries.length} ${entries.length === 1 ? "entry" : "entries"}`;
    const hint = "choose another folder, or replace this one with --force";
    throw new RunError({ where: path, expected: "a new or empty folder", found, hint });
  }
  const real = await realpath(path);
  if (contains(real, process.cwd()) || contains(real, homedir())) {
    throw new RunError({
      where: path,
      expected: "a folder that is safe to empty",
      found: "one that holds the working directory or the home folder",
      hint: "choose another folder",
    });
  }
  if (!entries.some((entry) => writtenMarks.has(entry))) {
    throw new RunError({
      where: path,
      expected: "a folder that Tenfold wrote, which it may replace",
      found: `one with ${entries.slice(0, 3).join(", ")}${entries.length > 3 ? " and more" : ""}`,
      hint: "move what is there, or choose another folder",
    });
  }
  try {
    for (const entry of entries) await rm(join(path, entry), { recursive: true, force: true });
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** How {@link replaceFolder} treats what is there already. */
export interface ReplaceOptions {
  /** Replace a folder that has something in it; default false. */
  readonly force?: boolean;
  /** A file by which folders of this kind are told: with `force`, only such a folder is replaced. */
  readonly mark: string;
}

/**
 * Makes sure, before long work, that {@link replaceFolder} will be allowed to put a folder at `path`. Writes nothing but missing parents.
 *
 * @throws {RunError} where something is there that must not be replaced, or its parent cannot be written to
 */
export async function requireReplaceable(path: string, { force = false, mark }: ReplaceOptions): Promise<void> {
  const parent = dirname(resolve(path));
  try {
    await makeFolder(parent);
    await access(parent, constants.W_OK);
  } catch (error) {
    throw error instanceof RunError ? error : writeFailure(parent, error);
  }
  let entries: string[];
  try {
    entries = await readdir(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    if (codeOf(error) === "ENOTDIR") {
      throw new RunError({ where: path, expected: "a folder", found: "a file", hint: "choose another name" });
    }
    throw writeFailure(path, error);
  }
  if (entries.length === 0) return;
  if (!force) {
    const found = `a folder with ${entries.length} ${entries.length === 1 ? "entry" : "entries"}`;
    const hint = "choose another folder, or replace this one with --force";
    throw new RunError({ where: path, expected: "a new or empty folder", found, hint });
  }
  const real = await realpath(path);
  if (contains(real, process.cwd()) || contains(real, homedir()) || !entries.includes(mark)) {
    const found = entries.includes(mark)
      ? "one that holds the working directory or the home folder"
      : `one without ${mark}`;
    throw new RunError({
      where: path,
      expected: "a folder that is safe to replace",
      found,
      hint: "choose another folder",
    });
  }
}

/**
 * Writes a folder whole or not at all: its files go to a folder beside it, which takes its place at the end. What was there
 * before is kept where writing fails.
 *
 * @param write - writes everything into the folder that it is given
 * @throws {RunError} as {@link requireReplaceable}, and where the disk says no
 * @example
 * ```ts
 * await replaceFolder("run", { force: true, mark: "run.json" }, (folder) => writeFileAtomic(join(folder, "run.json"), "{}"));
 * ```
 */
export async function replaceFolder(
  path: string,
  options: ReplaceOptions,
  write: (folder: string) => Promise<void>,
): Promise<void> {
  await requireReplaceable(path, options);
  const whole = resolve(path);
  const [fresh, old] = ["new", "old"].map((name) =>
    join(dirname(whole), `.${basename(whole)}.${randomUUID()}.${name}`),
  ) as [string, string];
  const discard = (folder: string) => rm(folder, { recursive: true, force: true });
  try {
    await mkdir(fresh);
    await write(fresh);
    const there = await rename(whole, old).then(
      () => true,
      (error: unknown) => {
        if (codeOf(error) === "ENOENT") return false;
        throw error;
      },
    );
    await rename(fresh, whole);
    if (there) await discard(old);
    await syncFolder(dirname(whole));
  } catch (error) {
    await discard(fresh).catch(() => {}); // The first error is the one to tell.
    throw error instanceof TenfoldError ? error : writeFailure(path, error);
  }
}

/**
 * Makes sure that there is no file at `path` yet, so that nothing is lost by writing one.
 *
 * @throws {RunError} where there is something
 */
export async function requireNewFile(path: string): Promise<void> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there) return;
  throw new RunError({
    where: path,
    expected: "a new file",
    found: "a file that is there",
    hint: "replace it with --force",
  });
}

/**
 * Makes sure that what is made of a run does not take its place.
 *
 * @throws {RunError} where `out` is the run's folder, or a file that is in it already
 */
export async function requireOutside(out: string, run: string): Promise<void> {
  const [real, place] = await Promise.all([realpath(run), realpath(out).catch(() => undefined)]);
  if (place === undefined || !contains(real, place)) return;
  const isFile = !(await readdir(place).then(
    () => true,
    () => false,
  ));
  if (place !== real && !isFile) return;
  const hint = "choose another place";
  throw new RunError({
    where: out,
    expected: "a place outside of the run",
    found: place === real ? "the run" : "a file of it",
    hint,
  });
}
