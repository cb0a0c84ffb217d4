/** The training of any layer as work for any engine. @module */
import {
  ConfigError,
  DataError,
  DivergenceError,
  flattenTree,
  type HostTensor,
  inTurn,
  mapTree,
  Random,
  type Tree,
} from "../../core/index.ts";
import type { Dataset } from "../../data/index.ts";
import { averageInOrder, bytesOf, float32sOf, type Holding, type Work } from "../../dist/index.ts";
import { isBuffer, type Layer, ranksInUse, shrinkTo } from "../../nn/index.ts";
import type { Optimizer, Schedule as RateSchedule } from "../../optim/index.ts";
import {
  compileTrainStep,
  createEvaluator,
  gatherRows,
  growTree,
  initialState,
  type Loss,
  shrinkState,
  type TrainState,
  type TrainStep,
} from "../../train/index.ts";
import { leastCommonMultiple } from "./check-sizes.ts";
import { type OuterOptions, outerStep } from "./outer.ts";
import { pack, unpack } from "./packing.ts";
import { endsEpoch, epochOf, roundsOf, Schedule, type ScheduleOptions } from "./schedule.ts";
import { allFinite } from "./steps.ts";

/** What workers train. */
export interface LayerTraining {
  readonly model: Layer;
  readonly loss: Loss;
  /** Parameters before the first round. */
  readonly initial: Tree<HostTensor>;
  /** Whether the parameter at a path is trained; buffers never are. Default all. What is not never travels. */
  readonly trainable?: (path: string) => boolean;
  readonly optimizer: Optimizer;
  /** The rate at each step of a worker, counted over all rounds. */
  readonly learningRate: RateSchedule;
  readonly clipNorm?: number | undefined;
  readonly train: Dataset;
  readonly test: Dataset;
}

/** How rounds go. */
export interface LayerRounds
  extends OuterOptions,
    Pick<ScheduleOptions, "sync" | "order" | "workers" | "epochs" | "seed"> {
  readonly method: "minibatch-rr" | "local-rr";
  /** Examples of a worker's step. */
  readonly batchSize: number;
  /** Steps between two averages; of `minibatch-rr` they are one larger step. */
  readonly localSteps: number;
  readonly shards: "shuffled" | "by-label";
  /** Threads inside an operator. */
  readonly operatorThreads: number;
}

/**
 * Who visits which examples when: a component is an example, and each worker has as many as divide.
 *
 * @throws {ConfigError} for an optimizer that does not go with the method; {@link DataError} where there are too few examples
 */
export function scheduleRounds(
  { train, optimizer }: Pick<LayerTraining, "train" | "optimizer">,
  { method, sync, workers, batchSize, localSteps, epochs, seed, order }: LayerRounds,
): ScheduleOptions {
  if (method === "minibatch-rr" && optimizer.name !== "sgd") {
    throw new ConfigError({
      where: "--optimizer",
      expected: "sgd for --method minibatch-rr: the mean of Adam's steps is not Adam's step on the mean",
      found: optimizer.name,
      hint: "take --method local-rr",
    });
  }
  const rows = train.inputs.shape[0]!;
  const perRound = batchSize * localSteps;
  const unit = sync ? leastCommonMultiple(perRound, workers) : perRound;
  const components = Math.floor(rows / workers / unit) * unit;
  if (components === 0) {
    const expected = `at least ${unit} examples for each of ${workers} workers`;
    const hint = "fewer workers, fewer local steps or a smaller batch";
    throw new DataError({ where: train.name, expected, found: `${rows} examples`, hint });
  }
  return { method, sync, workers, components, localSteps: perRound, epochs, seed, ...(order && { order }) };
}

/** The examples in the order in which they are dealt: worker 0 gets the first ones. */
function dealt({ targets }: Dataset, shards: LayerRounds["shards"], random: Random): Int32Array {
  const order = random.permutation(targets.shape[0]!);
  const width = targets.data.length / targets.shape[0]!;
  const value = (row: number) => targets.data[row * width]!;
  return shards === "shuffled" ? order : order.sort((a, b) => value(a) - value(b) || a - b);
}

/** The parameters of which `changed` are some, by path. */
function withLeaves(all: Tree<HostTensor>, changed: Readonly<Record<string, HostTensor>>): Tree<HostTensor> {
  return mapTree(all, (leaf, path) => changed[path] ?? leaf);
}

/** The leaves that training changes: what is trained, and buffers. They are what workers hand to one another. */
function changingLeaves({ initial, trainable = () => true }: Pick<LayerTraining, "initial" | "trainable">) {
  const changes = ([path]: readonly [string, unknown]) => isBuffer(path) || trainable(path);
  return Object.fromEntries(flattenTree(initial).filter(changes));
}

/** The parameters in the weights of a run, at the ranks that are in use. */
export function paramsOfWeights(training: LayerTraining, weights: Uint8Array): Tree<HostTensor> {
  const carried = unpack(float32sOf(weights), changingLeaves(training)) as Readonly<Record<string, HostTensor>>;
  const params = withLeaves(training.initial, carried);
  return mapTree(params, (leaf, path) => shrinkTo(ranksInUse(params))(path, leaf));
}

/**
 * Makes work of a training. The weights that travel are what training changes, buffers included, as float32; each worker keeps its own
 * optimizer's memory from round to round. A minibatch round is one step on a batch as large as all local steps together.
 *
 * Low-rank layers are averaged factor by factor: the mean of the workers' u and the mean of their v, not the factors of the mean of u v. All
 * workers begin a round at the same factors, so that column b of one worker's u is column b of another's, and nothing has to be
 * aligned. Ranks shrink where an epoch ends, by the averaged factors: what is cut is set to zero, weights keep their length, and every
 * worker finds the same ranks in them. Each trains at those ranks.
 */
export function layerWork(training: LayerTraining, rounds: LayerRounds): Work {
  const { model, loss, initial, optimizer, learningRate, clipNorm, train, test, trainable } = training;
  const { method, batchSize, localSteps, seed, operatorThreads: threads, outer } = rounds;
  const options = scheduleRounds(training, rounds);
  const schedule = new Schedule(options);
  const rows = dealt(train, rounds.shards, new Random(seed, "local", "shards"));
  const stepOptions = {
    model,
    loss,
    optimizer,
    ...(trainable && { trainable }),
    ...(clipNorm !== undefined && { clipNorm }),
    compile: { threads },
  };
  const carried = changingLeaves(training);
  const fresh = initialState(stepOptions as never, initial) as TrainState;
  const evaluator = createEvaluator(model, loss, { threads });
  const remembers = flattenTree(fresh.optimizer).length > 0;
  const [steps, examples] = method === "minibatch-rr" ? [1, batchSize * localSteps] : [localSteps, batchSize];
  // The step holds one worker's state at a time.
  const next = inTurn();
  let compiled: { readonly ranks: string; readonly step: TrainStep<HostTensor> } | undefined;

  const paramsIn = (weights: Float32Array) =>
    withLeaves(initial, unpack(weights, carried) as Readonly<Record<string, HostTensor>>);
  const packed = (params: Tree<HostTensor>) =>
    pack(Object.fromEntries(flattenTree(growTree(params, initial)).filter(([path]) => path in carried)));

  /** The state of a worker at the ranks that are in use. */
  function open({ weights, memory }: Holding): { readonly ranks: string; readonly state: TrainState } {
    const state: TrainState = {
      params: paramsIn(float32sOf(weights)),
      optimizer: memory ? unpack(float32sOf(memory), fresh.optimizer) : fresh.optimizer,
    };
    const ranks = ranksInUse(state.params);
    return { ranks: JSON.stringify(ranks), state: shrinkState(state, shrinkTo(ranks), trainable) };
  }

  /** The training step at some ranks, in the state given. */
  async function stepAt(ranks: string, state: TrainState): Promise<TrainStep<HostTensor>> {
    if (compiled?.ranks !== ranks) {
      await compiled?.step.dispose();
      compiled = { ranks, step: compileTrainStep(stepOptions as never, state) };
    }
    await compiled.step.load(state);
    return compiled.step;
  }

  /** Takes away the columns that the model no longer needs. */
  function shrunk(weights: Float32Array, velocity: Float32Array | undefined) {
    const shrink = model.shrink?.(paramsIn(weights) as never);
    if (!shrink) return { weights, velocity };
    const cut = (values: Float32Array) =>
      pack(
        growTree(
          mapTree(unpack(values, carried), (leaf, path) => shrink(path, leaf)),
          carried,
        ),
      );
    return { weights: cut(weights), velocity: velocity && cut(velocity) };
  }

  return {
    workers: options.workers,
    rounds: roundsOf(options),
    start() {
      const weights = packed(initial);
      return {
        weights: bytesOf(weights),
        ...(outer === "nesterov" && { memory: bytesOf(new Float32Array(weights.length)) }),
      };
    },
    share: (round, worker, held) =>
      next(async () => {
        const visited = schedule.components(round, worker).map((i) => rows[worker * options.components + i]!);
        const { ranks, state } = open(held);
        const step = await stepAt(ranks, state);
        let lossSum = 0;
        for (let s = 0; s < steps; s++) {
          const batch = visited.subarray(s * examples, (s + 1) * examples);
          const index = round * steps + s;
          const rate = learningRate(index);
          const report = await step.run(
            { inputs: gatherRows(train.inputs, batch), targets: gatherRows(train.targets, batch) },
            {
              learningRate: rate,
              step: index,
              seed: new Random(seed, "local", "step", index, worker).integer(0x7fffffff),
            },
          );
          const loss = report.loss.data[0]!;
          if (!Number.isFinite(loss)) throw divergence(placeOf(round, worker, s), loss, rate);
          lossSum += loss;
        }
        const { params, optimizer: memory } = step.state();
        const weights = packed(params);
        // A last step may leave the numbers behind a loss that was still finite.
        if (!allFinite(weights)) {
          const last = learningRate(round * steps + steps - 1);
          throw divergence(placeOf(round, worker, steps - 1), Number.NaN, last);
        }
        return {
          weights: bytesOf(weights),
          ...(remembers && { memory: bytesOf(pack(growTree(memory, fresh.optimizer))) }),
          facts: { loss: lossSum / steps },
        };
      }),
    async combine(round, held, shares) {
      const present = shares.filter((share) => share !== undefined);
      const mean = averageInOrder(present.map(({ weights }) => float32sOf(weights)));
      const velocity = held.memory && float32sOf(held.memory).slice();
      const moved = outerStep(rounds, float32sOf(held.weights), mean, velocity);
      const loss = present.reduce((sum, { facts }) => sum + (facts?.loss ?? 0), 0) / present.length;
      if (!endsEpoch(round, options)) {
        return { weights: bytesOf(moved), ...(velocity && { memory: bytesOf(velocity) }), facts: { loss } };
      }
      const after = shrunk(moved, velocity);
      const { loss: testLoss, accuracy } = await evaluator.evaluate(paramsIn(after.weights), test);
      if (!Number.isFinite(testLoss)) {
        throw divergence(`round ${round}, on the test part`, testLoss, learningRate(round * steps + steps - 1));
      }
      const facts = {
        epoch: epochOf(round, options) + 1,
        loss,
        testLoss,
        ...(accuracy !== undefined && { testAccuracy: accuracy }),
        ...(model.shrink && { parameters: countInUse(paramsIn(after.weights)) }),
      };
      return { weights: bytesOf(after.weights), ...(after.velocity && { memory: bytesOf(after.velocity) }), facts };
    },
  };
}

/** Numbers of a model at the ranks that are in use. */
function countInUse(params: Tree<HostTensor>): number {
  const shrink = shrinkTo(ranksInUse(params));
  return flattenTree(params).reduce((sum, [path, leaf]) => sum + shrink(path, leaf).data.length, 0);
}

const placeOf = (round: number, worker: number, step: number) => `round ${round}, worker ${worker}, step ${step + 1}`;

function divergence(where: string, loss: number, learningRate: number): DivergenceError {
  return new DivergenceError({
    where,
    expected: "a finite loss and finite weights",
    found: Number.isNaN(loss) ? "NaN" : `a loss of ${loss}`,
    hint: `begin anew with a learning rate below ${learningRate}, or limit gradients with --clip-norm`,
  });
}
