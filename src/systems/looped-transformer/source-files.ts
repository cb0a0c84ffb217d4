/** Programs from files, and those that come with the package. @module */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError, nearest } from "../../core/index.ts";
import { readFailure } from "../../storage/index.ts";
import type { SourceFiles } from "./assembler/preprocess.ts";

/** The folder of programs that come with the package: two levels above this one's in the sources and in what is built of them. */
const library = fileURLToPath(new URL("../../../data/looped-programs/", import.meta.url));

const stemOf = (file: string) => file.slice(0, -extname(file).length);

/** Whether a path is that of a source, by its ending. Others are compiled programs. */
export function isSource(path: string): boolean {
  return [".loop", ".subleq", ".fleq"].includes(extname(path));
}

/** The names of the programs that come with the package, such as `factorial.loop`. */
export async function libraryPrograms(): Promise<string[]> {
  return (await readdir(library)).sort();
}

/**
 * The path of a program: a file, or one of the package's by name, with or without its ending.
 *
 * @throws {DataError} where there is neither
 */
export async function findProgram(name: string): Promise<string> {
  const known = await libraryPrograms();
  const there = await stat(name).catch(() => undefined);
  // A name of the package's is not hidden by a folder or a file without an ending.
  const hides = there !== undefined && (extname(name) !== "" || !known.some((file) => stemOf(file) === name));
  if (hides) return name;
  const match = known.find((file) => file === name || stemOf(file) === name);
  if (match) return join(library, match);
  const near = nearest(name, known.map(stemOf));
  throw new DataError({
    where: name,
    expected: "a file .subleq, .fleq or .loop, or a program of the package",
    found: "neither",
    hint: near === undefined ? "tenfold loop programs lists those of the package" : `did you mean ${near}?`,
  });
}

/** Files on disk; included ones are looked for beside the file that includes them. Messages name the package's programs by name alone. */
export function diskFiles(): SourceFiles {
  const paths = new Map<string, string>();
  return {
    async read(path, from) {
      const absolute = from === undefined ? resolve(path) : resolve(dirname(paths.get(from)!), path);
      const shown = from === undefined || isAbsolute(path) ? path : join(dirname(from), path);
      const name = absolute.startsWith(library) ? basename(absolute) : shown;
      paths.set(name, absolute);
      try {
        return { name, text: await readFile(absolute, "utf8") };
      } catch (error) {
        throw readFailure(name, error);
      }
    },
  };
}
