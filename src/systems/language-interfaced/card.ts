/** A model card: what a run is, in Markdown. @module */
import type { Evaluation } from "./evaluate.ts";
import { mainFigure } from "./evaluate.ts";
import type { LiftRun } from "./run-folder.ts";
import { writePrompt } from "./template.ts";

const short = (hash: string) => hash.slice(0, 12);

function heldOutLines({ task, n, validRate, score, baselines }: Evaluation): string[] {
  const figure = task === "classify" ? "accuracy" : "relative absolute error";
  const text = (value: number) => (task === "classify" ? `${(100 * value).toFixed(1)}%` : value.toFixed(3));
  return [
    `On ${n} rows held out, ${(100 * validRate).toFixed(1)}% of the answers valid:`,
    "",
    `| method | ${figure} |`,
    "| --- | --- |",
    `| this model | ${text(mainFigure(score))} |`,
    ...Object.entries(baselines).map(([name, own]) => `| ${name} | ${text(mainFigure(own))} |`),
  ];
}

/** The card of a run. */
export function modelCard({ record, model, train }: LiftRun): string {
  const { schema, template } = model;
  const { target } = schema;
  const { base, data, training, tune, heldOut, seed } = record;
  const what =
    target.kind === "classes"
      ? `one of ${target.classes.length} classes`
      : `a number from ${target.low} to ${target.high}`;
  const missing = "values that training did not see are read as missing";
  const lines = [
    `# ${target.name}, by a language model`,
    "",
    `Predicts ${target.name}, ${what}, from ${schema.features.map(({ name }) => name).join(", ")}.`,
    "",
    "## Text",
    "",
    `\`${writePrompt(template, schema, train.rows[0]!)}\``,
    "",
    "## Training",
    "",
    `- data: ${data.path}, ${data.rows} rows, sha256 ${short(data.sha256)}`,
    `- base: ${base.name}, sha256 ${short(base.sha256)}; trained: ${tune}`,
    `- ${training.epochs} epochs, ${training.steps} steps, last loss ${training.loss.toFixed(4)} nats a token, seed ${seed}`,
    "",
    "## Figures",
    "",
    ...(heldOut
      ? heldOutLines(heldOut)
      : ["None: no rows were held out (`--hold-out`). `tenfold lift evaluate` measures on others."]),
    "",
    "## Limits",
    "",
    `- ${missing[0]!.toUpperCase()}${missing.slice(1)}; numbers beyond the range of the training rows are not extrapolated.`,
    "- Rows are read as text: a row longer than the model's context is refused.",
    ...(target.kind === "number" ? ["- Answers lie on the grid of the digits that training wrote."] : []),
  ];
  return `${lines.join("\n")}\n`;
}
