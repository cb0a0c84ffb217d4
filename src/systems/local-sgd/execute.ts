/** Rounds on an engine, from the start or from a checkpoint, into a run folder where one is wanted. @module */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { DivergenceError, type HostTensor, hostTensor, RunError, TenfoldError } from "../../core/index.ts";
import {
  bytesOf,
  codeVersion,
  type FleetOptions,
  fleet,
  float32sOf,
  float64sOf,
  initialRunState,
  inProcess,
  type RoundEngine,
  type RoundReport,
  type RunState,
  threads,
  type Work,
  withoutPassword,
} from "../../dist/index.ts";
import { sha256, writeFileAtomic } from "../../storage/index.ts";
import { type Checkpoint, RunFolder, type RunIdentity } from "../../train/index.ts";
import type { EngineConfig } from "./config.ts";
import { RoundLog } from "./round-log.ts";
import { type LocalRun, openWork, workModule } from "./work.ts";

/** Where a run leaves what it finds, and who listens. */
export interface Place {
  /** Folder of the run; without one nothing is kept, and a run that stops is lost. */
  readonly folder?: string | undefined;
  /** Whether to go on with the run in the folder. */
  readonly resume?: boolean;
  /** Whether to replace what is in the folder. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  /** Told of every round. */
  readonly onRound?: (report: RoundReport, rounds: number) => void;
  /** Told what a person waiting should know. */
  readonly note?: (text: string) => void;
}

/** Figures at the end of an epoch. */
export type EpochFacts = Readonly<Record<string, number>>;

/** What a run comes to. */
export interface Outcome {
  /** Whether it came to its end; false where it was stopped, and can be gone on with. */
  readonly finished: boolean;
  /** Rounds done, those before a resumption included. */
  readonly rounds: number;
  readonly bytesSent: number;
  readonly retries: number;
  /** SHA-256 of the weights' bytes. */
  readonly weightsSha256: string;
  readonly weights: Uint8Array;
  /** Rounds that were averaged without some of the workers; always 0 without a quorum. */
  readonly shortRounds: number;
  readonly history: readonly EpochFacts[];
}

/** Counts that go into checkpoints, so that they survive a resumption. */
interface Totals {
  readonly bytesSent: number;
  readonly retries: number;
  readonly shortRounds: number;
  readonly history: readonly EpochFacts[];
}

/** Between turns of the event loop, in which Ctrl-C comes through, in milliseconds. */
const pauseMs = 50;
/** Milliseconds between two checkpoints, about; one more is written where a run ends, stops or fails. */
const checkpointMs = 2000;
/** Milliseconds between two looks at how rounds went, for those who watch. */
const logMs = 200;

/** What is run: work, and how engines open it elsewhere. */
export interface RoundsRun {
  readonly work: Work;
  /** URL of a module that exports `openWork`. */
  readonly module: string;
  /** What it is opened with, plain JSON. */
  readonly options: unknown;
  /** What decides the bytes of the run: a folder is known by it, and must agree on resuming. */
  readonly identity: RunIdentity;
  /** What the bytes of weights are. */
  readonly dtype: "float32" | "float64";
  /** What sets it apart from other kinds of runs on a fleet, whose workers open another module; default nothing. */
  readonly fleetSuffix?: string;
  /** How a run in a folder is gone on with: `with tenfold local resume runs/a`. */
  readonly goOn: (folder: string) => string;
}

/**
 * Runs a run of this room to its end.
 *
 * Rounds, data and seeds decide the bytes of the result; engines do not. With a folder, what was reached stays when the run stops
 * or fails: `resume` goes on from there, on any engine, and ends with the same bytes.
 *
 * @throws {TenfoldError} where a round fails; the hint says how to go on
 */
export async function execute(run: LocalRun, config: EngineConfig, place: Place = {}): Promise<Outcome> {
  const rounds: RoundsRun = {
    work: await openWork(run),
    module: workModule,
    options: run,
    identity: { local: run },
    dtype: run.kind === "problem" ? "float64" : "float32",
    goOn: (folder) => `with tenfold local resume ${folder}`,
  };
  return executeRounds(rounds, config, place);
}

/** Runs any work to its end; see {@link execute}. */
export async function executeRounds(run: RoundsRun, config: EngineConfig, place: Place = {}): Promise<Outcome> {
  checkQuorum(config, run.work);
  const names = { run: randomUUID(), before: place.resume ? nameOnFleet(place.folder) : undefined };
  const engine = await openEngine(run, config, names, place.note);
  const { folder: path, resume = false, force = false } = place;
  let folder: RunFolder | undefined;
  try {
    // Only what can be run leaves a folder.
    if (path !== undefined) folder = await openFolder(path, run, config, { resume, force });
    if (path !== undefined && config.engine === "bullmq")
      await writeFileAtomic(join(path, fleetFile), `${names.run}\n`);
    const start = resume && folder ? await loadStart(folder, run) : undefined;
    return await runRounds(engine, run, { folder, start }, place).catch((error: unknown) => {
      // What left the numbers would leave them again.
      const canGoOn = error instanceof TenfoldError && !(error instanceof DivergenceError);
      throw folder && canGoOn ? resumable(error, run.goOn(folder.path)) : error;
    });
  } finally {
    folder?.close();
    await engine.close();
  }
}

const noTotals: Totals = { bytesSent: 0, retries: 0, shortRounds: 0, history: [] };

/** What says that two runs are the same. */
function hashOf({ identity }: RoundsRun): string {
  return sha256(JSON.stringify(identity));
}

/**
 * The checkpoint to go on from.
 *
 * @throws {RunError} where it is of another run than run.json describes
 */
async function loadStart(folder: RunFolder, run: RoundsRun): Promise<Checkpoint | undefined> {
  const start = await folder.loadCheckpoint();
  if (!start || start.facts.run === hashOf(run)) return start;
  const hint = "it was edited: put back what was there";
  const expected = "the run that the checkpoints are of";
  throw new RunError({ where: join(folder.path, "run.json"), expected, found: "another", hint });
}

/** The open folder of a run, where it has one, and the checkpoint in it to go on from. */
interface Opened {
  readonly folder: RunFolder | undefined;
  readonly start: Checkpoint | undefined;
}

async function runRounds(
  engine: RoundEngine,
  run: RoundsRun,
  { folder, start }: Opened,
  { signal, onRound }: Place,
): Promise<Outcome> {
  const { work } = run;
  let state = start ? stateFrom(start, work.workers) : await initialRunState(work);
  let totals = (start?.facts.totals as Totals | undefined) ?? noTotals;
  let savedRound = start ? state.round : -1;
  let savedAt = performance.now();
  const log = folder && new RoundLog(folder.path, work.rounds);
  await log?.rewind(state.round);
  const save = async () => {
    log?.flush();
    state = await engine.state();
    if (!folder || savedRound === state.round) return;
    await folder.saveCheckpoint({
      step: state.round,
      tensors: tensorsOf(state, run.dtype),
      facts: { run: hashOf(run), totals },
    });
    savedRound = state.round;
    savedAt = performance.now();
  };
  await folder?.rewindMetrics(state.round);
  await engine.begin(state);
  let next = state.round;
  let pausedAt = performance.now();
  let loggedAt = pausedAt;
  try {
    for (; next < work.rounds && !signal?.aborted; next++) {
      if (performance.now() - pausedAt > pauseMs) {
        await setImmediate();
        pausedAt = performance.now();
      }
      const report = await engine.round(signal);
      totals = added(totals, report);
      log?.add(report);
      if (performance.now() - loggedAt > logMs) {
        log?.flush();
        loggedAt = performance.now();
      }
      if (report.facts.epoch !== undefined) folder?.log({ kind: "epoch", step: report.round + 1, ...report.facts });
      onRound?.(report, work.rounds);
      if (folder && performance.now() - savedAt > checkpointMs) await save();
    }
  } catch (error) {
    // The rounds before the one that failed are whole: they stay, where they can still be read.
    await save().catch(() => {});
    if (!signal?.aborted) throw error;
  }
  await save();
  return {
    finished: next === work.rounds,
    rounds: next,
    ...totals,
    weightsSha256: sha256(state.held.weights),
    weights: state.held.weights,
  };
}

function added(totals: Totals, { bytesSent, retries, missing, facts }: RoundReport): Totals {
  return {
    bytesSent: totals.bytesSent + bytesSent,
    retries: totals.retries + retries,
    shortRounds: totals.shortRounds + (missing.length > 0 ? 1 : 0),
    history: facts.epoch === undefined ? totals.history : [...totals.history, facts],
  };
}

/** The engine that the options name. */
async function openEngine(
  { work, module, options, fleetSuffix = "" }: RoundsRun,
  { engine, threads: count, redis, blobs, quorum, deadline }: EngineConfig,
  names: Pick<FleetOptions, "run" | "before">,
  note: Place["note"],
): Promise<RoundEngine> {
  const policy = quorum === undefined ? {} : { quorum };
  const deadlineMs = deadline * 1000;
  if (engine === "in-process") return inProcess(work, policy);
  if (engine === "threads") {
    const pool = count === undefined ? {} : { threads: count };
    return threads({ module, options }, { ...policy, ...pool, deadlineMs });
  }
  const version = `${await codeVersion()}${fleetSuffix}`;
  const place = blobs === "redis" || /^[a-z][a-z0-9+.-]+:/i.test(blobs) ? blobs : resolve(blobs);
  return fleet({
    redis,
    blobs: place,
    options,
    codeVersion: version,
    deadlineMs,
    ...names,
    ...policy,
    ...(note && { note }),
  });
}

/** The file of a run folder with the run's name on a fleet, under which is found there what a killed one left. */
const fleetFile = "fleet";

/** The name that a run was last on a fleet with. */
function nameOnFleet(folder: string | undefined): string | undefined {
  const path = join(folder ?? "", fleetFile);
  if (folder === undefined || !existsSync(path)) return undefined;
  const name = readFileSync(path, "utf8").trim();
  return /^[\da-f-]{36}$/.test(name) ? name : undefined;
}

function checkQuorum({ quorum }: EngineConfig, { workers }: Work): void {
  if (quorum === undefined || quorum <= workers) return;
  throw new RunError({ where: "--quorum", expected: `at most the ${workers} workers`, found: `${quorum}` });
}

/** The run's folder, which is known by what decides the bytes, and remembers the engine for `resume`. */
function openFolder(
  path: string,
  { identity, goOn }: RoundsRun,
  engine: EngineConfig,
  { resume, force }: { resume: boolean; force: boolean },
): Promise<RunFolder> {
  if (resume) return RunFolder.open(path, identity);
  // The password stays out of the file: it is asked for again.
  const kept = { ...engine, redis: withoutPassword(engine.redis) };
  return RunFolder.create(path, { ...identity, engine: kept }, { force, goOn: goOn(path) });
}

/** A run's state as tensors. */
function tensorsOf({ held, memories }: RunState, dtype: RoundsRun["dtype"]): Record<string, HostTensor> {
  const tensor = (bytes: Uint8Array) => {
    const numbers = dtype === "float64" ? float64sOf(bytes) : float32sOf(bytes);
    return hostTensor(numbers, [numbers.length]);
  };
  return {
    weights: tensor(held.weights),
    ...(held.memory && { memory: tensor(held.memory) }),
    ...Object.fromEntries(memories.flatMap((memory, m) => (memory ? [[`memory.${m}`, tensor(memory)]] : []))),
  };
}

/** The state in a checkpoint. */
function stateFrom(
  { step, tensors }: { readonly step: number; readonly tensors: Readonly<Record<string, HostTensor>> },
  workers: number,
): RunState {
  const bytes = (name: string) => {
    const data = tensors[name]?.data;
    return data instanceof Float64Array || data instanceof Float32Array ? bytesOf(data) : undefined;
  };
  const weights = bytes("weights");
  if (!weights) {
    throw new RunError({ where: `checkpoint ${step}`, expected: "weights", found: "none" });
  }
  const memory = bytes("memory");
  return {
    round: step,
    held: { weights, ...(memory && { memory }) },
    memories: Array.from({ length: workers }, (_, m) => bytes(`memory.${m}`)),
  };
}

/** The error with a hint that says how to go on with the run. */
function resumable(error: TenfoldError, how: string): RunError {
  const { where, expected, found, hint } = error;
  const goOn = `go on ${how}`;
  return new RunError({ where, expected, found, hint: hint ? `${hint}; ${goOn}` : goOn, cause: error });
}
