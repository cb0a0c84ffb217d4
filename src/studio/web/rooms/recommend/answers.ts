/** What the API says of items and of what comes next. @module */

export interface ShownItem {
  readonly id: string;
  readonly title: string;
  readonly semanticId: readonly number[];
  /** Interactions in the training part. */
  readonly count: number;
}

export interface IdTree {
  readonly count: number;
  readonly children: readonly { readonly code: number; readonly count: number; readonly example: ShownItem }[];
}

export interface UserHistory {
  readonly name: string;
  readonly users: number;
  readonly history: readonly ShownItem[];
  readonly next: ShownItem | null;
}

export interface KeptPrefix {
  readonly prefix: readonly number[];
  readonly score: number;
  readonly count: number;
  readonly goesOn: number;
}

export interface BeamLevel {
  readonly considered: number;
  readonly kept: readonly KeptPrefix[];
}

export interface NextItems {
  readonly items: readonly (ShownItem & {
    readonly score: number;
    readonly source: "model" | "popular" | "prefix" | "neighbour";
  })[];
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
  readonly beam: readonly BeamLevel[];
}

/** `181-30-246-0` */
export const idText = (codes: readonly number[]): string => codes.join("-");
