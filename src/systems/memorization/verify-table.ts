/** A network held against a table, from the file alone. @module */

import type { WorkHooks } from "../../core/index.ts";
import { findDistinct, resolveLabels } from "./duplicates.ts";
import { applyEncoding } from "./encoding.ts";
import { forward } from "./forward.ts";
import { encodeLabels } from "./label-coding.ts";
import { countNetwork, type NetworkCensus } from "./network.ts";
import type { NetworkFile } from "./network-file.ts";
import { roundingFactor } from "./points.ts";
import type { TableSource } from "./table-source.ts";

/** What {@link verifyTable} finds. */
export interface Verification extends NetworkCensus {
  readonly n: number;
  /** Fraction of rows whose own label the network gives. */
  readonly accuracy: number;
  /** Rows of the file with another answer than their label, the first 100 of `wrong`. */
  readonly wrongRows: readonly number[];
  readonly wrong: number;
  /** Rows among `wrong` that are the same in all features as a row with another label: no function gives both. */
  readonly wrongInConflicts: number;
  /** Whether every row has its label, but for those of `wrongInConflicts`. */
  readonly exact: boolean;
  /** Whether the table is, byte for byte, the one that was memorized. */
  readonly sameTable: boolean;
  /** Cells with a text, or a gap, that the table that was memorized did not have. */
  readonly unknownCells: number;
  /** Rows whose label the table that was memorized did not have. */
  readonly unknownLabels: number;
  readonly smallestMargin: number;
  /** Whether the margins are so large that any order of summation in float64 gives the same answers. */
  readonly float64Safe: boolean;
  /** The same for a first layer computed in float32. */
  readonly float32Safe: boolean;
}

/**
 * Runs every row through the weights of a file, layer after layer, and compares with the labels.
 *
 * @param source - the table; its columns are found by name
 */
export async function verifyTable(
  file: NetworkFile,
  source: TableSource,
  hooks: WorkHooks = {},
): Promise<Verification> {
  const { points, unknownCells } = applyEncoding(file.encoding, source.features, source.rows, source.name);
  const labels = encodeLabels(file.labels, source.label, source.rows);
  const answers = await forward(file.network, points, hooks);
  const contested = new Set(resolveLabels(findDistinct(points), labels).conflicts.flatMap(({ rows }) => rows));
  const wrongRows: number[] = [];
  let wrong = 0;
  let wrongInConflicts = 0;
  for (let row = 0; row < source.rows; row++) {
    if (answers.labels[row] === labels[row]) continue;
    wrong++;
    if (contested.has(row)) wrongInConflicts++;
    if (wrongRows.length < 100) wrongRows.push(source.rowNumbers[row]!);
  }
  const { smallestMargin } = answers;
  const reach = largestReach(file);
  const unknownLabels = labels.reduce((count, label) => count + (label < 0 ? 1 : 0), 0);
  return {
    n: source.rows,
    accuracy: (source.rows - wrong) / source.rows,
    wrong,
    wrongRows,
    wrongInConflicts,
    exact: wrong === wrongInConflicts,
    sameTable: source.sha256 === file.table.sha256,
    unknownCells,
    unknownLabels,
    ...countNetwork(file.network),
    smallestMargin,
    float64Safe: smallestMargin > 2 * roundingFactor(points.dimensions) * reach,
    // The weights and the inputs are rounded as well.
    float32Safe: smallestMargin > 2 * roundingFactor(points.dimensions + 2, 2 ** -24) * reach,
  };
}

/** The largest |w| + |b| of the first layer: what a margin's rounding is relative to, at norm 1. */
function largestReach({ network }: NetworkFile): number {
  const { rowStarts, weights, bias } = network.layers[0]!;
  let largest = 0;
  for (let row = 0; row < bias.length; row++) {
    let square = 0;
    for (let at = rowStarts[row]!; at < rowStarts[row + 1]!; at++) square += weights[at]! ** 2;
    largest = Math.max(largest, Math.sqrt(square) + Math.abs(bias[row]!));
  }
  return largest;
}
