import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { ConfigError, nearest } from "../core/index.ts";
import type { Measurement } from "../report/index.ts";
import type { Room, System } from "../systems/index.ts";
import { addAction, type Column, type CommonOptions, formatTable, openTerminal } from "../terminal/index.ts";
import { measureClaims, type PlannedClaim } from "./measure.ts";
import { packageVersion } from "./version.ts";

const schema = z.object({
  scale: z.enum(["quick", "full"]).default("quick").describe("sizes for the first hour, or those of the papers"),
  only: z.array(z.string()).optional().describe("rooms to measure, by name or command; all where it is not given"),
  claims: z.array(z.string()).optional().describe("claims to measure, such as A1; all where it is not given"),
});

const defaultFolder = "report";

/** The rooms that `names` name, each by its name or by its command. */
function chooseRooms(rooms: readonly Room[], names: readonly string[] | undefined): readonly Room[] {
  if (names === undefined) return rooms;
  const known = rooms.flatMap((room) => [room.name, room.command]);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const near = nearest(unknown[0]!, known);
    throw new ConfigError({
      where: "--only",
      expected: `rooms among ${rooms.map((room) => room.name).join(", ")}`,
      found: unknown.join(", "),
      hint: near ? `did you mean ${near}?` : undefined,
    });
  }
  return rooms.filter((room) => names.includes(room.name) || names.includes(room.command));
}

/** The claims that `ids` name. */
function chooseClaims(all: readonly PlannedClaim[], ids: readonly string[] | undefined): readonly PlannedClaim[] {
  if (ids === undefined) return all;
  const unknown = ids.find((id) => all.every(({ claim }) => claim.id !== id));
  if (unknown !== undefined) {
    const expected = `claims among ${all.map(({ claim }) => claim.id).join(", ")}`;
    throw new ConfigError({ where: "--claims", expected, found: unknown });
  }
  return all.filter(({ claim }) => ids.includes(claim.id));
}

/** Columns of fixed width, so that rows can be printed one by one. */
function columnsFor(width: number): Column<Measurement>[] {
  const fixed = (header: string, columnWidth: number, value: (row: Measurement) => string): Column<Measurement> => {
    return { header, value, minWidth: columnWidth, maxWidth: columnWidth };
  };
  const [id, paper, found, holds] = [4, 22, 26, 6];
  return [
    fixed("", id, ({ claim }) => claim.id),
    fixed("claim", Math.max(24, Math.min(width, 140) - id - paper - found - holds - 8), ({ claim }) => claim.statement),
    fixed("paper", paper, ({ claim }) => claim.paper),
    fixed("found", found, ({ finding }) => ("error" in finding ? finding.error : finding.found)),
    fixed("holds", holds, ({ finding }) => ("error" in finding ? "failed" : finding.holds ? "yes" : "no")),
  ];
}

/** With `force`, the report's files are replaced and whatever else is in the folder stays. */
async function prepareFolder(dir: string, force = false): Promise<void> {
  const { ensureEmptyDirectory, makeFolder } = await import("../storage/index.ts");
  await (force ? makeFolder(dir) : ensureEmptyDirectory(dir));
}

async function reproduce(
  rooms: readonly Room[],
  { scale, only, claims }: z.output<typeof schema>,
  raw: CommonOptions,
): Promise<void> {
  const { seed, out = defaultFolder } = raw;
  const chosen = chooseRooms(rooms, only);
  const systems = await Promise.all(chosen.map((room) => room.load()));
  const all = systems.flatMap((system) => system.claims.map((claim) => ({ system, claim })));
  const planned = chooseClaims(all, claims);
  await prepareFolder(out, raw.force);

  const terminal = openTerminal(raw);
  const { signal } = terminal;
  const columns = columnsFor(process.stdout.columns ?? 110);
  const date = new Date();
  let current: System | undefined;
  const progress = terminal.progress("reproduce", planned.length);
  const measurements = await measureClaims(
    planned,
    { scale, seed },
    {
      signal,
      onProgress: (done, { system, claim }) => progress.update(done, `${system.command} ${claim.id}`),
      onMeasured(measurement) {
        if (measurement.system !== current) {
          current = measurement.system;
          terminal.print(`\n${current.title}\n`);
          terminal.print(formatTable([], columns));
        }
        terminal.print(formatTable([measurement], columns, { header: false }));
      },
      onFailure(error, { system, claim }) {
        terminal.warn(
          `${system.name} ${claim.id} failed${raw.debug && error instanceof Error ? `\n${error.stack}` : ""}`,
        );
      },
    },
  );
  progress.stop();

  const { reportDocument, writeReport } = await import("../report/index.ts");
  const document = reportDocument(measurements, {
    version: packageVersion(),
    date,
    machine: {
      cpu: cpus()[0]?.model.trim() || "unknown processor",
      cores: availableParallelism(),
      node: process.version,
    },
    seconds: (Date.now() - date.getTime()) / 1000,
    planned: planned.length,
  });
  await writeReport(out, document);
  terminal.result(document);
  const holding = measurements.filter(({ finding }) => "holds" in finding && finding.holds).length;
  terminal.print(`\n${holding} of ${measurements.length} claims hold.`);
  terminal.info(`The report is ${join(out, "index.html")}.`);
  if (signal.aborted) {
    terminal.warn(`stopped with ${planned.length - measurements.length} of ${planned.length} claims not measured`);
    process.exitCode = 130;
  }
}

/** `tenfold reproduce`: measures the claims of every room and writes the report. */
export function registerReproduce(program: Command, rooms: readonly Room[]): void {
  addAction(program, "reproduce", {
    description: "measure the papers' claims and write report/index.html",
    schema,
    out: defaultFolder,
    load: async () => (options, raw) => reproduce(rooms, options, raw),
  });
}
