/** Training of sequence models on packed examples: one loop for ours and for SASRec. @module */
import {
  DataError,
  DivergenceError,
  flattenTree,
  type HostTensor,
  mapTree,
  Random,
  RunError,
  type Tree,
} from "../../core/index.ts";
import type { Layer } from "../../nn/index.ts";
import { adamW, cosineSchedule } from "../../optim/index.ts";
import {
  compileTrainStep,
  gatherRows,
  initialState,
  type Loss,
  type RunFolder,
  type TrainState,
} from "../../train/index.ts";
import type { Examples } from "./packing.ts";

/** How a model is trained. */
export interface TrainingOptions {
  readonly epochs: number;
  /** Rows of packed positions a step. */
  readonly batchSize: number;
  /** The highest rate; it rises over the first 5% of the steps and falls along a cosine. */
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Measurements without a gain after which training stops. */
  readonly patience: number;
  /** Epochs between measurements. */
  readonly validateEvery: number;
  readonly seed: number;
}

/** What is trained, on what, and who watches. */
export interface Training<P> {
  readonly model: Layer<P>;
  readonly loss: Loss;
  readonly examples: Examples;
  readonly options: TrainingOptions;
  /** A score of the parameters, the higher the better. */
  readonly validate: (params: P) => Promise<number>;
  /** Where checkpoints and metrics go, and whether to go on from the last one. */
  readonly folder?: RunFolder | undefined;
  readonly resume?: boolean;
  /** Stops after this long, with the best parameters so far. */
  readonly maxMinutes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((fraction: number, note: string) => void) | undefined;
}

/** What training came to. */
export interface Trained<P> {
  /** The parameters of the best score. */
  readonly params: P;
  readonly score: number;
  /** The epoch after which they were, from 1; 0 where none was finished. */
  readonly bestEpoch: number;
  readonly epochs: number;
  readonly steps: number;
  /** Mean loss of the last epoch, in nats. */
  readonly loss: number;
  /** Seconds of training steps, measurements left out. */
  readonly seconds: number;
  /** Why it ended. */
  readonly end: "epochs" | "patience" | "minutes" | "stopped";
}

/** All that a run goes on from, beside tensors. */
interface Position {
  epoch: number;
  step: number;
  bestScore: number;
  bestEpoch: number;
  waited: number;
  loss: number;
  seconds: number;
}

/** A score no model falls below: of parameters that were never measured. */
const unmeasured = -1;

/**
 * Trains a model and keeps its best parameters. With a folder, there is a checkpoint after every epoch and when it is stopped between:
 * an epoch that was begun is begun again on resuming, and the bytes at the end are the same.
 *
 * @throws {RunError} where a checkpoint is not one of this model
 */
export async function trainSequenceModel<P>(training: Training<P>): Promise<Trained<P>> {
  const { model, loss, examples, options, folder, signal } = training;
  const { epochs, batchSize, seed, learningRate, weightDecay } = options;
  const rows = examples.inputs.shape[0];
  if (rows === 0) {
    const hint = "a user needs an item to learn from before those that are held out";
    throw new DataError({
      where: "interactions",
      expected: "users with enough events to train on",
      found: "none",
      hint,
    });
  }
  const size = Math.min(batchSize, rows);
  const perEpoch = Math.max(1, Math.floor(rows / size));
  const total = epochs * perEpoch;
  const rate = cosineSchedule({ peak: learningRate, warmupSteps: Math.floor(0.05 * total), totalSteps: total });
  const stepOptions = { model, loss, optimizer: adamW({ weightDecay }), clipNorm: 1 };
  const fresh = initialState(stepOptions, model.init(new Random(seed, "recommend", "init")));
  const saved = training.resume ? await folder?.loadCheckpoint() : undefined;
  const restored = saved && restore(saved.tensors, fresh);
  const at: Position = saved
    ? (saved.facts as unknown as Position)
    : { epoch: 0, step: 0, bestScore: unmeasured, bestEpoch: 0, waited: 0, loss: 0, seconds: 0 };
  let best = restored?.best ?? fresh.params;
  const trainStep = compileTrainStep(stepOptions, restored?.state ?? fresh);
  await folder?.rewindMetrics(at.step);
  const deadline = training.maxMinutes === undefined ? Number.POSITIVE_INFINITY : 60 * training.maxMinutes;
  const save = async () => {
    const tensors = tensorsOf({ state: trainStep.state(), best });
    await folder?.saveCheckpoint({ step: at.step, tensors, facts: { ...at } });
  };
  const measure = async () => {
    const params = trainStep.state().params as unknown as P;
    const score = await training.validate(params);
    folder?.log({ kind: "validation", step: at.step, epoch: at.epoch, score });
    if (score > at.bestScore) {
      Object.assign(at, { bestScore: score, bestEpoch: at.epoch, waited: 0 });
      best = params as unknown as Tree<HostTensor>;
    } else at.waited++;
  };
  let end: Trained<P>["end"] = "epochs";
  try {
    while (at.epoch < epochs) {
      const order = new Random(seed, "recommend", "epoch", at.epoch).permutation(rows);
      let epochLoss = 0;
      let stopped: Trained<P>["end"] | undefined;
      for (let position = 0; position < perEpoch; position++) {
        if (signal?.aborted) stopped = "stopped";
        else if (at.seconds > deadline) stopped = "minutes";
        if (stopped) break;
        const begin = performance.now();
        const some = order.subarray(position * size, (position + 1) * size);
        const batch = { inputs: gatherRows(examples.inputs, some), targets: gatherRows(examples.targets, some) };
        const step = at.epoch * perEpoch + position;
        const stepSeed = new Random(seed, "recommend", "step", step).integer(0x7fffffff);
        const report = await trainStep.run(batch, { learningRate: rate(step), step, seed: stepSeed });
        const stepLoss = report.loss.data[0];
        if (!Number.isFinite(stepLoss)) throw divergence(step, at.epoch, stepLoss, rate(step));
        epochLoss += stepLoss / perEpoch;
        at.seconds += (performance.now() - begin) / 1000;
        const share = Math.max((step + 1) / total, at.seconds / deadline);
        training.progress?.(share, `epoch ${at.epoch + 1}, loss ${report.loss.data[0].toFixed(3)}`);
      }
      if (stopped) {
        end = stopped;
        break;
      }
      at.epoch++;
      at.step = at.epoch * perEpoch;
      at.loss = epochLoss;
      folder?.log({ kind: "epoch", step: at.step, epoch: at.epoch, loss: epochLoss, seconds: at.seconds });
      if (at.epoch % options.validateEvery === 0 || at.epoch === epochs) await measure();
      await save();
      if (at.waited >= options.patience) {
        end = "patience";
        break;
      }
    }
    // What was learned since the last measurement counts too.
    if (end === "minutes") await measure();
    const { bestScore, bestEpoch, epoch, step, loss: last, seconds } = at;
    return {
      params: best as unknown as P,
      score: bestScore,
      bestEpoch,
      epochs: epoch,
      steps: step,
      loss: last,
      seconds,
      end,
    };
  } finally {
    await trainStep.dispose();
  }
}

interface Snapshot {
  readonly state: TrainState;
  readonly best: Tree<HostTensor>;
}

const tensorsOf = (snapshot: Snapshot) =>
  Object.fromEntries(flattenTree<HostTensor>(snapshot as unknown as Tree<HostTensor>));

function restore(tensors: Readonly<Record<string, HostTensor>>, fresh: TrainState): Snapshot {
  const like = { state: fresh, best: fresh.params } as unknown as Tree<HostTensor>;
  return mapTree(like, (leaf, path) => {
    const found = tensors[path];
    if (found?.shape.join() === leaf.shape.join()) return found;
    throw new RunError({
      where: `checkpoint at ${path}`,
      expected: `${leaf.dtype}[${leaf.shape.join(", ")}], as the model has it`,
      found: found ? `${found.dtype}[${found.shape.join(", ")}]` : "nothing",
      hint: "go on with the options that the run was started with",
    });
  }) as unknown as Snapshot;
}

function divergence(step: number, epoch: number, loss: number, learningRate: number): DivergenceError {
  return new DivergenceError({
    where: `step ${step + 1} (epoch ${epoch + 1})`,
    expected: "a finite loss",
    found: `a loss of ${loss} at learning rate ${Number(learningRate.toPrecision(3))}`,
    hint: "train with a smaller --learning-rate",
  });
}
