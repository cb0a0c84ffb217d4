/**
 * What every room tells of itself: its paper, its claims as data that can be measured, and its command.
 *
 * @module
 */
import type { Command } from "commander";

/** One line of a chart: `x[i]` against `y[i]`, with an optional band. */
export interface Series {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Lower and upper edge of an interval around `y`. */
  readonly low?: readonly number[];
  readonly high?: readonly number[];
  /** Drawn dashed, without marks: a fitted or theoretical line. */
  readonly reference?: boolean;
}

/** Values from -1 to 1 on a grid, drawn as a heat map: columns side by side, rows in named groups from top to bottom. */
export interface Grid {
  readonly groups: readonly {
    readonly name: string;
    /** [rows, columns] */
    readonly values: readonly (readonly number[])[];
  }[];
}

/** A chart for the report: the numbers and how to read them, not a picture. */
export interface Figure {
  readonly title: string;
  /** One sentence: what to see in it. */
  readonly caption: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xScale?: "linear" | "log";
  readonly yScale?: "linear" | "log";
  readonly series: readonly Series[];
  /** In place of `series`, which is empty then. */
  readonly grid?: Grid;
}

/** How large a claim is measured: `quick` for the first hour (seconds a room), `full` for the paper's sizes. */
export type Scale = "quick" | "full";

export interface ClaimContext {
  readonly scale: Scale;
  readonly seed: number;
  /** Reports progress: the fraction done, in [0, 1]. */
  readonly progress: (fraction: number) => void;
  /** Aborted on Ctrl-C: long work stops at the next opportunity. */
  readonly signal: AbortSignal;
}

/** What was found when a claim was measured. */
export interface Finding {
  /** The figure found, as text with its interval, such as `-3.08 [-3.21, -2.95]`. */
  readonly found: string;
  /** Whether the claim's window holds the figure found. */
  readonly holds: boolean;
  /** The numbers behind `found`, by name, for report.json. */
  readonly values: Readonly<Record<string, number | string | boolean | readonly number[]>>;
  readonly figures?: readonly Figure[];
}

/** A statement of a paper, and how this package measures it. */
export interface Claim {
  /** Stable id within the room, such as `A1`. */
  readonly id: string;
  readonly statement: string;
  /** Section or theorem of the paper, or `ours`. */
  readonly source: string;
  /** One sentence: how it is measured here. */
  readonly method: string;
  /** The paper's figure, as text, such as `slope -3 in K`. */
  readonly paper: string;
  /** The window in which the found figure must lie for the claim to hold, as text. */
  readonly window: string;
  /** A command of the room that looks at the same thing, with sizes of the reader's choice. */
  readonly command: string;
  measure(context: ClaimContext): Promise<Finding>;
}

/** A room: one of the ten methods. */
export interface System {
  /** Folder name and subpath, such as `permutation-sgd`. */
  readonly name: string;
  /** Word on the command line, such as `order`. */
  readonly command: string;
  readonly title: string;
  /** The paper: authors, title, venue, year. */
  readonly paper: string;
  /** One sentence: what the room does for its user. */
  readonly summary: string;
  readonly claims: readonly Claim[];
  /** Adds the room's commands to the program. */
  register(program: Command): void;
}
