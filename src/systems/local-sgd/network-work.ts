/** A network's training by name, as work for any engine. @module */
import { type HostTensor, Random, type Tree } from "../../core/index.ts";
import { loadParts } from "../../data/index.ts";
import type { Work } from "../../dist/index.ts";
import { adamW, constantSchedule, sgd } from "../../optim/index.ts";
import { taskFor } from "../../train/index.ts";
import type { NetworkConfig } from "./config.ts";
import { type LayerTraining, layerWork, scheduleRounds } from "./layer-work.ts";
import { requireSameData } from "./open-problem.ts";
import type { ScheduleOptions } from "./schedule.ts";

/** A run that trains a network. */
export interface NetworkRun {
  readonly kind: "network";
  readonly config: NetworkConfig;
  readonly seed: number;
  readonly dataSha256?: string | undefined;
}

/** Data, model and schedule of a run. */
export interface OpenedNetwork extends LayerTraining {
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
  const { data, dataDir, label, features, missing, maxCategories, momentum, weightDecay } = config;
  const optimizer = config.optimizer === "sgd" ? sgd({ momentum, weightDecay }) : adamW({ weightDecay });
  const { train, test } = await loadParts(data, { dataDir, label, features, missing, maxCategories, seed });
  requireSameData(train, dataSha256);
  const schedule = scheduleRounds({ train, optimizer }, { ...config, seed });
  // A step's own copies, a share of every worker, and the average with its sums in float64.
  const { model, loss } = taskFor(train, { ...config, copies: 4 + config.workers + 4 });
  return {
    model,
    loss,
    initial: model.init(new Random(seed, "init")) as Tree<HostTensor>,
    optimizer,
    learningRate: constantSchedule(config.learningRate),
    clipNorm: config.clipNorm,
    train,
    test,
    schedule,
    droppedExamples: train.inputs.shape[0]! - schedule.workers * schedule.components,
  };
}

/** Opens the training of a network; see {@link layerWork}. */
export async function openNetworkWork(run: NetworkRun): Promise<Work> {
  return layerWork(await openNetwork(run), { ...run.config, seed: run.seed });
}
