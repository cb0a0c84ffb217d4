/** What of a model is trained: all of it, low-rank factors, norms, or low-rank additions. @module */
import { flattenTree, type HostTensor, Random, type Tree } from "../core/index.ts";
import {
  isAddition,
  type Layer,
  linearMapPaths,
  lowRank,
  mapWeights,
  mergeUnprofitable,
  multiplyFactors,
  normPaths,
  type Parameters,
  ranksOf,
  withAdditions,
} from "../nn/index.ts";
import { layerMatcher } from "./layer-matcher.ts";
import type { KeyPath } from "./problems.ts";
import type { Recipe } from "./schema.ts";

/** A model as it is trained, and the way back. */
export interface Tuning {
  /** What training runs. */
  readonly layer: Layer;
  /** Its parameters before the first step. */
  readonly params: Parameters;
  /** Whether the parameter at a path is trained. */
  readonly trainable: (path: string) => boolean;
  /** Trained parameters as those that the model itself runs: factors where they pay, additions in their weights. */
  finish(params: Parameters): Parameters;
  /** Facts of trained parameters for report.json. */
  describe(params: Parameters): Readonly<Record<string, unknown>>;
}

/** The model's parameters with every pair of factors multiplied out: the shapes that the model begins with. */
export function wholeParams(params: Parameters): Parameters {
  return mapWeights(params, multiplyFactors);
}

/**
 * Prepares a model for what a recipe trains of it.
 *
 * @param start - the parameters that training begins with
 * @throws {ConfigError} for layers that the model does not have
 */
export function tuningOf(
  model: Layer,
  start: Parameters,
  train: Recipe["train"],
  seed: number,
  where: (path: KeyPath) => string,
): Tuning {
  const whole = { layer: model, params: start, finish: (params: Parameters) => params, describe: () => ({}) };
  switch (train.kind) {
    case "full":
      return { ...whole, trainable: () => true };
    case "norms": {
      const norms = normPaths(start);
      return { ...whole, trainable: (path) => norms.has(path) };
    }
    case "low-rank": {
      const { kind: _, skip, ...options } = train;
      const paths = linearMapPaths(model);
      const skipped = skip ? layerMatcher(skip, paths, where(["train", "skip"])) : () => false;
      const low = lowRank(model, { ...options, skip: skipped });
      const { init, apply, from } = low;
      return {
        // Without a way to shrink, orders may compare gradients over epochs.
        layer: train.shrink === false ? { init, apply } : low,
        params: from(start),
        trainable: () => true,
        finish: mergeUnprofitable,
        describe: (params) => ({ ranks: ranksOf(params), fullRanks: low.fullRanks }),
      };
    }
    case "lora": {
      const { rank, alpha = 2 * rank, targets } = train;
      const paths = linearMapPaths(model);
      const low = withAdditions(model, {
        rank,
        scale: alpha / rank,
        ...(targets && { targets: layerMatcher(targets, paths, where(["train", "targets"])) }),
      });
      return {
        layer: low,
        params: low.from(start, new Random(seed, "recipe", "lora")),
        trainable: isAddition,
        finish: low.merge,
        describe: () => ({ additions: low.paths }),
      };
    }
  }
}

/** Numbers in the parameters at paths that `which` takes. */
export function countNumbers(params: Parameters, which: (path: string) => boolean = () => true): number {
  const leaves = flattenTree(params as Tree<HostTensor>);
  return leaves.reduce((sum, [path, { data }]) => sum + (which(path) ? data.length : 0), 0);
}
