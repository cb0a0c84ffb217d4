import { access } from "node:fs/promises";
import { DataError } from "../../core/index.ts";
import { readFileBytes } from "../../storage/index.ts";

/** Whether a value is an object with keys. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads a JSON file that holds an object.
 *
 * @throws {DataError} where it cannot be read, or holds something else
 */
export async function readJson(path: string): Promise<Record<string, unknown>> {
  const text = new TextDecoder().decode(await readFileBytes(path));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new DataError({ where: path, expected: "JSON", found, cause: error });
  }
  if (isObject(value)) return value;
  throw new DataError({ where: path, expected: "a JSON object", found: text.slice(0, 40) });
}

/** {@link readJson}, or undefined where there is no such file. */
export async function readJsonIfThere(path: string): Promise<Record<string, unknown> | undefined> {
  return (await isThere(path)) ? readJson(path) : undefined;
}

/** Whether there is a file or folder at `path`. */
export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
