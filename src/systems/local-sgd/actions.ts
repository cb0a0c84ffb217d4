/** What `tenfold local run`, `train` and `resume` do. @module */
import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Command } from "commander";
import type { z } from "zod";
import { wholePath } from "../../data/index.ts";
import type { RoundReport } from "../../dist/index.ts";
import type { Layer } from "../../nn/index.ts";
import { type Column, type CommonOptions, openTerminal, type Terminal } from "../../terminal/index.ts";
import { exportModel, RunFolder } from "../../train/index.ts";
import {
  type EngineConfig,
  engineSchema,
  networkSchema,
  problemConfigSchema,
  type resumeSchema,
  type runSchema,
  type trainSchema,
} from "./config.ts";
import { type EpochFacts, execute, type Outcome } from "./execute.ts";
import { paramsOfWeights } from "./layer-work.ts";
import { type NetworkRun, openNetwork } from "./network-work.ts";
import { openProblem } from "./open-problem.ts";
import { type ProblemRun, scheduleOf } from "./problem-work.ts";
import {
  engineConditions,
  networkConditions,
  outerConditions,
  problemConditions,
  refuseUnused,
} from "./refuse-unused.ts";
import { readSavedRun } from "./saved-run.ts";
import { isReshuffling } from "./schedule.ts";
import { theoreticalStep } from "./step-size.ts";
import type { LocalRun } from "./work.ts";

/** `tenfold local run` */
export async function runProblem(
  options: z.output<typeof runSchema>,
  raw: CommonOptions,
  command: Command,
): Promise<void> {
  refuseUnused(command, [...problemConditions(options), ...outerConditions(options), ...engineConditions(options)]);
  const terminal = openTerminal(raw);
  const config = withWholePaths(problemConfigSchema.parse(options));
  const { problem, logistic, dataSha256, dataName } = await openProblem(config, raw.seed);
  const schedule = scheduleOf(problem, config, raw.seed);
  if (config.learningRate === undefined) {
    const { capped, epochsNeeded } = theoreticalStep(problem, schedule);
    if (capped !== undefined) {
      terminal.warn(`the theorems' step ${capped.toPrecision(3)} is above 1/L, which is taken; more epochs lower it`);
    } else if (isReshuffling(config.method) && config.epochs < epochsNeeded) {
      terminal.info(`the bounds are for ${Math.ceil(epochsNeeded)} epochs or more at this condition number`);
    }
  }
  if (logistic && logistic.droppedRows > 0) {
    terminal.info(`${logistic.droppedRows} rows of ${dataName} are left out, as they do not divide among workers`);
  }
  const run: ProblemRun = { kind: "problem", config, seed: raw.seed, ...(dataSha256 && { dataSha256 }) };
  await carryOut(run, engineSchema.parse(options), { folder: raw.out, force: raw.force ?? false }, terminal);
}

/** `tenfold local train` */
export async function runTrain(
  options: z.output<typeof trainSchema>,
  raw: CommonOptions,
  command: Command,
): Promise<void> {
  refuseUnused(command, [...networkConditions(options), ...outerConditions(options), ...engineConditions(options)]);
  const terminal = openTerminal(raw);
  const config = withWholePaths(networkSchema.parse(options));
  const opened = await openNetwork({ kind: "network", config, seed: raw.seed });
  const { train, schedule, droppedExamples } = opened;
  terminal.info(
    `${config.model} on ${train.name}: ${schedule.components} examples for each of ${schedule.workers} workers` +
      (droppedExamples > 0 ? `, ${droppedExamples} left out as they do not divide` : ""),
  );
  const run: NetworkRun = { kind: "network", config, seed: raw.seed, dataSha256: train.sha256 };
  await carryOut(run, engineSchema.parse(options), { folder: raw.out, force: raw.force ?? false }, terminal);
}

/** `tenfold local resume` */
export async function runResume(
  folder: string,
  options: z.output<typeof resumeSchema>,
  raw: CommonOptions,
  command: Command,
): Promise<void> {
  const terminal = openTerminal(raw);
  const { local, engine: before } = readSavedRun(folder, RunFolder.inspect(folder).identity);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const engine = engineSchema.parse({ ...before, ...given });
  refuseUnused(command, engineConditions(engine));
  await carryOut(local, engine, { folder, resume: true }, terminal);
}

/** The configuration with whole paths: a run is gone on with from anywhere, and its workers work elsewhere. */
function withWholePaths<Config extends { readonly data?: string | undefined; readonly dataDir?: string | undefined }>(
  config: Config,
): Config {
  const { data, dataDir } = config;
  return {
    ...config,
    ...(data !== undefined && { data: wholePath(data) }),
    ...(dataDir !== undefined && { dataDir: resolve(dataDir) }),
  };
}

/** Runs it under a progress bar, and tells what came of it. */
async function carryOut(
  run: LocalRun,
  engine: EngineConfig,
  place: { readonly folder?: string | undefined; readonly resume?: boolean; readonly force?: boolean },
  terminal: Terminal,
): Promise<void> {
  let progress: ReturnType<Terminal["progress"]> | undefined;
  const speeds = new Speeds();
  const begin = performance.now();
  let outcome: Outcome;
  try {
    outcome = await execute(run, engine, {
      ...place,
      signal: terminal.signal,
      note: (text) => terminal.warn(text),
      onRound(report, rounds) {
        progress ??= terminal.progress("rounds", rounds);
        speeds.add(report);
        progress.update(report.round + 1, noteOf(report));
        if (report.missing.length > 0) {
          terminal.warn(`round ${report.round} was averaged without worker ${report.missing.join(", ")}`);
        }
      },
    });
  } finally {
    progress?.stop();
  }
  const seconds = (performance.now() - begin) / 1000;
  await setImmediate();
  const { weights, finished, ...facts } = outcome;
  const final = outcome.history.at(-1) ?? {};
  const quorum =
    engine.quorum === undefined
      ? undefined
      : { required: engine.quorum, shortRounds: outcome.shortRounds, theory: "none covers a quorum" };
  const document = {
    final,
    rounds: facts.rounds,
    bytesSent: facts.bytesSent,
    retries: facts.retries,
    weightsSha256: facts.weightsSha256,
    engine: engine.engine,
    seconds,
    finished,
    ...(quorum && { quorum }),
    history: facts.history,
  };
  if (place.folder !== undefined && finished) await leaveResults(place.folder, run, weights, document);
  printHistory(terminal, outcome.history);
  speeds.print(terminal);
  const unit = facts.rounds > 0 ? ` (${((1000 * seconds) / facts.rounds).toFixed(1)} ms a round)` : "";
  terminal.print(
    `${facts.rounds} rounds in ${seconds.toFixed(1)} s${unit}, ${(facts.bytesSent / 1e6).toFixed(2)} MB of weights sent, ${facts.retries} retries`,
  );
  if (quorum) {
    const short = quorum.shortRounds === 0 ? "no" : quorum.shortRounds;
    const rounds = quorum.shortRounds === 1 ? "round" : "rounds";
    terminal.print(`quorum ${quorum.required}: ${short} ${rounds} went without a worker; no theorem covers a quorum`);
  }
  terminal.print(`weights sha256 ${facts.weightsSha256}`);
  if (!finished) {
    const how =
      place.folder === undefined ? "; with --out it could be gone on with" : `: tenfold local resume ${place.folder}`;
    terminal.warn(`stopped after round ${facts.rounds}${how}`);
    process.exitCode = 130;
  }
  terminal.result(document);
}

function noteOf({ facts }: RoundReport): string {
  const shown = ["suboptimality", "testAccuracy", "loss", "objective"].find((name) => facts[name] !== undefined);
  return shown ? `${shown} ${facts[shown]!.toPrecision(3)}` : "";
}

/** Writes what a finished run leaves in its folder: its report, and a network as ONNX. */
async function leaveResults(
  path: string,
  run: LocalRun,
  weights: Uint8Array,
  report: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { folder } = RunFolder.inspect(path);
  if (run.kind === "network") {
    const training = await openNetwork(run);
    const params = paramsOfWeights(training, weights);
    await folder.saveModel(exportModel(training.model as Layer<unknown>, params, training.train).bytes);
  }
  await folder.saveReport(report);
}

/** Epochs that are printed, about. */
const shownEpochs = 12;

function printHistory(terminal: Terminal, history: readonly EpochFacts[]): void {
  const names = Object.keys(history.at(-1) ?? {}).filter((name) => name !== "epoch");
  const every = Math.ceil(history.length / shownEpochs);
  const shown = history.filter((_, at) => (at + 1) % every === 0 || at === history.length - 1);
  if (shown.length === 0) return;
  terminal.table(shown, [
    { header: "epoch", value: ({ epoch }) => String(epoch), align: "right" },
    ...names.map(
      (name): Column<EpochFacts> => ({
        header: name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
        value: (facts) => facts[name]?.toPrecision(4) ?? "",
        align: "right",
      }),
    ),
  ]);
}

/** How long shares took whom, so that stragglers show. */
class Speeds {
  readonly #by = new Map<string, { shares: number; ms: number; slowest: number; retries: number }>();

  add({ shares }: RoundReport): void {
    for (const { by, ms, retries } of shares) {
      const known = this.#by.get(by) ?? { shares: 0, ms: 0, slowest: 0, retries: 0 };
      known.shares += 1;
      known.ms += ms;
      known.slowest = Math.max(known.slowest, ms);
      known.retries += retries;
      this.#by.set(by, known);
    }
  }

  /** A table where more than one computed. */
  print(terminal: Terminal): void {
    if (this.#by.size < 2) return;
    terminal.table(
      [...this.#by].sort(([a], [b]) => (a < b ? -1 : 1)),
      [
        { header: "worker process", value: ([by]) => by },
        { header: "shares", value: ([, { shares }]) => shares, align: "right" },
        { header: "ms a share", value: ([, { ms, shares }]) => (ms / shares).toFixed(1), align: "right" },
        { header: "slowest", value: ([, { slowest }]) => slowest.toFixed(1), align: "right" },
        { header: "retries", value: ([, { retries }]) => retries, align: "right" },
      ],
    );
  }
}
