import { Random } from "../../core/index.ts";
import type { Column } from "../../data/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import { fitTable } from "./fit-table.ts";
import { decodeNetworkFile } from "./network-file.ts";
import { loadSource, type TableSource } from "./table-source.ts";
import { verifyTable } from "./verify-table.ts";

/** A table of random numbers and texts with random labels. */
function randomTable(rows: number, classes: number, seed: number): TableSource {
  const random = new Random(seed, "memorize", "random-table");
  const number = (name: string, draw: () => number): Column => ({
    name,
    type: "number",
    values: Float64Array.from({ length: rows }, draw),
  });
  const text = (name: string, count: number, draws: number): Column => ({
    name,
    type: "text",
    categories: Array.from({ length: count }, (_, code) => `${name} ${code}`),
    codes: Int32Array.from({ length: rows }, () => random.integer(draws)),
  });
  return {
    name: "random table",
    sha256: "",
    features: [
      number("large", () => 1e6 * random.normal()),
      number("small", () => 1e-6 * random.uniform()),
      number("whole", () => random.integer(1000)),
      text("color", 5, 5),
      text("name", 300, 300),
    ],
    label: text("label", classes, classes),
    rows,
    missing: "error",
    rowNumbers: Uint32Array.from({ length: rows }, (_, row) => row + 1),
    headerLines: undefined,
  };
}

function takeRows(source: TableSource, rows: readonly number[]): TableSource {
  const take = (column: Column): Column =>
    column.type === "number"
      ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) }
      : { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]!) };
  return {
    ...source,
    features: source.features.map(take),
    label: take(source.label),
    rows: rows.length,
    rowNumbers: Uint32Array.from(rows, (row) => source.rowNumbers[row]!),
  };
}

/** Claim M1. */
export async function measureExactness(context: ClaimContext): Promise<Finding> {
  const { scale, seed, signal } = context;
  const full = scale === "full";
  const seeds = full ? [0, 1, 2, 3, 4] : [0, 1];
  const known = ["digits", "iris", "wine"];
  const tables: [name: string, source: TableSource][] = [];
  for (const name of known) {
    signal.throwIfAborted();
    tables.push([name, await loadSource(name, { missing: "error", constant: "drop" })]);
  }
  for (const [at, rows] of (full ? [50, 500, 5000] : [50, 500]).entries()) {
    tables.push([`random ${rows}`, randomTable(rows, at + 2, new Random(seed, "memorize", "claim-M1", at).bits())]);
  }
  const digits = tables[0]![1];
  const shares = full ? [0.1, 0.2, 0.4, 0.8] : [0.2, 0.8];
  const work = tables.length * seeds.length + shares.length;
  let done = 0;
  const build = async (source: TableSource, runSeed: number) => {
    const fitted = await fitTable(source, {
      seed: runSeed,
      eta: 0.01,
      tight: true,
      encode: "auto",
      onConflict: "refuse",
      signal,
    });
    context.progress(++done / work);
    return decodeNetworkFile(fitted.text, "net.json");
  };

  const accuracies: number[] = [];
  const neurons = new Map<string, number>();
  let whole = true;
  for (const [name, source] of tables) {
    for (const offset of seeds) {
      const found = await verifyTable(await build(source, seed + offset), source, { signal });
      accuracies.push(found.accuracy);
      whole &&= found.integerWeights && found.decodeTernary && found.float64Safe;
      neurons.set(name, found.neurons);
    }
  }
  const order = new Random(seed, "memorize", "claim-M1", "split").permutation(digits.rows);
  const memorized: number[] = [];
  const unseen: number[] = [];
  const rest = takeRows(digits, [...order.subarray(Math.floor(0.8 * digits.rows))]);
  const rows = shares.map((share) => Math.floor(share * digits.rows));
  for (const count of rows) {
    const part = takeRows(digits, [...order.subarray(0, count)]);
    const file = await build(part, seed);
    memorized.push((await verifyTable(file, part, { signal })).accuracy);
    unseen.push((await verifyTable(file, rest, { signal })).accuracy);
  }
  const worst = Math.min(...accuracies, ...memorized);
  return {
    found: `accuracy ${worst} at worst over ${accuracies.length} networks of ${tables.length} tables; on rows of digits never seen ${(100 * unseen.at(-1)!).toFixed(0)}%, which nothing promises`,
    holds: worst === 1 && whole,
    values: { accuracies, unseen, rows, neurons: [...neurons.values()], tables: [...neurons.keys()].join(", ") },
    figures: [
      {
        title: "Known by heart, and nothing else",
        caption:
          "Digits: accuracy on the rows that were memorized, and on the last fifth, which was not. Rows that are alike share bits of their codes; nothing more is behind the lower line. Guessing gives 0.1.",
        xLabel: "rows memorized",
        yLabel: "accuracy",
        series: [
          { name: "memorized rows", x: rows, y: memorized },
          { name: "other rows", x: rows, y: unseen },
          { name: "guessing", x: rows, y: rows.map(() => 0.1), reference: true },
        ],
      },
    ],
  };
}
