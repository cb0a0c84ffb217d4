import type { Terminal } from "../../terminal/index.ts";
import { type Evaluation, mainFigure, type Score } from "./evaluate.ts";

const percent = (value: number) => `${(100 * value).toFixed(1)}%`;

/** Prints an evaluation as a table, the model's row first. */
export function printEvaluation(
  terminal: Terminal,
  { task, n, validRate, score, baselines, baselineRows }: Evaluation,
): void {
  if (baselineRows !== undefined) {
    terminal.info(`note: the methods beside learned ${baselineRows.toLocaleString("en-US")} rows, drawn by the seed`);
  }
  const rows: [string, Score][] = [["this model", score], ...Object.entries(baselines)];
  terminal.print(`${n} rows, ${percent(validRate)} of the answers valid`);
  if (task === "classify") {
    terminal.table(rows, [
      { header: "method", value: ([name]) => name },
      { header: "accuracy", value: ([, own]) => percent(mainFigure(own)) },
      { header: "macro F1", value: ([, own]) => ("macroF1" in own ? percent(own.macroF1) : "") },
      {
        header: "log loss",
        value: ([, own]) => ("logLoss" in own && own.logLoss !== undefined ? own.logLoss.toFixed(3) : ""),
      },
    ]);
    return;
  }
  const number = (value: number) => Number(value.toPrecision(4)).toLocaleString("en-US");
  terminal.table(rows, [
    { header: "method", value: ([name]) => name },
    { header: "RAE", value: ([, own]) => mainFigure(own).toFixed(3) },
    { header: "RMSE", value: ([, own]) => ("rmse" in own ? number(own.rmse) : "") },
    { header: "R2", value: ([, own]) => ("r2" in own ? own.r2.toFixed(3) : "") },
  ]);
}

/** An evaluation as the document that `--json` prints. */
export function evaluationDocument({
  task,
  n,
  validRate,
  score,
  baselines,
  baselineRows,
}: Evaluation): Record<string, unknown> {
  return { task, n, validRate, ...score, ...(baselineRows !== undefined && { baselineRows }), baselines };
}
