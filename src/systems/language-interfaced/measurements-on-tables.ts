/** The claim on tables that are there, measured. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDirectory, readTable } from "../../data/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import { type BenchRow, runBench, type Spread, spreadOf } from "./bench.ts";
import { benchSchema } from "./config.ts";
import { baselineOf, figureOf, fitTable, overSeeds } from "./measurements.ts";

const classSets = ["iris", "wine", "breast-cancer-wisconsin", "car-evaluation", "blood-transfusion", "titanic"];
const numberSets = ["insurance", "auto-mpg"];

const isClasses = ({ task }: BenchRow) => task === "classify";

/** The best classic method on a set. */
function bestBeside({ task, baselines }: BenchRow): number {
  const figures = Object.values(baselines).map(({ mean }) => mean);
  return task === "classify" ? Math.max(...figures) : Math.min(...figures);
}

/** F8 */
export async function measureTables(context: ClaimContext): Promise<Finding> {
  if (context.scale === "quick") return measureWine(context);
  const folder = join(process.env.TENFOLD_DATA ?? cacheDirectory(), "tabular");
  if (!existsSync(folder)) {
    const found = `no tables at ${folder}: set TENFOLD_DATA to the folder that has tabular/ in it`;
    return { found, holds: false, values: {} };
  }
  const sets = [...classSets, ...numberSets];
  const rows: BenchRow[] = [];
  for await (const row of runBench(benchSchema.parse({ sets }), folder, { signal: context.signal })) {
    rows.push(row);
    context.progress(rows.length / sets.length);
  }
  const near = rows.filter((row) => isClasses(row) && row.lift.mean >= bestBeside(row) - 0.05);
  const text = (row: BenchRow, value: number) =>
    isClasses(row) ? `${(100 * value).toFixed(1)}%` : `RAE ${value.toFixed(3)}`;
  return {
    found: rows
      .map((row) => `${row.name} ${text(row, row.lift.mean)} (best beside ${text(row, bestBeside(row))})`)
      .join("; "),
    holds: near.length >= classSets.length / 2 && rows.every((row) => isClasses(row) || row.lift.mean <= 0.5),
    values: Object.fromEntries(rows.map((row) => [row.name, row.lift.values])),
  };
}

/** Columns of wine that are short enough for a demonstration. */
const wineColumns = ["alcohol", "flavanoids", "color_intensity", "hue", "proline"];

/** The quick form: wine, which comes with the package, by five of its columns. */
async function measureWine(context: ClaimContext): Promise<Finding> {
  const table = await readTable(fileURLToPath(new URL("../../../data/wine.csv.gz", import.meta.url)));
  const found = await overSeeds(context, async (seed) => {
    const setting = { recipe: { features: wineColumns, digits: 2 }, steps: 250 };
    const fit = await fitTable(table, "cultivar", seed, setting, context);
    return { lift: await figureOf(fit), forest: await baselineOf(fit, "random forest", seed) };
  });
  const [lift, forest] = [spreadOf(found.map((own) => own.lift)), spreadOf(found.map((own) => own.forest))];
  const text = ({ mean, half }: Spread) => `${(100 * mean).toFixed(1)}% ±${(100 * half).toFixed(1)}`;
  return {
    found: `wine, five columns: ${text(lift)} (random forest ${text(forest)})`,
    holds: lift.mean >= 0.85,
    values: { lift: lift.values, forest: forest.values },
  };
}
