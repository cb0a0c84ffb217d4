/** Real data for tests, which lies beside the repository and not in it. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";

const folder = join(process.env.TENFOLD_SHARED ?? fileURLToPath(new URL("../../shared", import.meta.url)), "data");

/**
 * A `describe` for tests of the shared data. Where the folder is absent it is skipped, with the reason in its name; under
 * `CI=true` it fails instead.
 *
 * @param fn - defines the tests; `path(relative)` gives the path of a file or folder that must be there
 */
export function describeWithShared(name: string, fn: (path: (relative: string) => string) => void): void {
  if (existsSync(folder)) {
    describe(name, () => fn((relative) => join(folder, relative)));
    return;
  }
  const reason = `no shared data at ${folder}: set TENFOLD_SHARED to the folder that has data/ in it`;
  if (process.env.CI === "true") {
    describe(name, () => {
      it("finds the shared data", () => {
        throw new Error(reason);
      });
    });
    return;
  }
  console.warn(`skipped: ${name} (${reason})`);
  describe.skip(`${name} (${reason})`, () => fn((relative) => join(folder, relative)));
}
