/** The training loop: one stream of events that progress bars, metrics files and pages read. @module */
import {
  ConfigError,
  DataError,
  DivergenceError,
  flattenTree,
  type HostTensor,
  hostTensor,
  mapTree,
  Random,
  RunError,
  ShapeError,
  sameShape,
  type Tree,
} from "../core/index.ts";
import { type Dataset, takeRows } from "../data/index.ts";
import { type Tensor, toOnnx } from "../engine/index.ts";
import { type Layer, Mode } from "../nn/index.ts";
import { constantSchedule, createOrder, type Order, orderNames, restoreOrder, type Schedule } from "../optim/index.ts";
import { gatherRows, planBatches } from "./batches.ts";
import { createEvaluator, type Evaluation } from "./evaluate.ts";
import { type Checkpoint, RunFolder } from "./run-folder.ts";
import { compileTrainStep, initialState, type StepOptions, type TrainState, trainablePaths } from "./step.ts";

/** What {@link fit} trains, on what, for how long, and what it leaves. */
export interface FitOptions<P> extends StepOptions<P, Tensor, Tensor> {
  readonly data: Dataset;
  /** Measured after every epoch. */
  readonly validation?: Dataset;
  /** Passes over the data. */
  readonly epochs: number;
  /** Examples a step. */
  readonly batchSize: number;
  /** A rate, or a function of the step; a schedule is named by `learningRateName` in the run folder. */
  readonly learningRate: number | Schedule;
  /** Text that identifies a schedule in run.json; default the rate itself. */
  readonly learningRateName?: string;
  /** Name of the order of examples; default `rr`. Orders that need gradients (`grab`) permute batches. */
  readonly order?: string;
  /** Seed of the parameters, the order and dropout; default 0. */
  readonly seed?: number;
  /** Parameters to start from instead of fresh ones. */
  readonly params?: P;
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
  /** Stops the run after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
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
  | { readonly type: "epoch"; readonly step: number; readonly epoch: number; readonly loss: number }
  | { readonly type: "checkpoint"; readonly step: number }
  | { readonly type: "stopped"; readonly step: number }
  | {
      readonly type: "end";
      readonly step: number;
      readonly params: Tree<HostTensor>;
      readonly evaluation?: Evaluation;
    };

/**
 * Trains a model. Iterate over the events; the run goes on as far as the events are read.
 *
 * A run killed at any moment and resumed ends with the same bytes as one that was not: checkpoints hold parameters,
 * optimizer state, the order's state and the position in the epoch, and every random number is a function of the seed
 * and the step.
 *
 * @throws {ConfigError} for options out of range, {@link DataError} for data that does not fit, {@link DivergenceError} where
 * the loss leaves the numbers (the last checkpoint stays), {@link RunError} for folders that cannot be used
 * @example
 * ```ts
 * const data = await loadDataset("digits", { split: "train" });
 * for await (const event of fit({ model, loss: crossEntropy, optimizer: adamW(), data, epochs: 5, batchSize: 32, learningRate: 1e-3 })) {
 *   if (event.type === "epoch") console.log(event.epoch, event.loss);
 * }
 * ```
 */
export async function* fit<P>(options: FitOptions<P>): AsyncGenerator<FitEvent, void, undefined> {
  check(options as FitOptions<unknown>);
  const { data, validation, epochs, batchSize, seed = 0, logEvery = 10, signal } = options;
  const schedule: Schedule =
    typeof options.learningRate === "number" ? constantSchedule(options.learningRate) : options.learningRate;
  const started = performance.now();

  // A fresh start, or the last checkpoint.
  const fresh = initialState(
    options as never,
    options.params ?? options.model.init(new Random(seed, "init")),
  ) as TrainState;
  const folder = await openFolder(options as FitOptions<unknown>, fresh);
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
    ({ state, order, epochLoss, referenceLoss } = restore(checkpoint, fresh));
    step = checkpoint.step;
  }
  await folder?.rewindMetrics(step);
  const totalSteps = epochs * plan.count;
  const trainStep = compileTrainStep({ ...options, reportGradient: order.needsGradients } as never, state);
  const evaluator = createEvaluator(options.model, options.loss, options.compile);
  const parameters = flattenTree(state.params).reduce((n, [, { data: values }]) => n + values.length, 0);
  let saved = checkpoint?.step ?? -1;

  const save = async (): Promise<void> => {
    if (!folder || saved === step) return;
    const current = trainStep.state();
    const facts = { epochLoss, referenceLoss, order: { name: order.state().name, values: order.state().values } };
    await folder.saveCheckpoint({ step, tensors: { ...stateTensors(current), ...orderTensors(order) }, facts });
    saved = step;
  };

  try {
    yield { type: "start", step, totalSteps, parameters };
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
      yield { type: "epoch", step, epoch, loss: epochLoss };
      epochLoss = 0;
      if (validation) {
        evaluation = await evaluator.evaluate(trainStep.state().params, validation);
        folder?.log({ kind: "validation", step, epoch: epoch + 1, ...evaluation });
        yield { type: "evaluation", step, epoch, ...evaluation };
      }
      await save();
      if (folder) yield { type: "checkpoint", step };
    }
    const { params } = trainStep.state();
    if (folder) {
      evaluation ??= validation && (await evaluator.evaluate(params, validation));
      const { bytes, fixedBatch } = exportModel(options.model as Layer<unknown>, params, data);
      await folder.saveModel(bytes);
      const seconds = Math.round(performance.now() - started) / 1000;
      await folder.saveReport({
        steps: step,
        epochs,
        parameters,
        seconds,
        modelBatch: fixedBatch ? 1 : "any",
        ...(evaluation && { validation: evaluation }),
      });
    }
    yield { type: "end", step, params, ...(evaluation && { evaluation }) };
  } finally {
    folder?.close();
    await trainStep.dispose();
    await evaluator.dispose();
  }
}

/** A loss so many times that of the untrained model (or 1) has left for good, though its numbers may stay finite. */
const runawayFactor = 1e4;

/** A seed for every step, so that random inputs do not depend on how often the run was resumed. */
function stepSeed(seed: number, step: number): number {
  return new Random(seed, "step", step).integer(0x7fffffff);
}

function check(options: FitOptions<unknown>): void {
  const { data, validation, learningRate, order = "rr", logEvery = 10, checkpointEvery = 1 } = options;
  const positive = (where: string, value: number, integer: boolean) => {
    if (value > 0 && Number.isFinite(value) && (!integer || Number.isInteger(value))) return;
    const expected = integer ? "a positive whole number" : "a positive number";
    throw new ConfigError({ where, expected, found: `${value}` });
  };
  for (const [where, value] of Object.entries({
    epochs: options.epochs,
    batchSize: options.batchSize,
    logEvery,
    checkpointEvery,
  })) {
    positive(where, value, true);
  }
  if (typeof learningRate === "number") positive("learningRate", learningRate, false);
  if (!(orderNames as readonly string[]).includes(order)) createOrder(order, { size: 1, seed: 0 });
  checkData(data, data.name);
  if (validation) checkData(validation, `${validation.name} (validation)`);
}

function checkData({ inputs, targets, classes }: Dataset, name: string): void {
  const [rows, labels] = [inputs.shape[0] ?? 0, targets.shape[0] ?? 0];
  if (rows === 0 || rows !== labels) {
    const found = `${rows} inputs and ${labels} targets`;
    throw new DataError({ where: name, expected: "examples, a target for each", found });
  }
  for (const [what, { data }] of Object.entries({ inputs, targets })) {
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) continue;
    throw new DataError({
      where: `${name}, row ${Math.floor(bad / (data.length / rows)) + 1}`,
      expected: `finite ${what}`,
      found: `${data[bad]}`,
      hint: "remove or fill in the rows that have no value",
    });
  }
  const outside = classes ? targets.data.findIndex((label) => label < 0 || label >= classes.length) : -1;
  if (classes && outside >= 0) {
    throw new DataError({
      where: `${name}, row ${outside + 1}`,
      expected: `a class number in [0, ${classes.length})`,
      found: `${targets.data[outside]}`,
    });
  }
}

async function openFolder(options: FitOptions<unknown>, { params }: TrainState): Promise<RunFolder | undefined> {
  const { run, data, batchSize, seed = 0, order = "rr", optimizer, learningRate, clipNorm } = options;
  if (run === undefined) return undefined;
  const paths = trainablePaths(params, options.trainable);
  const identity = {
    seed,
    data: data.name,
    dataSha256: data.sha256,
    batchSize,
    epochs: options.epochs,
    order,
    optimizer: { name: optimizer.name, ...optimizer.options },
    learningRate: options.learningRateName ?? (typeof learningRate === "number" ? learningRate : "schedule"),
    clipNorm: clipNorm ?? null,
    ...options.identity,
    trained: flattenTree(params).flatMap(([path]) => (paths.has(path) ? [path] : [])),
    parameters: Object.fromEntries(
      flattenTree(params).map(([path, { dtype, shape }]) => [path, `${dtype}[${shape.join(", ")}]`]),
    ),
  };
  return options.resume
    ? RunFolder.open(run, identity)
    : RunFolder.create(run, identity, options.force === undefined ? {} : { force: options.force });
}

function stateTensors(state: TrainState): Record<string, HostTensor> {
  return Object.fromEntries(flattenTree(state as unknown as Tree<HostTensor>));
}

function orderTensors(order: Order): Record<string, HostTensor> {
  const { arrays } = order.state();
  return Object.fromEntries(
    Object.entries(arrays).map(([name, data]) => [`order.${name}`, hostTensor(data, [data.length])]),
  );
}

/** State, order and running loss from a checkpoint whose tensors must be those of `fresh`. */
function restore(
  { tensors, facts }: Checkpoint,
  fresh: TrainState,
): { state: TrainState; order: Order; epochLoss: number; referenceLoss: number } {
  const state = mapTree(fresh as unknown as Tree<HostTensor>, (leaf, path) => {
    const saved = tensors[path];
    if (saved && sameShape(saved.shape, leaf.shape) && saved.dtype === leaf.dtype) return saved;
    throw new RunError({
      where: `checkpoint at ${path}`,
      expected: `${leaf.dtype}[${leaf.shape.join(", ")}], as the model has it`,
      found: saved ? `${saved.dtype}[${saved.shape.join(", ")}]` : "nothing",
      hint: "go on with the model that the run was started with",
    });
  }) as unknown as TrainState;
  const { order, epochLoss, referenceLoss } = facts as {
    order: { name: string; values: Record<string, number> };
    epochLoss: number;
    referenceLoss: number;
  };
  const arrays = Object.fromEntries(
    Object.entries(tensors).flatMap(([name, { data }]) => (name.startsWith("order.") ? [[name.slice(6), data]] : [])),
  );
  return { state, order: restoreOrder({ ...order, arrays }), epochLoss, referenceLoss };
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

/** The trained model as ONNX: for any batch size where the graph allows it, for single examples otherwise. */
function exportModel(model: Layer<unknown>, params: Tree<HostTensor>, { inputs }: Dataset) {
  const apply = (tree: never, x: never) => model.apply(tree, x, new Mode(false));
  const signatures = [{ dtype: inputs.dtype, shape: [1, ...inputs.shape.slice(1)] }];
  try {
    return { bytes: toOnnx(apply, params, signatures), fixedBatch: false };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { bytes: toOnnx(apply, params, signatures, { dynamicBatch: false }), fixedBatch: true };
  }
}
