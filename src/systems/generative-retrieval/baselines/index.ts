/** What generative retrieval is held against, by name; each is fitted to the same training part. @module */
import type { Catalogue } from "../catalogue-file.ts";
import type { BaselineKind } from "../config.ts";
import { meanNdcg10, placesOf } from "../metrics.ts";
import { packExamples } from "../packing.ts";
import type { Recommender } from "../recommender.ts";
import { trainSequenceModel } from "../sequence-training.ts";
import type { Split } from "../split.ts";
import type { TrunkOptions, TrunkParams } from "../trunk.ts";
import { contentNeighbours } from "./content.ts";
import { directedKnn, itemKnn, markov, popularity } from "./counting.ts";
import { itemCodes, type SasRecLoss, sasRec, sasRecLoss, sasRecRecommender } from "./sasrec.ts";

/** A baseline; dispose it, where it can be, to free its sessions. */
export type Baseline = Recommender & { readonly dispose?: () => Promise<void> };

/** How SASRec is trained. */
export interface SasRecTraining {
  readonly epochs: number;
  readonly length: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((fraction: number, note: string) => void) | undefined;
}

/** The sizes of SASRec on 2 cores: those of its authors, but for 64 dimensions. */
export const sasRecSizes = (length: number): TrunkOptions => ({
  length,
  dim: 64,
  numLayers: 2,
  numHeads: 2,
  hiddenDim: 64,
  dropout: 0.3,
});

/** Passes of the loss with one drawn item for each of full cross-entropy, which learns from all items at once. */
const bceEpochs = 4;

/** Trains SASRec on the training part; the best of the validation part stays. */
export async function trainSasRec(
  kind: SasRecLoss,
  split: Split,
  items: number,
  { epochs, length, seed, signal, progress }: SasRecTraining,
): Promise<TrunkParams> {
  const sizes = sasRecSizes(length);
  const total = kind === "bce" ? bceEpochs * epochs : epochs;
  const trained = await trainSequenceModel({
    model: sasRec(items, sizes, kind),
    loss: sasRecLoss(kind),
    examples: packExamples(split.train, length, itemCodes(items)),
    options: {
      epochs: total,
      batchSize: 32,
      learningRate: 2e-3,
      weightDecay: 0.05,
      patience: 3,
      validateEvery: Math.max(1, Math.floor(total / 8)),
      seed,
    },
    validate: async (params) => {
      const { validation } = split;
      const recommender = sasRecRecommender(kind, items, sizes, params);
      const lists = await recommender.recommend(validation, 10, true);
      await recommender.dispose();
      return meanNdcg10(placesOf(lists, validation.targets));
    },
    signal,
    progress,
  });
  if (trained.end === "stopped") signal?.throwIfAborted();
  return trained.params;
}

/** Makes a baseline; SASRec from parameters that were trained. */
export function makeBaseline(
  kind: Exclude<BaselineKind, `sasrec-${string}`>,
  split: Split,
  { items, content }: Catalogue,
): Baseline {
  switch (kind) {
    case "popularity":
      return popularity(split.train, items.length);
    case "item-knn":
      return itemKnn(split.train, items.length);
    case "directed-knn":
      return directedKnn(split.train, items.length);
    case "markov":
      return markov(split.train, items.length);
    case "content":
      return contentNeighbours(content);
  }
}
