import { join } from "node:path";
import { cacheDirectory } from "../../data/index.ts";
import { type CommonOptions, openTerminal } from "../../terminal/index.ts";
import { type BenchRow, runBench, type Spread } from "./bench.ts";
import type { BenchConfig } from "./config.ts";
import { stagedProgress } from "./fit-action.ts";

const figure = ({ task }: BenchRow, { mean, half, values }: Spread): string => {
  const text = (value: number) => (task === "classify" ? (100 * value).toFixed(1) : value.toFixed(3));
  return values.length > 1 ? `${text(mean)} ±${text(half)}` : text(mean);
};

/** `tenfold lift bench` */
export async function runBenchAction(options: BenchConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const folder = options.tables ?? join(process.env.TENFOLD_DATA ?? cacheDirectory(), "tabular");
  const progress = stagedProgress(terminal);
  const rows: BenchRow[] = [];
  try {
    for await (const row of runBench(options, folder, { signal: terminal.signal, progress: progress.update })) {
      rows.push(row);
      terminal.info(`${row.name}: ${figure(row, row.lift)}, ${row.fitSeconds.mean.toFixed(1)} s a fit`);
    }
  } finally {
    progress.stop();
  }
  for (const task of ["classify", "regress"] as const) {
    const own = rows.filter((row) => row.task === task);
    const methods = Object.keys(own[0]?.baselines ?? {});
    if (own.length === 0) continue;
    terminal.print(task === "classify" ? "accuracy, %" : "relative absolute error");
    terminal.table(own, [
      { header: "set", value: (row) => row.name },
      { header: "lift", value: (row) => figure(row, row.lift) },
      ...methods.map((name) => ({ header: name, value: (row: BenchRow) => figure(row, row.baselines[name]!) })),
    ]);
  }
  terminal.result({ rows });
}
