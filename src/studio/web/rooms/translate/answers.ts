/** What the API says of a dictionary. @module */

export type Side = "source" | "target";

export interface ScoredWord {
  readonly word: string;
  readonly score: number;
}

export interface PlacedWord {
  readonly word: string;
  readonly side: Side;
  readonly role: "itself" | "translation" | "neighbour";
  readonly x: number;
  readonly y: number;
}

/** A word as one of the two languages has it. */
export interface WordSide {
  readonly side: Side;
  readonly translations: readonly (ScoredWord & { readonly mutual: boolean })[];
  readonly own: readonly ScoredWord[];
  readonly other: readonly ScoredWord[];
  readonly picture: readonly PlacedWord[];
  readonly explained: number;
}

export interface LookUpAnswer {
  readonly word: string;
  readonly sides: readonly WordSide[];
}

export interface Overview {
  readonly sourceWords: number;
  readonly targetWords: number;
  readonly surest: readonly { source: string; target: string; score: number }[];
  readonly hubs: readonly { word: string; count: number; bestOf: readonly string[] }[];
}

/** Colours of the theme. */
export const sideColors: Readonly<Record<Side, number>> = { source: 1, target: 2 };

export const otherSide = (side: Side): Side => (side === "source" ? "target" : "source");
