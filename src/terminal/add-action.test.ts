import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { addAction } from "./index.ts";

const schema = z.object({
  k: z.int().min(1).default(5).describe("how many"),
  set: z.array(z.string()).default([]).meta({ repeat: "name=value" }).describe("data to begin with"),
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Calls `tenfold room lookup …` and gives what the action was given. */
async function call(...args: string[]): Promise<unknown[]> {
  const given: unknown[] = [];
  const program = new Command("tenfold").exitOverride();
  addAction(program.command("room"), "lookup <run> [words...]", {
    description: "look words up",
    argumentHelp: { run: "folder of a run" },
    schema,
    out: "there",
    load: async () => (run, words, options, raw, command) => {
      given.push(run, words, options, raw.seed, raw.out, command.name());
    },
  });
  await program.parseAsync(["room", "lookup", ...args], { from: "user" });
  return given;
}

test("arguments, checked options and the common ones reach what runs", async () => {
  const given = await call("RUN", "haus", "baum", "--k", "7", "--set", "n=1,2", "--set", "m=3", "--seed", "4");
  expect(given).toEqual(["RUN", ["haus", "baum"], { k: 7, set: ["n=1,2", "m=3"] }, 4, "there", "lookup"]);
  expect(await call("RUN")).toEqual(["RUN", [], { k: 5, set: [] }, 0, "there", "lookup"]);
});

test("a wrong option is one line that names the command, and nothing runs", async () => {
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  expect(await call("RUN", "--k", "0")).toEqual([]);
  expect(process.exitCode).toBe(2);
  expect(written.mock.calls.join("")).toBe(
    'tenfold: --k: expected a whole number of at least 1, found "0". Hint: tenfold room lookup --help lists the options\n',
  );
});

test("help shows arguments, placeholders and defaults", () => {
  const command = addAction(new Command("tenfold"), "lookup <run>", {
    description: "look words up",
    argumentHelp: { run: "folder of a run" },
    schema,
    load: async () => () => {},
  });
  const help = command.helpInformation();
  expect(help).toContain("run                 folder of a run");
  expect(help).toContain("--k <n>             how many (at least 1; default: 5)");
  expect(help).toContain("--set <name=value>  data to begin with (may be repeated)");
  expect(help).not.toContain("--out");
});
