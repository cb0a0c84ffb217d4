/** A network's training as work for any engine. @module */
import {
  ConfigError,
  DataError,
  DivergenceError,
  flattenTree,
  type HostTensor,
  inTurn,
  Random,
  type Tree,
} from "../../core/index.ts";
import { type Dataset, loadParts } from "../../data/index.ts";
import { averageInOrder, bytesOf, float32sOf, type Work } from "../../dist/index.ts";
import { adamW, type Optimizer, sgd } from "../../optim/index.ts";
import {
  compileTrainStep,
  createEvaluator,
  gatherRows,
  type Task,
  taskFor,
  trainablePaths,
} from "../../train/index.ts";
import { leastCommonMultiple } from "./check-sizes.ts";
import type { NetworkConfig } from "./config.ts";
import { requireSameData } from "./open-problem.ts";
import { outerStep } from "./outer.ts";
import { pack, unpack } from "./packing.ts";
import { endsEpoch, epochOf, roundsOf, Schedule, type ScheduleOptions } from "./schedule.ts";
import { allFinite } from "./steps.ts";

/** A run that trains a network. */
export interface NetworkRun {
  readonly kind: "network";
  readonly config: NetworkConfig;
  readonly seed: number;
  readonly dataSha256?: string | undefined;
}

/** Data, model and schedule of a run. */
export interface OpenedNetwork {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly task: Task;
  /** Parameters before the first round. */
  readonly initial: Tree<HostTensor>;
  /** A component is an example: N of them a worker, of which a round visits steps times examples a step. */
  readonly schedule: ScheduleOptions;
  /** Examples that no worker got, as they do not divide. */
  readonly droppedExamples: number;
}

/**
 * Loads what a run trains on.
 *
 * @throws {ConfigError} for options that do not go together; {@link DataError} where the data are missing, too few, or not the run's
 */
export async function openNetwork({ config, seed, dataSha256 }: NetworkRun): Promise<OpenedNetwork> {
  const {
    data,
    dataDir,
    label,
    features,
    missing,
    maxCategories,
    workers,
    batchSize,
    localSteps,
    method,
    sync,
    epochs,
  } = config;
  if (method === "minibatch-rr" && config.optimizer !== "sgd") {
    throw new ConfigError({
      where: "--optimizer",
      expected: "sgd for --method minibatch-rr: the mean of Adam's steps is not Adam's step on the mean",
      found: config.optimizer,
      hint: "take --method local-rr",
    });
  }
  const { train, test } = await loadParts(data, { dataDir, label, features, missing, maxCategories, seed });
  requireSameData(train, dataSha256);
  const rows = train.inputs.shape[0]!;
  const perRound = batchSize * localSteps;
  const unit = sync ? leastCommonMultiple(perRound, workers) : perRound;
  const components = Math.floor(rows / workers / unit) * unit;
  if (components === 0) {
    const expected = `at least ${unit} examples for each of ${workers} workers`;
    const hint = "fewer workers, fewer local steps or a smaller batch";
    throw new DataError({ where: train.name, expected, found: `${rows} examples`, hint });
  }
  // A step's own copies, a share of every worker, and the average with its sums in float64.
  const task = taskFor(train, { ...config, copies: 4 + workers + 4 });
  return {
    train,
    test,
    task,
    initial: task.model.init(new Random(seed, "init")) as Tree<HostTensor>,
    schedule: { method, sync, workers, components, localSteps: perRound, epochs, seed },
    droppedExamples: rows - workers * components,
  };
}

function optimizerOf({ optimizer, momentum, weightDecay }: NetworkConfig): Optimizer {
  return optimizer === "sgd" ? sgd({ momentum, weightDecay }) : adamW({ weightDecay });
}

/** The examples in the order in which they are dealt: worker 0 gets the first ones. */
function dealt({ targets }: Dataset, shards: NetworkConfig["shards"], random: Random): Int32Array {
  const order = random.permutation(targets.shape[0]!);
  const width = targets.data.length / targets.shape[0]!;
  const value = (row: number) => targets.data[row * width]!;
  return shards === "shuffled" ? order : order.sort((a, b) => value(a) - value(b) || a - b);
}

/**
 * Opens the training of a network. Its weights are all parameters, buffers included, as float32; each worker keeps its own
 * optimizer's memory from round to round. A minibatch round is one step on a batch as large as all local steps together.
 */
export async function openNetworkWork(run: NetworkRun): Promise<Work> {
  const { config, seed } = run;
  const { train, test, task, initial, schedule: options } = await openNetwork(run);
  const { method, batchSize, localSteps, learningRate, outer, operatorThreads: threads } = config;
  const optimizer = optimizerOf(config);
  const evaluator = createEvaluator(task.model, task.loss, { threads });
  const schedule = new Schedule(options);
  const rows = dealt(train, config.shards, new Random(seed, "local", "shards"));
  const paths = trainablePaths(initial);
  const trained = flattenTree(initial).flatMap(([path, leaf]) => (paths.has(path) ? [leaf] : []));
  const emptyMemory = optimizer.init(trained);
  const step = compileTrainStep(
    {
      model: task.model,
      loss: task.loss,
      optimizer,
      ...(config.clipNorm !== undefined && { clipNorm: config.clipNorm }),
      compile: { threads },
    },
    { params: initial, optimizer: emptyMemory },
  );
  // The step holds one worker's state at a time.
  const next = inTurn();
  const remembers = flattenTree(emptyMemory).length > 0;
  const [steps, examples] = method === "minibatch-rr" ? [1, batchSize * localSteps] : [localSteps, batchSize];
  return {
    workers: options.workers,
    rounds: roundsOf(options),
    start() {
      const weights = pack(initial);
      return {
        weights: bytesOf(weights),
        ...(outer === "nesterov" && { memory: bytesOf(new Float32Array(weights.length)) }),
      };
    },
    share: (round, worker, held) =>
      next(async () => {
        const visited = schedule.components(round, worker).map((i) => rows[worker * options.components + i]!);
        await step.load({
          params: unpack(float32sOf(held.weights), initial),
          optimizer: held.memory ? unpack(float32sOf(held.memory), emptyMemory) : emptyMemory,
        });
        let lossSum = 0;
        for (let s = 0; s < steps; s++) {
          const batch = visited.subarray(s * examples, (s + 1) * examples);
          const index = round * steps + s;
          const report = await step.run(
            { inputs: gatherRows(train.inputs, batch), targets: gatherRows(train.targets, batch) },
            { learningRate, step: index, seed: new Random(seed, "local", "step", index, worker).integer(0x7fffffff) },
          );
          const loss = report.loss.data[0]!;
          if (!Number.isFinite(loss)) throw divergence(stepAt(round, worker, s), loss, learningRate);
          lossSum += loss;
        }
        const { params, optimizer: memory } = step.state();
        const weights = pack(params);
        // A last step may leave the numbers behind a loss that was still finite.
        if (!allFinite(weights)) throw divergence(stepAt(round, worker, steps - 1), Number.NaN, learningRate);
        return {
          weights: bytesOf(weights),
          ...(remembers && { memory: bytesOf(pack(memory)) }),
          facts: { loss: lossSum / steps },
        };
      }),
    async combine(round, held, shares) {
      const present = shares.filter((share) => share !== undefined);
      const mean = averageInOrder(present.map(({ weights }) => float32sOf(weights)));
      const velocity = held.memory && float32sOf(held.memory).slice();
      const weights = outerStep(config, float32sOf(held.weights), mean, velocity);
      const loss = present.reduce((sum, { facts }) => sum + (facts?.loss ?? 0), 0) / present.length;
      let facts: Record<string, number> = { loss };
      if (endsEpoch(round, options)) {
        const { loss: testLoss, accuracy } = await evaluator.evaluate(unpack(weights, initial), test);
        if (!Number.isFinite(testLoss)) throw divergence(`round ${round}, on the test part`, testLoss, learningRate);
        const epoch = epochOf(round, options) + 1;
        facts = { epoch, ...facts, testLoss, ...(accuracy !== undefined && { testAccuracy: accuracy }) };
      }
      return { weights: bytesOf(weights), ...(velocity && { memory: bytesOf(velocity) }), facts };
    },
  };
}

const stepAt = (round: number, worker: number, step: number) => `round ${round}, worker ${worker}, step ${step + 1}`;

function divergence(at: string, loss: number, learningRate: number): DivergenceError {
  return new DivergenceError({
    where: at,
    expected: "a finite loss and finite weights",
    found: Number.isNaN(loss) ? "NaN" : `a loss of ${loss}`,
    hint: `begin anew with a learning rate below ${learningRate}, or limit gradients with --clip-norm`,
  });
}
