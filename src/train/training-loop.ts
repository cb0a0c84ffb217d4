/**
 * The training loop: one stream of events that progress bars, metrics files and pages read. Nothing here touches a disk, so that it
 * runs in a browser too; `fit` opens the run's folder.
 *
 * @module
 */
import { DivergenceError, flattenTree, type HostTensor, Random, type Tree } from "../core/index.ts";
import { type Dataset, takeRows } from "../data/browser.ts";
import type { Tensor } from "../engine/index.ts";
import { type Layer, ranksOf } from "../nn/index.ts";
import { constantSchedule, createOrder, type Order, type Schedule } from "../optim/index.ts";
import { gatherRows, planBatches } from "./batches.ts";
import { checkOptions } from "./check-options.ts";
import { orderTensors, restore, stateTensors } from "./checkpoint-state.ts";
import { createEvaluator, type Evaluation } from "./evaluate.ts";
import { exportModel } from "./export-model.ts";
import type { RunFolder } from "./run-folder.ts";
import { compileTrainStep, initialState, type StepOptions, shrinkState, type TrainState } from "./step.ts";

/** What is trained, on what and for how long. */
export interface LoopOptions<P> extends StepOptions<P, Tensor, Tensor> {
  readonly data: Dataset;
  /** Measured after every epoch. */
  readonly validation?: Dataset;
  /** Passes over the data. */
  readonly epochs: number;
  /** Examples a step. */
  readonly batchSize: number;
  /** A rate, or a function of the step. */
  readonly learningRate: number | Schedule;
  /** Name of the order of examples; default `rr`. Orders that need gradients (`grab`) permute batches. */
  readonly order?: string;
  /** Seed of the parameters, the order and dropout; default 0. */
  readonly seed?: number;
  /** Parameters to start from instead of fresh ones. */
  readonly params?: P;
  /** Stops the run after the current step, with a checkpoint where there is a folder. */
  readonly signal?: AbortSignal;
}

/** The options of `fit`: also what a run leaves on disk. */
export interface FitOptions<P> extends LoopOptions<P> {
  /** Text that identifies a schedule in run.json; default the rate itself. */
  readonly learningRateName?: string;
  /** Folder to write; default none. */
  readonly run?: string;
  /** Replaces what is in the folder; default false. */
  readonly force?: boolean;
  /** Goes on with the run in the folder; default false. */
  readonly resume?: boolean;
  /** Steps between checkpoints within an epoch; there is one after every epoch anyway. Default none. */
  readonly checkpointEvery?: number;
  /** Steps between lines in metrics.jsonl; default 10. */
  readonly logEvery?: number;
  /** More facts for run.json that must agree on resuming, such as the model's name and sizes. */
  readonly identity?: Readonly<Record<string, unknown>>;
  /** Makes of the trained parameters what is left of the run; default the model as it was trained. */
  readonly finish?: (params: P) => Promise<Finished>;
}

/** What is left of a run, where that is not the model as it was trained. */
export interface Finished {
  /** Runs `params`; exported as model.onnx. */
  readonly model: Layer;
  readonly params: Tree<HostTensor>;
  /** More facts for report.json and the event `end`. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What happens in a run, in the order in which it happens. */
export type FitEvent =
  | { readonly type: "start"; readonly step: number; readonly totalSteps: number; readonly parameters: number }
  | {
      readonly type: "step";
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly gradientNorm: number;
      readonly learningRate: number;
      /** Milliseconds this step took. */
      readonly ms: number;
    }
  | ({ readonly type: "evaluation"; readonly step: number; readonly epoch: number } & Evaluation)
  | {
      /** Parameters have changed shape, as the model asked after an epoch. */
      readonly type: "shrink";
      readonly step: number;
      readonly epoch: number;
      readonly params: Tree<HostTensor>;
    }
  | {
      readonly type: "epoch";
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      /** A copy of the parameters after the epoch. */
      readonly params: Tree<HostTensor>;
    }
  | { readonly type: "checkpoint"; readonly step: number }
  | { readonly type: "stopped"; readonly step: number }
  | {
      readonly type: "end";
      readonly step: number;
      readonly params: Tree<HostTensor>;
      readonly evaluation?: Evaluation;
      /** Of {@link FitOptions.finish}. */
      readonly facts?: Readonly<Record<string, unknown>>;
    };

/** Opens the folder of a run that starts at `fresh`, where the options name one. */
type OpenFolder = (options: FitOptions<unknown>, fresh: TrainState) => Promise<RunFolder | undefined>;

/**
 * The loop behind `fit`.
 *
 * @param openFolder - default: there is no folder, and the run leaves nothing but its events
 */
export async function* trainingLoop<P>(
  options: FitOptions<P>,
  openFolder: OpenFolder = async () => undefined,
): AsyncGenerator<FitEvent, void, undefined> {
  checkOptions(options as FitOptions<unknown>);
  const fresh = initialState(
    options as never,
    options.params ?? options.model.init(new Random(options.seed ?? 0, "init")),
  ) as TrainState;
  const folder = await openFolder(options as FitOptions<unknown>, fresh);
  try {
    yield* trainInto(folder, fresh, options);
  } finally {
    folder?.close();
  }
}

/** The loop into an open folder, from its last checkpoint where it is gone on with. */
async function* trainInto<P>(
  folder: RunFolder | undefined,
  fresh: TrainState,
  options: FitOptions<P>,
): AsyncGenerator<FitEvent, void, undefined> {
  const { data, validation, epochs, batchSize, seed = 0, logEvery = 10, signal } = options;
  const schedule: Schedule =
    typeof options.learningRate === "number" ? constantSchedule(options.learningRate) : options.learningRate;
  const started = performance.now();
  const checkpoint = options.resume ? await folder?.loadCheckpoint() : undefined;
  const size = data.inputs.shape[0]!;
  const orderName = options.order ?? "rr";
  const balancing = orderName.startsWith("grab");
  const plan = planBatches(size, batchSize, balancing, new Random(seed, "deal").permutation(size));
  let order: Order = createOrder(orderName, { size: plan.units, seed });
  let step = 0;
  let epochLoss = 0;
  let referenceLoss: number | undefined;
  let state = fresh;
  if (checkpoint) {
    const shrinks = options.model.shrink !== undefined;
    ({ state, order, epochLoss, referenceLoss } = restore(checkpoint, fresh, { shrinks }));
    step = checkpoint.step;
  }
  await folder?.rewindMetrics(step);
  const totalSteps = epochs * plan.count;
  const stepOptions = { ...options, reportGradient: order.needsGradients } as never;
  let trainStep = compileTrainStep(stepOptions, state);
  const evaluator = createEvaluator(options.model, options.loss, options.compile);
  let saved = checkpoint?.step ?? -1;

  const save = async (): Promise<void> => {
    if (!folder || saved === step) return;
    const current = trainStep.state();
    const facts = { epochLoss, referenceLoss, order: { name: order.state().name, values: order.state().values } };
    await folder.saveCheckpoint({ step, tensors: { ...stateTensors(current), ...orderTensors(order) }, facts });
    saved = step;
  };

  try {
    yield { type: "start", step, totalSteps, parameters: countParameters(state.params) };
    // What the untrained model loses on a sample of the data: a loss far above it means that training has diverged.
    const sample = new Random(seed, "sample").permutation(size).subarray(0, 512);
    referenceLoss ??= (await evaluator.evaluate(state.params, takeRows(data, Array.from(sample)))).loss;
    let evaluation: Evaluation | undefined;
    while (step < totalSteps) {
      const epoch = Math.floor(step / plan.count);
      const permutation = order.permutation();
      for (let position = step % plan.count; position < plan.count; position++) {
        if (signal?.aborted) {
          await save();
          if (folder) yield { type: "checkpoint", step };
          yield { type: "stopped", step };
          return;
        }
        const begin = performance.now();
        const rows = plan.batch(permutation, position);
        const batch = { inputs: gatherRows(data.inputs, rows), targets: gatherRows(data.targets, rows) };
        const learningRate = schedule(step);
        const report = await trainStep.run(batch, { learningRate, step, seed: stepSeed(seed, step) });
        const loss = report.loss.data[0]!;
        const gradientNorm = report.gradientNorm.data[0]!;
        const runaway = loss > runawayFactor * Math.max(1, referenceLoss);
        if (runaway || !Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
          throw divergence(step, epoch, loss, gradientNorm, learningRate, folder, saved);
        }
        if (order.needsGradients) order.observe(position, report.gradient!.data);
        step++;
        epochLoss += (loss * rows.length) / size;
        if (step % logEvery === 0)
          folder?.log({ kind: "train", step, epoch: epoch + 1, loss, gradientNorm, learningRate });
        yield { type: "step", step, epoch, loss, gradientNorm, learningRate, ms: performance.now() - begin };
        if (options.checkpointEvery && step % options.checkpointEvery === 0 && position + 1 < plan.count) {
          await save();
          if (folder) yield { type: "checkpoint", step };
        }
      }
      order.endEpoch();
      folder?.log({ kind: "epoch", step, epoch: epoch + 1, loss: epochLoss });
      const now = trainStep.state();
      yield { type: "epoch", step, epoch, loss: epochLoss, params: now.params };
      epochLoss = 0;
      const shrink = options.model.shrink?.(now.params as P);
      if (shrink) {
        state = shrinkState(now, shrink, options.trainable);
        await trainStep.dispose();
        trainStep = compileTrainStep(stepOptions, state);
        folder?.log({
          kind: "shrink",
          step,
          epoch: epoch + 1,
          parameters: countParameters(state.params),
          ranks: ranksOf(state.params),
        });
        yield { type: "shrink", step, epoch, params: state.params };
      }
      if (validation) {
        evaluation = await evaluator.evaluate(trainStep.state().params, validation);
        folder?.log({ kind: "validation", step, epoch: epoch + 1, ...evaluation });
        yield { type: "evaluation", step, epoch, ...evaluation };
      }
      await save();
      if (folder) yield { type: "checkpoint", step };
    }
    const { params } = trainStep.state();
    const finished = await options.finish?.(params as P);
    if (folder) {
      evaluation ??= validation && (await evaluator.evaluate(params, validation));
      const left = finished ?? { model: options.model as Layer<unknown>, params };
      const { bytes, fixedBatch } = exportModel(left.model as Layer<unknown>, left.params, data);
      await folder.saveModel(bytes);
      const seconds = Math.round(performance.now() - started) / 1000;
      await folder.saveReport({
        steps: step,
        epochs,
        parameters: countParameters(params),
        seconds,
        modelBatch: fixedBatch ? 1 : "any",
        ...(evaluation && { validation: evaluation }),
        ...finished?.facts,
      });
    }
    yield { type: "end", step, params, ...(evaluation && { evaluation }), ...(finished && { facts: finished.facts }) };
  } finally {
    await trainStep.dispose();
    await evaluator.dispose();
  }
}

/** A loss so many times that of the untrained model (or 1) has left for good, though its numbers may stay finite. */
const runawayFactor = 1e4;

function countParameters(params: Tree<HostTensor>): number {
  return flattenTree(params).reduce((total, [, { data }]) => total + data.length, 0);
}

/** A seed for every step, so that random inputs do not depend on how often the run was resumed. */
function stepSeed(seed: number, step: number): number {
  return new Random(seed, "step", step).integer(0x7fffffff);
}

function divergence(
  step: number,
  epoch: number,
  loss: number,
  gradientNorm: number,
  learningRate: number,
  folder: RunFolder | undefined,
  saved: number,
): DivergenceError {
  const what =
    Number.isFinite(gradientNorm) || !Number.isFinite(loss)
      ? `a loss of ${loss}`
      : `a gradient of norm ${gradientNorm}`;
  const stays = folder && saved >= 0 ? `; the checkpoint of step ${saved} is kept` : "";
  return new DivergenceError({
    where: `step ${step + 1} (epoch ${epoch + 1})`,
    expected: "a loss that stays near where it began, and a finite gradient",
    found: `${what} at learning rate ${learningRate}${stays}`,
    hint: `train with a smaller learning rate, such as ${Number(Math.min(0.1, learningRate / 10).toPrecision(2))}`,
  });
}
