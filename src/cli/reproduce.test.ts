import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConfigError } from "../core/index.ts";
import type { ReportDocument } from "../report/index.ts";
import type { Claim, Room, System } from "../systems/index.ts";
import { createProgram } from "./program.ts";

let dir: string;
let out: string;
let err: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tenfold-reproduce-"));
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

afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await rm(dir, { recursive: true });
});

function claim(id: string, measure: Claim["measure"]): Claim {
  const command = "tenfold order bench --seed 0 --json";
  return { id, statement: `Statement ${id}`, source: "ours", method: "m", paper: "p", window: "w", command, measure };
}

function room(name: string, command: string, claims: readonly Claim[]): Room {
  const system: System = {
    name,
    command,
    title: `The title of ${name}`,
    paper: "Authors: Title. Venue, year",
    summary: "What it does.",
    claims,
    register(program) {
      program.command(command).description("what the command does");
    },
  };
  const { title } = system;
  return { name, command, title, load: async () => system };
}

const rooms = [
  room("permutation-sgd", "order", [
    claim("A1", async ({ scale, seed, progress }) => {
      progress(0.5);
      return { found: `${scale} ${seed}`, holds: true, values: { seed } };
    }),
    claim("A2", async () => {
      throw new ConfigError({ where: "--n", expected: "a number", found: "x" });
    }),
    claim("A3", async () => ({ found: "other", holds: false, values: {} })),
  ]),
  room("local-sgd", "local", [
    claim("B1", async () => {
      throw new TypeError("oops");
    }),
  ]),
];

async function run(...args: string[]): Promise<void> {
  const program = await createProgram(rooms, args);
  await program.parseAsync(args, { from: "user" });
}

async function report(): Promise<ReportDocument> {
  return JSON.parse(await readFile(join(dir, "report.json"), "utf8")) as ReportDocument;
}

test("every claim is measured, whatever happens to the others, and the report is written", async () => {
  await run("reproduce", "--seed", "7", "--out", dir);
  expect(process.exitCode).toBeUndefined();
  const { rooms, planned } = await report();
  expect(planned).toBe(4);
  expect(
    rooms.flatMap(({ claims }) => claims.map(({ id, status, found, error }) => [id, status, found ?? error])),
  ).toEqual([
    ["A1", "holds", "quick 7"],
    ["A2", "failed", "--n: expected a number, found x"],
    ["A3", "does not hold", "other"],
    ["B1", "failed", "internal error: oops"],
  ]);
  expect((await readdir(dir)).sort()).toEqual(["index.html", "report.json"]);
  expect(out).toMatch(/The title of permutation-sgd\n.*claim .*paper .*found .*holds\n/s);
  expect(out).toMatch(/A1 +Statement A1 +p +quick 7 +yes\n/);
  expect(out).toMatch(/A3 +Statement A3 +p +other +no\n/);
  expect(out).toMatch(/1 of 4 claims hold\.\n$/);
  expect(err).toMatch(/warning: permutation-sgd A2 failed\nwarning: local-sgd B1 failed\n.*index\.html/s);
});

test("--only takes names and commands; --json prints the report", async () => {
  await run("reproduce", "--only", "order", "--scale", "full", "--json", "--quiet", "--out", dir);
  expect(JSON.parse(out)).toEqual(await report());
  expect(err).toBe("");
  expect((await report()).rooms.map(({ name }) => name)).toEqual(["permutation-sgd"]);
  expect((await report()).rooms[0]!.claims[0]!.found).toBe("full 0");
});

test("bad input is one line and nothing is written", async () => {
  await run("reproduce", "--only", "local,ordr", "--out", dir);
  expect(err).toBe(
    "tenfold: --only: expected rooms among permutation-sgd, local-sgd, found ordr. Hint: did you mean order?\n",
  );
  expect(process.exitCode).toBe(2);
  expect(await readdir(dir)).toEqual([]);
});

test("a report that is there is kept without --force", async () => {
  await run("reproduce", "--only", "order", "--seed", "1", "--out", dir);
  await run("reproduce", "--only", "order", "--seed", "2", "--out", dir);
  expect(process.exitCode).toBe(2);
  expect(err).toMatch(/tenfold: .*: expected a new or empty folder, found .* with --force/);
  expect((await report()).rooms[0]!.claims[0]!.seed).toBe(1);
  await run("reproduce", "--only", "order", "--seed", "2", "--out", dir, "--force");
  expect((await report()).rooms[0]!.claims[0]!.seed).toBe(2);
});

test("the help lists the rooms, and a room is loaded where its command is named", async () => {
  (await createProgram(rooms, ["--help"])).outputHelp();
  expect(out).toMatch(/Rooms:\n {2}order +The title of permutation-sgd \(permutation-sgd\)\n {2}local +The title/);
  const [order, local] = (await createProgram(rooms, ["help", "order"])).commands;
  expect(order!.description()).toBe("what the command does");
  expect(local!.description()).toBe("The title of local-sgd (local-sgd)");
});
