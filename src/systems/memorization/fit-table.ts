/** A table memorized: encoding, conflicts, construction, and the check of what was built. @module */
import { assert, DataError, Random, type WorkHooks } from "../../core/index.ts";
import { findDistinct, resolveLabels } from "./duplicates.ts";
import { type EncodedTable, encodeTable } from "./encoding.ts";
import { forward } from "./forward.ts";
import { conflictError, decodeLabel, encodeLabels, labelBits, largestLabelError, planLabels } from "./label-coding.ts";
import { memorize } from "./memorize.ts";
import { countNetwork, type NetworkCensus } from "./network.ts";
import { decodeNetworkFile, encodeNetworkFile, type NetworkFile } from "./network-file.ts";
import { type Points, takePoints } from "./points.ts";
import { type Bounds, firstLayerSize } from "./sizes.ts";
import { type ClosestPair, findClosestPair } from "./smallest-distance.ts";
import { nameRow, type TableSource } from "./table-source.ts";

/** Options of {@link fitTable}. */
export interface FitOptions extends WorkHooks {
  readonly seed: number;
  readonly eta: number;
  readonly tight: boolean;
  /** `auto`: scaled, unless rows are so close that their bits make a smaller first layer. */
  readonly encode: "auto" | "scaled" | "bits";
  readonly bits?: number | undefined;
  readonly onConflict: "refuse" | "majority";
}

/** What {@link fitTable} built and found. */
export interface Fitted {
  readonly file: NetworkFile;
  /** The text of net.json. */
  readonly text: string;
  readonly report: FitReport;
}

/** The figures of a fit. */
export interface FitReport extends NetworkCensus {
  /** Rows of the table. */
  readonly n: number;
  /** Different points among them. */
  readonly points: number;
  /** Features. */
  readonly d: number;
  readonly delta: number;
  readonly deltaKind: ClosestPair["kind"];
  readonly deltaMissProbability: number;
  /** The two closest points, as rows of the file. */
  readonly closestRows: readonly [number, number];
  readonly geometry: Points["geometry"];
  readonly encoding: "scaled" | "bits";
  readonly labelBits: number;
  /** Fraction of the rows that the written network gives the label that was asked for. */
  readonly accuracy: number;
  /** The smallest |w x + b| of the first layer. */
  readonly smallestMargin: number;
  readonly firstLayerFormula: number;
  readonly widths: {
    readonly codeBits: number;
    readonly fan: number;
    readonly groupSize: number;
    readonly groups: number;
  };
  readonly bounds: Bounds;
  readonly conflicts: readonly { readonly rows: readonly number[]; readonly labels: readonly (string | number)[] }[];
  /** Rows whose own label was outvoted by the same rows with another. */
  readonly overruled: number;
  /** How far quantised labels are from the column's numbers, at most. */
  readonly labelError: number;
}

/** Points that differ, and how close they come. */
interface Candidate extends EncodedTable {
  readonly mode: "scaled" | "bits";
  readonly distinct: ReturnType<typeof findDistinct>;
  readonly different: Points;
  readonly closest: ClosestPair | undefined;
}

/** First layers of fewer neurons than this are not worth another encoding. */
const comfortable = 4096;

/**
 * Memorizes a table: every row gets its label from the network that is returned, which is checked on all rows as it will be written.
 *
 * @throws {DataError} where equal rows have different labels and `onConflict` is `refuse`, where two different rows become the same
 * point, or where there is nothing to tell apart
 * @throws {ConfigError} where the network would be too large
 */
export async function fitTable(source: TableSource, options: FitOptions): Promise<Fitted> {
  const { seed, eta, tight, signal, progress } = options;
  const coding = planLabels(source, options.bits);
  const labels = encodeLabels(coding, source.label, source.rows);
  const hooks: WorkHooks = { ...(signal && { signal }) };
  const chosen = await chooseEncoding(source, options, hooks);
  refuseMerged(source, chosen);
  const { encoding, points, distinct, different, closest, mode } = chosen;
  const resolved = resolveLabels(distinct, labels);
  if (resolved.conflicts.length > 0 && options.onConflict === "refuse") {
    throw conflictError(source, coding, labels, resolved.conflicts);
  }
  if (!closest) {
    throw new DataError({
      where: source.name,
      expected: "at least two rows that differ in a feature",
      found: `${source.rows} rows that are all the same`,
    });
  }
  const built = await memorize(different, resolved.labels, {
    seed,
    eta,
    tight,
    labelBits: labelBits(coding),
    closest,
    ...hooks,
    progress: (fraction) => progress?.(0.3 * fraction),
  });
  const { network, smallestMargin } = built;
  const { distance: delta, kind: deltaKind, missProbability: deltaMissProbability } = closest;
  const text = encodeNetworkFile({
    table: {
      name: source.name,
      sha256: source.sha256,
      rows: source.rows,
      points: different.count,
      missing: source.missing,
    },
    certificate: {
      delta,
      deltaKind,
      deltaMissProbability,
      geometry: points.geometry,
      eta,
      seed,
      tight,
      smallestMargin,
    },
    encoding,
    labels: coding,
    network,
  });
  const file = decodeNetworkFile(text, "the network just written");
  const answers = await forward(file.network, different, { ...hooks, progress: (f) => progress?.(0.3 + 0.7 * f) });
  const right = answers.labels.reduce((count, label, point) => count + (label === resolved.labels[point] ? 1 : 0), 0);
  assert(right === different.count, `the network gives ${different.count - right} points another label`);
  const { codeBits, fan, groupSize, groups } = built.widths;
  return {
    file,
    text,
    report: {
      n: source.rows,
      points: different.count,
      d: points.dimensions,
      delta,
      deltaKind,
      deltaMissProbability,
      closestRows: [closest.first, closest.second].map((at) => source.rowNumbers[distinct.firsts[at]!]!) as [
        number,
        number,
      ],
      geometry: points.geometry,
      encoding: mode,
      labelBits: labelBits(coding),
      ...countNetwork(file.network),
      accuracy: right / different.count,
      smallestMargin,
      firstLayerFormula: built.firstLayerFormula,
      widths: { codeBits, fan, groupSize, groups },
      bounds: built.bounds,
      conflicts: resolved.conflicts.map(({ rows }) => ({
        rows: rows.map((row) => source.rowNumbers[row]!),
        labels: rows.map((row) => decodeLabel(coding, labels[row]!)!),
      })),
      overruled: resolved.overruled,
      labelError: largestLabelError(coding, source, labels),
    },
  };
}

async function tryEncoding(
  source: TableSource,
  mode: "scaled" | "bits",
  seed: number,
  hooks: WorkHooks,
): Promise<Candidate> {
  const encoded = encodeTable(source, mode);
  const distinct = findDistinct(encoded.points);
  const different = takePoints(encoded.points, distinct.firsts);
  const random = new Random(seed, "memorize", "distance", mode);
  const closest = different.count < 2 ? undefined : await findClosestPair(different, random, hooks);
  return { ...encoded, mode, distinct, different, closest };
}

function formulaOf({ different, closest }: Candidate, eta: number): number {
  if (!closest || closest.distance === 0) return Number.POSITIVE_INFINITY;
  const { count: points, geometry } = different;
  return firstLayerSize({ points, delta: closest.distance, eta, geometry });
}

/** The encoding that was asked for, or that makes the smaller first layer. */
async function chooseEncoding(
  source: TableSource,
  { encode, seed, eta }: FitOptions,
  hooks: WorkHooks,
): Promise<Candidate> {
  if (encode !== "auto") return tryEncoding(source, encode, seed, hooks);
  if (source.features.every(({ type }) => type === "text")) return tryEncoding(source, "scaled", seed, hooks);
  let scaled: Candidate | undefined;
  try {
    scaled = await tryEncoding(source, "scaled", seed, hooks);
  } catch (error) {
    // A range that cannot be scaled can be told apart by bits.
    if (!(error instanceof DataError)) throw error;
  }
  if (scaled && mergedRows(source, scaled)) scaled = undefined;
  if (scaled && formulaOf(scaled, eta) <= comfortable) return scaled;
  const bits = await tryEncoding(source, "bits", seed, hooks);
  return scaled && formulaOf(scaled, eta) <= formulaOf(bits, eta) ? scaled : bits;
}

/** Two rows that differ in a cell and have become the same point, or nearly so; undefined where there are none. */
function mergedRows(
  { features, rows }: TableSource,
  { distinct, closest }: Candidate,
): readonly [first: number, second: number] | undefined {
  const { firsts, pointOf } = distinct;
  if (closest?.distance === 0) return [firsts[closest.first]!, firsts[closest.second]!];
  const differs = (first: number, second: number) =>
    features.some((column) =>
      column.type === "number"
        ? column.values[first] !== column.values[second] &&
          !(Number.isNaN(column.values[first]!) && Number.isNaN(column.values[second]!))
        : column.codes[first] !== column.codes[second],
    );
  for (let row = 0; row < rows; row++) {
    const first = firsts[pointOf[row]!]!;
    if (first !== row && differs(first, row)) return [first, row];
  }
  return undefined;
}

/** @throws {DataError} where rows with different cells became the same point */
function refuseMerged(source: TableSource, candidate: Candidate): void {
  const merged = mergedRows(source, candidate);
  if (!merged) return;
  throw new DataError({
    where: source.name,
    expected: "a distance of more than 0 between rows that differ",
    found: `0 between ${nameRow(source, merged[0])} and ${nameRow(source, merged[1])} once they are scaled`,
    hint: "--encode bits tells any two numbers apart",
  });
}
