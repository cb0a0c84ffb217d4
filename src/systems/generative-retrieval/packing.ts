/** Sequences of different lengths in rows of one length, several a row, so that next to no position is padding. @module */
import { type HostTensor, hostTensor } from "../../core/index.ts";

/** A piece of a sequence. `items[i + 1]` comes after `items[i]`. */
export type Piece = Int32Array;

/** Where a piece went. */
export interface Place {
  readonly row: number;
  readonly start: number;
}

/** Rows of positions: which piece each belongs to, and where in it it stands. */
export interface Packing {
  readonly rows: number;
  readonly length: number;
  readonly places: readonly Place[];
}

/**
 * Packs pieces into rows, the longest first, each into the row where it leaves least room.
 *
 * @param sizes - positions of each piece, at most `length`
 * @remarks Best-fit decreasing: at most 11/9 of the fewest rows, plus a few.
 */
function pack(sizes: readonly number[], length: number): Packing {
  const order = Array.from(sizes.keys()).sort((a, b) => sizes[b] - sizes[a] || a - b);
  /** Rows by the room they have left. */
  const open: number[][] = Array.from({ length: length + 1 }, () => []);
  const places: Place[] = [];
  let rows = 0;
  for (const piece of order) {
    const size = sizes[piece];
    let room = size;
    while (room <= length && open[room].length === 0) room++;
    const row = room <= length ? (open[room].pop() ?? 0) : rows++;
    const left = Math.min(room, length);
    places[piece] = { row, start: length - left };
    open[left - size].push(row);
  }
  return { rows, length, places };
}

/** Features of a position before the codes: the piece's number within its row, from 1 (0 is padding), and the place within it. */
export const positionFeatures = 2;

/** Code tables: what is written at a position for an item, such as its semantic ID. */
export interface CodeTable {
  readonly codes: Int32Array;
  readonly width: number;
}

/** Examples of sequence models: int32 tensors whose first axis counts rows. */
export interface Examples {
  /** int32 [rows, length, 2 + 2 width]: piece, place, the item's codes, the next item's codes. */
  readonly inputs: HostTensor;
  /** int32 [rows, length, width]: the next item's codes, -1 at padding. */
  readonly targets: HostTensor;
  /** Positions that have a target. */
  readonly count: number;
}

/**
 * Training examples of causal sequence models: each position tells the item after it. Sequences longer than a row are cut from their
 * end, so that the latest items have the longest histories.
 *
 * @param sequences - places of items; those of fewer than two are left out
 */
export function packExamples(sequences: readonly Piece[], length: number, { codes, width }: CodeTable): Examples {
  const pieces: Piece[] = [];
  for (const sequence of sequences) {
    for (let end = sequence.length; end > 1; end -= length)
      pieces.push(sequence.subarray(Math.max(0, end - length - 1), end));
  }
  const { rows, places } = pack(
    pieces.map((piece) => piece.length - 1),
    length,
  );
  const features = positionFeatures + 2 * width;
  const inputs = new Int32Array(rows * length * features);
  const targets = new Int32Array(rows * length * width).fill(-1);
  const taken = new Int32Array(rows);
  let count = 0;
  const codesOf = (item: number) => codes.subarray(item * width, (item + 1) * width);
  for (const [i, piece] of pieces.entries()) {
    const { row, start } = places[i];
    taken[row]++;
    for (let at = 0; at + 1 < piece.length; at++) {
      const position = row * length + start + at;
      inputs.set([taken[row], at, ...codesOf(piece[at]), ...codesOf(piece[at + 1])], position * features);
      targets.set(codesOf(piece[at + 1]), position * width);
      count++;
    }
  }
  return {
    inputs: hostTensor(inputs, [rows, length, features]),
    targets: hostTensor(targets, [rows, length, width]),
    count,
  };
}

/** Histories to be read: int32 [rows, length, 2 + width], and where the last position of each history is. */
export interface PackedHistories {
  readonly inputs: HostTensor;
  /** int32[histories]: row · length + column. */
  readonly last: Int32Array;
}

/**
 * Packs the last `length` items of each history. An empty history has no position, and must not be asked for.
 */
export function packHistories(
  histories: readonly Piece[],
  length: number,
  { codes, width }: CodeTable,
): PackedHistories {
  const pieces = histories.map((history) => history.subarray(-length));
  const { rows, places } = pack(
    pieces.map((piece) => piece.length),
    length,
  );
  const features = positionFeatures + width;
  const inputs = new Int32Array(rows * length * features);
  const taken = new Int32Array(rows);
  const last = Int32Array.from(pieces, (piece, i) => {
    const { row, start } = places[i];
    taken[row]++;
    for (const [at, item] of piece.entries()) {
      const own = codes.subarray(item * width, (item + 1) * width);
      inputs.set([taken[row], at, ...own], (row * length + start + at) * features);
    }
    return row * length + start + piece.length - 1;
  });
  return { inputs: hostTensor(inputs, [rows, length, features]), last };
}
