import { spawn, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { difference } from "./compare.ts";
import type { Block } from "./page.ts";

/** Milliseconds that one block may take. */
const blockLimit = 120_000;

const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Results of ONNX Runtime depend on the number of threads; pages show those of two, wherever the system can hold programs to two. */
const onTwoCores =
  availableParallelism() > 2 && spawnSync("taskset", ["--version"]).status === 0 ? ["taskset", "-c", "0,1"] : [];

/** What a block came to. */
export interface Outcome {
  readonly block: Block;
  /** What it printed. */
  readonly printed: string;
  /** What is wrong, in words. */
  readonly problem?: string;
}

/** A `node_modules` with `tenfold` and ONNX Runtime in it. */
async function linkPackages(folder: string, built: string): Promise<void> {
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  await symlink(join(built, "package"), join(modules, "tenfold"));
  await symlink(join(built, "node_modules/onnxruntime-node"), join(modules, "onnxruntime-node"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}

/** A folder of programs `tenfold` and `npx`, the latter for `npx tenfold` alone. */
async function writePrograms(folder: string, built: string): Promise<void> {
  const programs = {
    tenfold: `exec '${process.execPath}' '${join(built, "package/dist/cli/main.js")}' "$@"`,
    npx: `test "$1" = tenfold || { echo "npx: only tenfold runs in a test" >&2; exit 1; }\nexec "$@"`,
  };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, name), 0o755);
  }
}

function runProgram(
  file: string,
  args: readonly string[],
  cwd: string,
  path: string,
): Promise<{ readonly printed: string; readonly code: number | null }> {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: `${path}:${process.env.PATH}`, NO_COLOR: "1" };
    const [program, ...words] = [...onTwoCores, file, ...args] as [string, ...string[]];
    const child = spawn(program, words, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
      });
    }
    const timer = setTimeout(() => {
      printed += `\nended after ${blockLimit / 1000} s\n`;
      process.kill(-child.pid!, "SIGKILL");
    }, blockLimit);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ printed, code });
    });
  });
}

/**
 * Runs the blocks of a page in a new folder, in order.
 *
 * @param built - the folder from {@link buildPackage}
 * @param folders - name of a folder in the page -> where it really lies
 * @returns what came of each block that was run
 */
export async function runBlocks(
  blocks: readonly Block[],
  built: string,
  folders: Readonly<Record<string, string>> = {},
): Promise<Outcome[]> {
  const root = await mkdtemp(join(tmpdir(), "tenfold-docs-"));
  const [programs, folder] = [join(root, "bin"), join(root, "page")];
  try {
    await Promise.all([programs, folder].map((path) => mkdir(path)));
    await Promise.all([linkPackages(folder, built), writePrograms(programs, built)]);
    for (const [name, path] of Object.entries(folders)) await symlink(path, join(folder, name));
    const outcomes: Outcome[] = [];
    for (const block of blocks) {
      const { language, text, file, notRun, output, line } = block;
      if (file !== undefined) await writeFile(join(folder, file), text);
      if (file !== undefined || notRun !== undefined || (language !== "sh" && language !== "ts")) continue;
      const program = `block-${line}.ts`;
      if (language === "ts") await writeFile(join(folder, program), text);
      const { printed, code } = await (language === "sh"
        ? runProgram("bash", ["-euo", "pipefail", "-c", `exec 2>&1\n${text}`], folder, programs)
        : runProgram(process.execPath, ["--import", loader, program], folder, programs));
      const expected = /^tenfold: /m.test(output?.text ?? "") ? 2 : 0;
      const different = output && difference(output.text, printed);
      const problem = code === expected ? different : `ended with ${code}, not ${expected}:\n${printed}`;
      outcomes.push({ block, printed, ...(problem !== undefined && { problem }) });
    }
    return outcomes;
  } finally {
    await rm(root, { recursive: true });
  }
}
