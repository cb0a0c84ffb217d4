import { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConfigError, nearest } from "../core/index.ts";
import { formatTable, openTerminal, runAction } from "./index.ts";
import { barProgress, lineProgress, progressText } from "./progress.ts";

let out: string;
let err: string;

beforeEach(() => {
  out = "";
  err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  process.exitCode = undefined;
});

const columns = [
  { header: "order", value: (row: { name: string; slope: number }) => row.name, maxWidth: 10 },
  { header: "slope", value: (row: { name: string; slope: number }) => row.slope },
];

test("results go to standard output, notes to standard error", () => {
  const terminal = openTerminal({});
  terminal.info("reading");
  terminal.warn("odd");
  terminal.print("line");
  terminal.table([{ name: "rr", slope: -3 }], columns);
  terminal.result({ a: 1 });
  expect(err).toBe("reading\nwarning: odd\n");
  expect(out).toBe("line\norder  slope\n-----  -----\nrr        -3\n");
});

test("with --json standard output is one document", () => {
  const terminal = openTerminal({ json: true });
  terminal.print("line");
  terminal.table([{ name: "rr", slope: -3 }], columns);
  terminal.result({ a: [1, null], b: new Float64Array([2]) });
  expect(JSON.parse(out)).toEqual({ a: [1, null], b: [2] });
  expect(() => terminal.result({})).toThrow(/internal: a command has one result/);
  for (const document of [{ a: Number.NaN }, [Number.POSITIVE_INFINITY], new Float32Array([Number.NaN])]) {
    expect(() => openTerminal({ json: true }).result(document)).toThrow(/internal: result holds/);
  }
});

test("with --quiet standard error is empty", () => {
  const terminal = openTerminal({ quiet: true });
  terminal.info("reading");
  terminal.warn("odd");
  const progress = terminal.progress("steps", 10);
  progress.update(10);
  progress.stop();
  expect(err).toBe("");
});

test("wide cells wrap and rows can be printed one by one", () => {
  const rows = [{ name: "random reshuffling", slope: -3.1 }];
  expect(formatTable(rows, columns)).toBe("order        slope\n-----------  -----\nrandom        -3.1\nreshuffling");
  expect(formatTable(rows.slice(0, 0), columns)).toBe("order  slope\n-----  -----");
  expect(
    formatTable([{ name: "a", slope: 1 }], [{ ...columns[0]!, minWidth: 8 }, columns[1]!], { header: false }),
  ).toBe("a             1");
});

test("progress says how much is done, how fast, and how long it takes yet", () => {
  expect(progressText(0, 100, 0)).toBe("0/100");
  expect(progressText(50, 100, 4)).toBe("50/100, 12.5/s, 4 s left");
  expect(progressText(0.001, 1, 4)).toBe("0 %");
  expect(progressText(2, 10, 240)).toBe("2/10, 2 min 0 s each, 16 min 0 s left");
  expect(progressText(0.25, 1, 3600)).toBe("25 %, 3 h 0 min left");
  expect(progressText(1, 1, 1)).toBe("100 %");
});

test("where there is no terminal, progress is a line at most every 5 seconds", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const lines: string[] = [];
  const progress = lineProgress((line) => lines.push(line), "steps", 100);
  for (let step = 1; step <= 12; step++) {
    vi.advanceTimersByTime(1000);
    progress.update(step, `loss ${step}`);
  }
  expect(lines).toEqual([
    "steps: 5/100, 1.00/s, 1 min 35 s left (loss 5)",
    "steps: 10/100, 1.00/s, 1 min 30 s left (loss 10)",
  ]);
});

test("on a terminal, progress is one line that is cleared in the end", () => {
  let drawn = "";
  const stream = Object.assign(Object.create(process.stderr) as NodeJS.WriteStream, {
    isTTY: true,
    columns: 60,
    write: (text: string) => {
      drawn += text;
      return true;
    },
    cursorTo: () => true,
    clearLine: () => true,
    clearScreenDown: () => true,
  });
  const progress = barProgress(stream, "steps", 4);
  progress.update(4, "a note that is much too long for the line of the terminal");
  progress.stop();
  expect(drawn).toContain("steps ████████████████████████ 4/4");
  expect(drawn).not.toContain("\n");
});

test("an action's errors become one line and an exit code", async () => {
  const command = new Command().option("--debug").exitOverride();
  const run = async (error: unknown, ...args: string[]) => {
    err = "";
    command.action(
      runAction(() => {
        throw error;
      }),
    );
    await command.parseAsync(args, { from: "user" });
    return process.exitCode;
  };
  const user = new ConfigError({ where: "--n", expected: "a\nnumber", found: "x" });
  expect(await run(user)).toBe(2);
  expect(err).toBe("tenfold: --n: expected a number, found x\n");
  expect(await run(new TypeError("oops"))).toBe(1);
  expect(err).toBe("tenfold: internal error: oops. Hint: --debug shows the stack\n");
  expect(await run(new DOMException("aborted", "AbortError"))).toBe(130);
  expect(err).toBe("tenfold: stopped\n");
  expect(await run(user, "--debug")).toBe(2);
  expect(err).toMatch(/^tenfold: --n: .*\nConfigError: .*\n +at /s);
});

test("the nearest candidate is close or none", () => {
  const words = ["quadratic", "logistic", "order"];
  expect(nearest("quadratc", words)).toBe("quadratic");
  expect(nearest("LOGSITIC", words)).toBe("logistic");
  expect(nearest("log", words)).toBe("logistic");
  expect(nearest("zebra", words)).toBeUndefined();
});
