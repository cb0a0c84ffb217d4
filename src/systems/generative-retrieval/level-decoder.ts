/** What a search asks of a trained model, whatever its layout. @module */
import type { SemanticIds } from "./semantic-ids.ts";

/** Rows of a search: each goes on from a row of the step before by one more code. */
export interface BeamRows {
  /** Which history each row belongs to. */
  readonly users: Int32Array;
  /** Row of the step before. */
  readonly parents: Int32Array;
  /** Code chosen there. */
  readonly codes: Int32Array;
}

/** Histories that were read, and rows that grow from them. */
export interface Decoding {
  /** log-probabilities of the first code: float32 [histories, codebookSize]. */
  first(): Promise<Float32Array>;
  /** log-probabilities of the code after each row's: float32 [rows, codebookSize]. Rows of the same history lie together. */
  next(rows: BeamRows): Promise<Float32Array>;
}

/** How graphs are run. */
export interface DecoderRuntime {
  /**
   * Threads inside an operator; default all cores, which suits batches of hundreds. One history at a time is quicker with one: its matrices
   * are too small to share.
   */
  readonly threads?: number;
}

/** A trained model as a search sees it. */
export interface LevelDecoder {
  readonly levels: number;
  readonly codebookSize: number;
  /** The most rows of one history in a step. */
  readonly maxBeams: number;
  /**
   * Reads histories, none of them empty.
   *
   * @param ids - of all items of the histories
   * @param users - places of the users, for models with user tokens
   */
  begin(histories: readonly Int32Array[], ids: SemanticIds, users?: Int32Array): Promise<Decoding>;
  /** Frees the sessions. */
  dispose(): Promise<void>;
}
