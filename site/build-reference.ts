/** The reference of all exports, by TypeDoc. @module */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { Application, LogLevel } from "typedoc";
import * as core from "../src/core/index.ts";

/** Stands for the root of the site until the pages are written; TypeDoc takes whole addresses only. */
const home = "https://root.invalid/";

/**
 * Writes the reference of the package's entries.
 *
 * @returns whether TypeDoc had nothing to warn of, such as a link in a comment that leads nowhere; it says so itself
 */
export async function buildReference(root: string, out: string): Promise<boolean> {
  const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    exports: Record<string, string>;
  };
  const sources = Object.values(exports).map((path) =>
    join(root, path.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts")),
  );
  const app = await Application.bootstrap({
    name: "Tenfold",
    entryPoints: sources,
    tsconfig: join(root, "tsconfig.json"),
    readme: "none",
    // The whole package is checked elsewhere.
    skipErrorChecking: true,
    excludeInternal: true,
    excludeExternals: true,
    excludePrivate: true,
    disableSources: true,
    disableGit: true,
    hideGenerator: true,
    validation: {
      notExported: false,
      invalidLink: true,
      rewrittenLink: false,
      notDocumented: false,
      unusedMergeModuleWith: true,
    },
    navigationLinks: { "All of the site": `${home}index.html` },
    logLevel: LogLevel.Warn,
  });
  // Errors are named in comments of files that only pass them on.
  app.converter.addUnknownSymbolResolver(({ symbolReference }) => {
    const name = symbolReference?.path?.[0]?.path;
    return name?.endsWith("Error") && name in core ? `${home}api/classes/core.${name}.html` : undefined;
  });
  const project = await app.convert();
  if (!project) throw new Error("TypeDoc found nothing to document");
  app.validate(project);
  await app.generateDocs(project, out);
  for (const path of await readdir(out, { recursive: true })) {
    if (!path.endsWith(".html")) continue;
    const depth = path.split(sep).length;
    const text = await readFile(join(out, path), "utf8");
    await writeFile(join(out, path), text.replaceAll(home, "../".repeat(depth)));
  }
  return !app.logger.hasErrors() && !app.logger.hasWarnings();
}
