/** What `tenfold local plan` and `tenfold local bench` do. @module */

import type { Command } from "commander";
import { type Column, type CommonOptions, openTerminal, withProgress } from "../../terminal/index.ts";
import { benchMethods, type MethodRates } from "./bench.ts";
import type { BenchConfig, PlanConfig } from "./config.ts";
import { openProblem } from "./open-problem.ts";
import { bestOfEach, measureSpreads, planCosts } from "./plan.ts";
import { benchConditions, problemConditions, refuseUnused } from "./refuse-unused.ts";

const scientific = (value: number) => value.toExponential(1);

/** `tenfold local plan` */
export async function runPlan(config: PlanConfig, raw: CommonOptions, command: Command): Promise<void> {
  refuseUnused(command, problemConditions(config));
  const terminal = openTerminal(raw);
  const method = { method: "local-rr", sync: false } as const;
  const { problem } = await openProblem({ ...config, ...method }, raw.seed);
  const { workers, components } = problem;
  const schedule = {
    ...method,
    workers,
    components,
    localSteps: config.localSteps,
    epochs: config.epochs,
    seed: raw.seed,
  };
  const measured = await withProgress(terminal, "local plan", (hooks) => measureSpreads(problem, schedule, hooks));
  const epochSeconds = config.epochMs === undefined ? measured.epochSeconds : config.epochMs / 1000;
  const costs = planCosts(problem, measured, {
    error: config.error,
    roundSeconds: config.roundMs / 1000,
    epochSeconds,
  });
  const best = bestOfEach(costs);
  terminal.print(
    `M = ${workers}, N = ${components}, measured along ${config.epochs} epochs: nu ${measured.intra.toPrecision(3)}, tau ${measured.inter.toPrecision(3)}, lambda ${measured.componentWise.toPrecision(3)}`,
  );
  terminal.print(
    `an epoch costs ${(1000 * epochSeconds).toPrecision(3)} ms, an exchange ${config.roundMs} ms; F - F* = ${scientific(config.error)}`,
  );
  terminal.table(best, [
    { header: "method", value: ({ method }) => method },
    { header: "best B", value: ({ localSteps }) => localSteps, align: "right" },
    { header: "epochs", value: ({ epochs }) => epochs.toPrecision(3), align: "right" },
    { header: "rounds", value: ({ rounds }) => rounds.toPrecision(3), align: "right" },
    { header: "predicted s", value: ({ seconds }) => seconds.toPrecision(3), align: "right" },
  ]);
  terminal.print(
    "by the paper's rates without constants and logarithms: for comparing methods and B, not for the clock",
  );
  terminal.result({
    workers,
    components,
    seed: raw.seed,
    nu: measured.intra,
    tau: measured.inter,
    lambda: measured.componentWise,
    epochSeconds,
    roundSeconds: config.roundMs / 1000,
    error: config.error,
    best,
    costs,
  });
}

/** `tenfold local bench` */
export async function runBench(config: BenchConfig, raw: CommonOptions, command: Command): Promise<void> {
  refuseUnused(command, benchConditions(config));
  const terminal = openTerminal(raw);
  const bench = await withProgress(terminal, "local bench", (hooks) => benchMethods(config, raw.seed, hooks));
  const letter = { epochs: "K", workers: "M", "local-steps": "B" }[bench.vary];
  terminal.print(`${config.task}, N = ${config.components}: mean F - F* of ${bench.repeats} runs`);
  terminal.table(bench.methods, [
    { header: "method", value: ({ name }) => name },
    ...bench.values.map(
      (value, at): Column<MethodRates> => ({
        header: `${letter}=${value}`,
        value: ({ errors }) => scientific(errors[at]!.value),
        align: "right",
      }),
    ),
    {
      header: `slope in ${letter} [95% interval]`,
      value: ({ slope }) =>
        slope === null
          ? "at rounding"
          : `${slope.value.toFixed(2)} [${slope.interval.map((edge) => edge.toFixed(2)).join(", ")}]`,
    },
    { header: "points fitted", value: ({ fitted }) => fitted.length, align: "right" },
  ]);
  if (config.task === "quadratic" && config.componentWise > 0) {
    terminal.print(
      "components differ between workers (lambda above 0): synchronized shuffling is expected to gain nothing",
    );
  }
  terminal.result(bench);
}
