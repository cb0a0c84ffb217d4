import { mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DataError, RunError } from "../core/index.ts";
import {
  ensureEmptyDirectory,
  makeFolder,
  readFileBytes,
  replaceFolder,
  requireOutside,
  sha256,
  sha256File,
  writeFileAtomic,
} from "./files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-files-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** The methods that every file handle shares, to make the disk fail. */
async function fileHandlePrototype(): Promise<{ sync(): Promise<void> }> {
  const file = await open(join(folder, "probe"), "w");
  await file.close();
  await rm(join(folder, "probe"));
  return Object.getPrototypeOf(file);
}

describe("writeFileAtomic", () => {
  it("writes bytes and text, replaces what was there, and leaves nothing else", async () => {
    const path = join(folder, "a.bin");
    await writeFileAtomic(path, new Uint8Array([1, 2, 3]));
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    await writeFileAtomic(path, "grün");
    expect(await readFile(path, "utf8")).toBe("grün");
    expect(await readdir(folder)).toEqual(["a.bin"]);
  });

  it("lets many writers of one name each win whole", async () => {
    const path = join(folder, "a.bin");
    const contents = Array.from({ length: 8 }, (_, i) => new Uint8Array(10_000).fill(i));
    await Promise.all(contents.map((bytes) => writeFileAtomic(path, bytes)));
    const found = await readFile(path);
    expect(found.length).toBe(10_000);
    expect(new Set(found).size).toBe(1);
    expect(await readdir(folder)).toEqual(["a.bin"]);
  });

  it.each([
    ["ENOSPC", "no space left on the device. Hint: free some space, or write elsewhere"],
    ["EACCES", "no permission. Hint: write to a folder of your own"],
    ["EROFS", "a read-only file system. Hint: write to a folder of your own"],
  ])("says %s in one line, keeps the old file and removes the temporary one", async (code, text) => {
    const path = join(folder, "a.bin");
    await writeFileAtomic(path, "old");
    vi.spyOn(await fileHandlePrototype(), "sync").mockRejectedValueOnce(Object.assign(new Error(code), { code }));
    const error = await writeFileAtomic(path, "new").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RunError);
    expect(error).toHaveProperty("message", `${path}: expected a writable place, found ${text}`);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a.bin"]);
  });

  it("says that the folder is not there", async () => {
    const path = join(folder, "no", "a.bin");
    await expect(writeFileAtomic(path, "x")).rejects.toThrow(`${path}: expected a writable place, found nothing there`);
  });

  it("does not replace a folder", async () => {
    await mkdir(join(folder, "a", "b"), { recursive: true });
    await expect(writeFileAtomic(join(folder, "a"), "x")).rejects.toThrow("expected a writable place, found a folder");
    expect(await readdir(folder)).toEqual(["a"]);
  });
});

describe("makeFolder", () => {
  it("makes the folders on the way, and takes one that is there", async () => {
    const path = join(folder, "one", "two", "three");
    await Promise.all([makeFolder(path), makeFolder(path)]);
    await makeFolder(path);
    expect(await readdir(path)).toEqual([]);
  });

  it("refuses a file, one on the way, and a place that takes no folders", { timeout: 5000 }, async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(makeFolder(file)).rejects.toThrow(`${file}: expected a folder, found a file`);
    await expect(makeFolder(join(file, "x"))).rejects.toThrow("found a file where a folder should be");
    await expect(makeFolder("/proc/nowhere/x")).rejects.toThrow(
      "/proc/nowhere: expected a writable place, found nothing",
    );
  });
});

describe("sha256", () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  it("gives the published digest, of text, bytes and files", async () => {
    expect(sha256("abc")).toBe(abc);
    expect(sha256(new Uint8Array([97, 98, 99]))).toBe(abc);
    await writeFile(join(folder, "abc"), "abc");
    expect(await sha256File(join(folder, "abc"))).toBe(abc);
  });

  it("names the file that is missing", async () => {
    const path = join(folder, "none");
    const message = `${path}: expected a readable file, found nothing there. Hint: check the path`;
    await expect(sha256File(path)).rejects.toBeInstanceOf(DataError);
    await expect(sha256File(path)).rejects.toThrow(message);
    await expect(readFileBytes(path)).rejects.toThrow(message);
    await expect(readFileBytes(folder)).rejects.toThrow(`${folder}: expected a readable file, found a folder`);
  });
});

describe("ensureEmptyDirectory", () => {
  it("creates the folder and its parents, and takes an empty one", async () => {
    const path = join(folder, "a", "b");
    await ensureEmptyDirectory(path);
    await ensureEmptyDirectory(path);
    expect(await readdir(path)).toEqual([]);
  });

  it("refuses a folder that is not empty, and empties it when forced", async () => {
    await writeFile(join(folder, "kept"), "");
    await expect(ensureEmptyDirectory(folder)).rejects.toThrow(
      `${folder}: expected a new or empty folder, found a folder with 1 entry. Hint: choose another folder, or replace this one with --force`,
    );
    expect(await readdir(folder)).toEqual(["kept"]);
    await mkdir(join(folder, "more", "deep"), { recursive: true });
    await expect(ensureEmptyDirectory(folder)).rejects.toThrow("2 entries");
    await expect(ensureEmptyDirectory(folder, { force: true })).rejects.toThrow(
      `${folder}: expected a folder that Tenfold wrote, which it may replace, found one with kept, more. Hint: move what is there`,
    );
    await writeFile(join(folder, "run.json"), "{}");
    await ensureEmptyDirectory(folder, { force: true });
    expect(await readdir(folder)).toEqual([]);
  });

  it("removes links, not what they point to", async () => {
    const outside = join(folder, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "precious"), "");
    await mkdir(join(folder, "run"));
    await symlink(outside, join(folder, "run", "link"));
    await writeFile(join(folder, "run", "run.json"), "{}");
    await ensureEmptyDirectory(join(folder, "run"), { force: true });
    expect(await readdir(outside)).toEqual(["precious"]);
  });

  it("keeps what is made of a run out of its place", async () => {
    const run = join(folder, "run");
    await mkdir(join(run, "exports"), { recursive: true });
    await writeFile(join(run, "rows.jsonl"), "");
    await expect(requireOutside(join(folder, "run", "."), run)).rejects.toThrow(/outside of the run, found the run/);
    await expect(requireOutside(join(run, "rows.jsonl"), run)).rejects.toThrow(/found a file of it/);
    for (const place of [join(run, "new.jsonl"), join(run, "exports"), join(folder, "elsewhere")]) {
      await expect(requireOutside(place, run)).resolves.toBeUndefined();
    }
  });

  it("refuses a file, forced or not", async () => {
    const path = join(folder, "file");
    await writeFile(path, "x");
    await expect(ensureEmptyDirectory(path, { force: true })).rejects.toThrow(
      `${path}: expected a folder, found a file. Hint: choose another name`,
    );
  });

  it("never empties the working directory or a folder around it", async () => {
    await mkdir(join(folder, "work"));
    vi.spyOn(process, "cwd").mockReturnValue(join(folder, "work"));
    await expect(ensureEmptyDirectory(folder, { force: true })).rejects.toThrow(
      "expected a folder that is safe to empty, found one that holds the working directory or the home folder",
    );
    expect(await readdir(folder)).toEqual(["work"]);
  });
});

describe("a folder whole or not at all", () => {
  const put = (path: string, content: string, force = false) =>
    replaceFolder(path, { force, mark: "run.json" }, async (fresh) => {
      await writeFile(join(fresh, "run.json"), content);
      if (content === "bad") throw Object.assign(new Error("full"), { code: "ENOSPC" });
    });

  it("takes the place of what was there, and nothing is left beside it", async () => {
    const path = join(folder, "deep", "run");
    await put(path, "first");
    await expect(put(path, "second")).rejects.toThrow(/expected a new or empty folder, found a folder with 1 entry/);
    await writeFile(join(path, "more"), "");
    await put(path, "second", true);
    expect(await readdir(path)).toEqual(["run.json"]);
    expect(await readFile(join(path, "run.json"), "utf8")).toBe("second");
    expect(await readdir(join(folder, "deep"))).toEqual(["run"]);
  });

  it("keeps what was there where writing fails", async () => {
    const path = join(folder, "run");
    await expect(put(path, "bad")).rejects.toThrow(
      `${path}: expected a writable place, found no space left on the device`,
    );
    expect(await readdir(folder)).toEqual([]);
    await put(path, "first");
    await expect(put(path, "bad", true)).rejects.toThrow(RunError);
    expect(await readFile(join(path, "run.json"), "utf8")).toBe("first");
    expect(await readdir(folder)).toEqual(["run"]);
  });

  it("replaces no folder of another kind, and not the working directory", async () => {
    await mkdir(join(folder, "other"));
    await writeFile(join(folder, "other", "precious"), "");
    await expect(put(join(folder, "other"), "x", true)).rejects.toThrow(/safe to replace, found one without run.json/);
    await writeFile(join(folder, "file"), "");
    await expect(put(join(folder, "file"), "x", true)).rejects.toThrow("expected a folder, found a file");
    await put(join(folder, "run"), "first");
    vi.spyOn(process, "cwd").mockReturnValue(join(folder, "run"));
    await expect(put(join(folder, "run"), "x", true)).rejects.toThrow("one that holds the working directory");
    expect(await readdir(join(folder, "other"))).toEqual(["precious"]);
  });
});
