/** Matrices that are nearly empty: a list of entries, row by row. @module */
import { assert, type HostTensor, hostTensor } from "../../core/index.ts";

/** A matrix as the entries that are not 0. */
export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Rows that have entries, ascending. */
  readonly filled: Int32Array;
  /** int32[rows + 1]: where each row's entries begin. */
  readonly starts: Int32Array;
  /** int32[entries]: the column of each entry. */
  readonly indices: Int32Array;
  /** float64[entries] */
  readonly values: Float64Array;
}

/** An entry: `[column, value]`. */
export type Entry = readonly [column: number, value: number];

/**
 * A matrix from the entries of its rows. Entries at the same place add up; those that come to 0 are left out.
 *
 * @param columns - number of columns
 */
export function sparseMatrix(columns: number, rows: readonly (readonly Entry[])[]): SparseMatrix {
  const starts = new Int32Array(rows.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  for (const [r, entries] of rows.entries()) {
    const summed = new Map<number, number>();
    for (const [column, value] of entries) {
      assert(column >= 0 && column < columns, `an entry in column ${column} of ${columns}`);
      summed.set(column, (summed.get(column) ?? 0) + value);
    }
    for (const [column, value] of [...summed].sort(([a], [b]) => a - b)) {
      if (value === 0) continue;
      indices.push(column);
      values.push(value);
    }
    starts[r + 1] = indices.length;
  }
  const filled = Int32Array.from(rows.keys()).filter((r) => starts[r + 1]! > starts[r]!);
  return {
    rows: rows.length,
    columns,
    filled,
    starts,
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
  };
}

/** The entries of row `row`. */
export function rowEntries({ starts, indices, values }: SparseMatrix, row: number): Entry[] {
  return Array.from({ length: starts[row + 1]! - starts[row]! }, (_, e) => {
    const at = starts[row]! + e;
    return [indices[at]!, values[at]!];
  });
}

/** The transposed matrix in full, [columns, rows], each value times `factor`. */
export function denseTransposed(matrix: SparseMatrix, dtype: "float32" | "float64", factor = 1): HostTensor {
  const { rows, columns, starts, indices, values } = matrix;
  const full = dtype === "float32" ? new Float32Array(rows * columns) : new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let e = starts[r]!; e < starts[r + 1]!; e++) full[indices[e]! * rows + r] = values[e]! * factor;
  }
  return hostTensor(full, [columns, rows]);
}
