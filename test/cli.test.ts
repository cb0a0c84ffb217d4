import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const repository = fileURLToPath(new URL("..", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a TypeScript file of the repository as a process of its own; `onError` sees standard error as it grows. */
function run(file: string, args: readonly string[], onError?: (err: string, kill: () => void) => void): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--import", "tsx", join(repository, file), ...args], { cwd: repository });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => {
      out += data;
    });
    child.stderr.on("data", (data) => {
      err += data;
      onError?.(err, () => child.kill("SIGINT"));
    });
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

const tenfold = (...args: string[]) => run("src/cli/main.ts", args);

describe("tenfold", () => {
  test("--version and --help print to standard output and exit with 0", async () => {
    const [version, help] = await Promise.all([tenfold("--version"), tenfold("--help")]);
    expect(version).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: "" });
    expect(help).toMatchObject({ code: 0, err: "" });
    expect(help.out).toMatch(/^Usage: tenfold .*reproduce .*data /s);
  });

  const mistakes: [args: string[], line: RegExp][] = [
    [["reprodce"], /^tenfold: unknown command 'reprodce'\. Hint: did you mean reproduce\?\n$/],
    [["reproduce", "--scal", "full"], /^tenfold: unknown option '--scal'\. Hint: did you mean --scale\?\n$/],
    [["reproduce", "--seed", "x"], /^tenfold: --seed: expected a whole number, found "x"\n$/],
    [
      ["reproduce", "--scale", "ful"],
      /^tenfold: --scale: expected one of quick, full, found "ful"\. Hint: did you mean --scale full\?\n$/,
    ],
    [["data", "get", "nope"], /^tenfold: data set: expected one of mnist, .*found nope.*\n$/],
  ];
  test.each(mistakes)("%j is one line and exits with 2", async (args, line) => {
    const { code, out, err } = await tenfold(...args);
    expect(err).toMatch(line);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  test("a reader that goes away is no error", async () => {
    const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "--help"], { cwd: repository });
    child.stdout.destroy();
    let err = "";
    child.stderr.on("data", (data) => {
      err += data;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });

  test("Ctrl-C writes what was measured and exits with 130", async () => {
    const dir = await mkdtemp(join(tmpdir(), "tenfold-cli-"));
    try {
      let asked = false;
      const args = ["reproduce", "--out", dir, "--json"];
      const { code, out, err } = await run("test/fixtures/slow-rooms.ts", args, (text, interrupt) => {
        if (asked || !text.includes("waiting")) return;
        asked = true;
        interrupt();
      });
      expect(code).toBe(130);
      expect(err).toMatch(/stopping; press Ctrl-C again to stop at once.*1 of 2 claims not measured/s);
      expect(JSON.parse(out)).toEqual(JSON.parse(await readFile(join(dir, "report.json"), "utf8")));
      expect(JSON.parse(out)).toMatchObject({ planned: 2, rooms: [{ claims: [{ id: "A1", status: "holds" }] }] });
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

test("train refuses a label for images", async () => {
  const { code, err } = await tenfold("train", "--data", "digits", "--label", "digit");
  expect({ code, err }).toEqual({
    code: 2,
    err: "tenfold: --label: expected a table to take the column from, found images (digits). Hint: images carry their labels: leave --label out\n",
  });
});
