import { Command } from "commander";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { System } from "../src/systems/claim.ts";

/** What a room's command printed in the current test. */
export interface Printed {
  out: string;
  errors: string;
}

/**
 * A room's command run in this process, with what it prints caught. Call it once in a test file, outside of tests.
 *
 * @returns `run` with `--quiet`; `runJson`, which also expects no complaint and reads the document; what the last of either printed
 */
export function roomCommand(room: System): {
  printed: Printed;
  run: (...words: string[]) => Promise<void>;
  runJson: <T>(...words: string[]) => Promise<T>;
} {
  const printed: Printed = { out: "", errors: "" };
  beforeEach(() => {
    Object.assign(printed, { out: "", errors: "" });
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      printed.out += String(text);
      return true;
    });
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      printed.errors += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });
  const run = async (...words: string[]): Promise<void> => {
    Object.assign(printed, { out: "", errors: "" });
    const program = new Command("tenfold").exitOverride();
    room.register(program);
    await program.parseAsync([room.command, ...words, "--quiet"], { from: "user" });
  };
  const runJson = async <T>(...words: string[]): Promise<T> => {
    await run(...words, "--json");
    expect(printed.errors).toBe("");
    return JSON.parse(printed.out) as T;
  };
  return { printed, run, runJson };
}
