/** A run of `fit` on the terminal. @module */
import type { CommonOptions, Terminal } from "../terminal/index.ts";
import type { FitEvent } from "../train/index.ts";
import { type Facts, printFacts } from "./print-facts.ts";

/** An evaluation in words; a loss without accuracy is of the kind that `unit` names. */
function measured({ loss, accuracy }: { readonly loss: number; readonly accuracy?: number }, unit: string): string {
  if (accuracy !== undefined) return `loss ${loss.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(2)}%`;
  return `${unit} ${loss.toFixed(4)}`;
}

/**
 * Shows a run as it goes, and its end: notes and a bar on standard error, the result as one document with `--json`.
 *
 * @param unit - what the loss of a model without classes is called
 */
export async function showFit(
  run: AsyncIterable<FitEvent>,
  terminal: Terminal,
  { out }: Pick<CommonOptions, "out">,
  unit: string,
): Promise<void> {
  let progress: ReturnType<Terminal["progress"]> | undefined;
  for await (const event of run) {
    if (event.type === "start") {
      const from = event.step > 0 ? `, going on from step ${event.step}` : "";
      terminal.info(`${event.parameters} parameters, ${event.totalSteps} steps${from}`);
      progress = terminal.progress("train", event.totalSteps);
    }
    if (event.type === "step") progress?.update(event.step, `loss ${event.loss.toFixed(4)}`);
    if (event.type === "evaluation") terminal.info(`epoch ${event.epoch + 1}: validation ${measured(event, unit)}`);
    if (event.type === "stopped") {
      progress?.stop();
      const how =
        out === undefined
          ? "nothing was kept: give --out DIR to be able to go on"
          : "go on with the same command and --resume";
      terminal.warn(`stopped after step ${event.step}; ${how}`);
      process.exitCode = 130;
      return;
    }
    if (event.type === "end") {
      progress?.stop();
      if (event.facts) printFacts(terminal, event.facts as unknown as Facts);
      terminal.result({
        steps: event.step,
        ...(out !== undefined && { run: out }),
        validation: event.evaluation ?? null,
        ...event.facts,
      });
      if (out !== undefined) terminal.info(`${out}: metrics.jsonl, checkpoints, model.onnx, report.json`);
    }
  }
}
