import type { Claim, Figure, Finding, Scale, System } from "../systems/index.ts";

/** One claim, measured or tried. */
export interface Measurement {
  readonly system: System;
  readonly claim: Claim;
  readonly scale: Scale;
  readonly seed: number;
  /** Wall time of the measurement, seconds. */
  readonly seconds: number;
  /** What was found, or the line of the error that ended the measurement. */
  readonly finding: Finding | { readonly error: string };
}

/** What a report says of its own making. */
export interface ReportContext {
  /** Version of this package. */
  readonly version: string;
  /** When the measurements began. */
  readonly date: Date;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  /** Wall time of everything, seconds. */
  readonly seconds: number;
  /** How many claims were to be measured: more than were, where the run was stopped. */
  readonly planned: number;
}

/** A claim in `report.json`. */
export interface ClaimReport {
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly method: string;
  readonly paper: string;
  readonly window: string;
  /** The command that repeats this very measurement. */
  readonly repeat: string;
  /** The claim's command, to look closer, with the seed that was used here. */
  readonly look: string;
  readonly scale: Scale;
  readonly seed: number;
  readonly seconds: number;
  readonly status: "holds" | "does not hold" | "failed";
  /** Absent where the measurement failed. */
  readonly found?: string;
  /** Why the measurement failed. */
  readonly error?: string;
  readonly values: Finding["values"];
  readonly figures: readonly Figure[];
}

/** A room in `report.json`. */
export interface RoomReport {
  readonly name: string;
  readonly title: string;
  readonly paper: string;
  readonly summary: string;
  readonly claims: readonly ClaimReport[];
}

/** All that is in `report.json`, from which the page is made. */
export interface ReportDocument {
  readonly version: string;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: ReportContext["machine"];
  readonly seconds: number;
  readonly planned: number;
  readonly rooms: readonly RoomReport[];
}

function claimReport({ system, claim, scale, seed, seconds, finding }: Measurement): ClaimReport {
  const { id, statement, source, method, paper, window } = claim;
  const seeded = seed === 0 ? "" : ` --seed ${seed}`;
  const repeat = `tenfold reproduce --only ${system.command} --claims ${id} --scale ${scale}${seeded}`;
  const look = claim.command.includes("--seed") ? claim.command : `${claim.command}${seeded}`;
  const told = { id, statement, source, method, paper, window, repeat, look, scale, seed, seconds };
  if ("error" in finding) return { ...told, status: "failed", error: finding.error, values: {}, figures: [] };
  const { found, holds, values, figures = [] } = finding;
  return { ...told, status: holds ? "holds" : "does not hold", found, values, figures };
}

/**
 * The document of a report: measurements grouped by room, in the order in which they come. It is plain JSON; a number in a
 * figure or in a finding's values that is not finite is null.
 *
 * @param measurements - those of one room next to each other
 */
export function reportDocument(measurements: readonly Measurement[], context: ReportContext): ReportDocument {
  const rooms = new Map<string, { system: System; claims: ClaimReport[] }>();
  for (const measurement of measurements) {
    const { system } = measurement;
    const room = rooms.get(system.name) ?? { system, claims: [] };
    rooms.set(system.name, room);
    room.claims.push(claimReport(measurement));
  }
  const { version, date, machine, seconds, planned } = context;
  const document: ReportDocument = {
    version,
    date: date.toISOString(),
    machine,
    seconds,
    planned,
    rooms: [...rooms.values()].map(({ system: { name, title, paper, summary }, claims }) => {
      return { name, title, paper, summary, claims };
    }),
  };
  return JSON.parse(JSON.stringify(document)) as ReportDocument;
}
