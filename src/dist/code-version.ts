import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

let known: Promise<string> | undefined;

/**
 * What must be alike on all machines of a fleet for their bytes to be alike: the package's code (as a hash of its files), the
 * major version of Node, and the kind of processor.
 *
 * @returns such as `3f2a90c1be77-node20-x64`
 */
export function codeVersion(): Promise<string> {
  known ??= hashOfCode().then((hash) => `${hash}-node${process.versions.node.split(".")[0]}-${process.arch}`);
  return known;
}

/** Twelve hex digits of the SHA-256 of all code under the folder that holds `dist/`, tests left out. */
async function hashOfCode(): Promise<string> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const files = (await readdir(root, { recursive: true }))
    .filter((name) => /(?<!\.test|\.d)\.[jt]s$/.test(name))
    .sort();
  const hash = createHash("sha256");
  for (const name of files) hash.update(`${name}\n`).update(await readFile(join(root, name)));
  return hash.digest("hex").slice(0, 12);
}
