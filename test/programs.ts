import { spawnSync } from "node:child_process";
import { describe, test } from "vitest";

/** A program that some tests need and that a machine may lack. */
export interface Program {
  readonly name: string;
  /** A command that succeeds where the program is there. */
  readonly probe: readonly [file: string, ...args: string[]];
}

/** Debian's Python with the ONNX checker. */
export const pythonOnnx: Program = { name: "python3-onnx", probe: ["/usr/bin/python3", "-c", "import onnx"] };

/** Debian's Python with PyTorch. */
export const pythonTorch: Program = { name: "python3-torch", probe: ["/usr/bin/python3", "-c", "import torch"] };

/** Any C compiler. */
export const cCompiler: Program = { name: "a C compiler", probe: ["cc", "--version"] };

/** Debian's browser. */
export const chromium: Program = { name: "chromium", probe: ["/usr/bin/chromium", "--version"] };

const probed = new Map<string, boolean>();

function isThere({ name, probe: [file, ...args] }: Program): boolean {
  const known = probed.get(name);
  if (known !== undefined) return known;
  const there = spawnSync(file, args, { stdio: "ignore", timeout: 60_000 }).status === 0;
  probed.set(name, there);
  return there;
}

/**
 * A suite that needs `program`. Where it is missing, the suite is skipped and the reason printed; with `CI=true` it fails
 * instead, so that nothing goes untested unseen.
 */
export function describeWith(program: Program, title: string, suite: () => void): void {
  if (isThere(program)) {
    describe(title, suite);
    return;
  }
  const reason = `needs ${program.name}: \`${program.probe.join(" ")}\` fails`;
  if (process.env.CI === "true") {
    test(title, () => {
      throw new Error(`${reason}, and CI=true does not allow to skip it`);
    });
    return;
  }
  process.stderr.write(`skipped: ${title} (${reason})\n`);
  describe.skip(`${title} (${reason})`, suite);
}
