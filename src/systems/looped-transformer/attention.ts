/** Attention heads that read and write by pointers. @module */
import { assert } from "../../core/index.ts";
import { type RowRange, rowAt } from "./rows.ts";
import { type Entry, type SparseMatrix, sparseMatrix } from "./sparse-matrix.ts";
import type { Head } from "./transformer.ts";

/** A copy that a head makes: rows `from` of the columns attended to are added to rows `to`. */
export interface Copy {
  readonly from: RowRange;
  readonly to: RowRange;
}

/** [width, width]: adds rows `from` to rows `to`. */
export function copyRows(width: number, copies: readonly Copy[]): SparseMatrix {
  const rows: Entry[][] = Array.from({ length: width }, () => []);
  for (const { from, to } of copies) {
    assert(from.size === to.size, `${to.name} of ${to.size} rows from ${from.name} of ${from.size}`);
    for (let i = 0; i < from.size; i++) rows[rowAt(to, i)]!.push([rowAt(from, i), 1]);
  }
  return sparseMatrix(width, rows);
}

/**
 * A head in which a scratch column attends to itself and to the column that its pointer names, half and half, and that column to
 * both as well; every other column attends to itself.
 *
 * Query and key are the same: position code plus pointer. Positions of scratch columns are 0, so that their address is the
 * pointer; pointers of other columns are 0, so that theirs is the position.
 *
 * @param pointer - ranges that together have as many rows as `position`
 */
export function pointerHead(
  name: string,
  width: number,
  position: RowRange,
  pointer: readonly RowRange[],
  copies: readonly Copy[],
): Head {
  const pointerRows = pointer.flatMap((range) => Array.from({ length: range.size }, (_, i) => rowAt(range, i)));
  assert(pointerRows.length === position.size, `a pointer of ${pointerRows.length} rows for ${position.size}`);
  const address = sparseMatrix(
    width,
    pointerRows.map((row, i): Entry[] => [
      [row, 1],
      [rowAt(position, i), 1],
    ]),
  );
  return { name, query: address, key: address, value: copyRows(width, copies) };
}
