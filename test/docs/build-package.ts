import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The top of the repository. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The package as a reader has it, made of the sources as they are now: JavaScript in `dist/`, starting in half the time of the sources.
 * Remove the folder in the end.
 *
 * @returns a new folder in which `package/` is the package
 */
export async function buildPackage(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "tenfold-docs-build-"));
  const [folder, source] = [join(root, "package"), join(repository, "src")];
  await mkdir(folder);
  const files = (await readdir(source, { recursive: true })).filter((path) => /(?<!\.test|\.d)\.ts$/.test(path));
  const { outputFiles } = await build({
    entryPoints: files.map((path) => join(source, path)),
    outbase: source,
    outdir: join(folder, "dist"),
    format: "esm",
    target: "node20",
    write: false,
    logLevel: "error",
  });
  await Promise.all(
    outputFiles.map(async ({ path, text }) => {
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, text.replace(/((?:from|import)\s*\(?\s*"\.[^"]*)\.ts"/g, '$1.js"'));
    }),
  );
  await writeFile(join(folder, "package.json"), await readFile(join(repository, "package.json")));
  await symlink(join(repository, "data"), join(folder, "data"));
  await symlink(join(repository, "node_modules"), join(root, "node_modules"));
  return root;
}
