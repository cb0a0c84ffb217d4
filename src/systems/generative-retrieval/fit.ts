/** From interactions and items to a trained run. @module */
import { readItems } from "./catalogue.ts";
import { type Catalogue, makeCatalogue } from "./catalogue-file.ts";
import { type FitConfig, presets } from "./config.ts";
import { fitContent } from "./content.ts";
import {
  type GeneratorParams,
  type GeneratorSpec,
  generatorExamples,
  generatorGraphs,
  generatorLayer,
  openDecoder,
  specOf,
} from "./generator.ts";
import { type Interactions, readInteractions } from "./interactions.ts";
import type { DecoderRuntime, LevelDecoder } from "./level-decoder.ts";
import { idCrossEntropy } from "./level-loss.ts";
import { meanNdcg10, placesOf } from "./metrics.ts";
import { fitQuantizer, quantize } from "./quantizer.ts";
import { beamRecommender } from "./retriever.ts";
import { rqVaeDefaults } from "./rq-vae.ts";
import type { ItemCoder } from "./run-folder.ts";
import { assignIds } from "./semantic-ids.ts";
import { type Trained, type Training, trainSequenceModel } from "./sequence-training.ts";
import { countItems, leaveOneOut, type Split } from "./split.ts";

/** What is known before anything is learned. */
export interface Inputs {
  readonly items: Awaited<ReturnType<typeof readItems>>["items"];
  readonly interactions: Interactions;
  readonly split: Split;
  readonly notes: readonly string[];
  /** SHA-256 of the files, by what they are. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** Reads the files that a fit names. */
export async function readInputs(config: FitConfig, seed: number): Promise<Inputs> {
  const file = await readItems(config.items);
  const places = new Map(file.items.map(({ id }, place) => [id, place]));
  const read = await readInteractions(config.interactions, places, { ties: config.ties, seed });
  const { notes, sha256, ...interactions } = read;
  return {
    items: file.items,
    interactions,
    split: leaveOneOut(interactions),
    notes: [...file.notes, ...notes],
    hashes: { items: file.sha256, interactions: sha256 },
  };
}

/** What a stage tells, and what stops it. */
export interface FitWork {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((fraction: number, note: string) => void) | undefined;
}

/** Gives every item an ID, by its content: made of the config, unless it is there already. */
export async function fitIds(
  {
    items,
    split,
    content: given,
  }: Pick<Inputs, "items" | "split"> & { readonly content?: Awaited<ReturnType<typeof fitContent>> | undefined },
  config: FitConfig,
  seed: number,
  work: FitWork = {},
): Promise<{ catalogue: Catalogue; coder: ItemCoder }> {
  const { source, content } = given ?? (await fitContent(items, config, seed));
  const options = {
    ...rqVaeDefaults,
    levels: config.levels,
    codebookSize: config.codebookSize,
    epochs: config.idEpochs,
    hiddenDims: config.idHiddenDims,
    latentDim: config.idLatentDim,
  };
  const quantizer = await fitQuantizer(config.ids, content, options, seed, {
    signal: work.signal,
    progress: (fraction) => work.progress?.(fraction, "semantic IDs"),
  });
  const ids = items.map(({ id }) => id);
  const codes = await quantize(quantizer, content, ids);
  const catalogue = makeCatalogue({
    items,
    ids: assignIds(codes, config.levels, config.codebookSize),
    content,
    counts: countItems(split.train, items.length),
  });
  return { catalogue, coder: { source, quantizer } };
}

/** Opens a model with its parameters for decoding. */
export function openGenerator(
  spec: GeneratorSpec,
  params: GeneratorParams,
  beams: number,
  runtime: DecoderRuntime = {},
): Promise<LevelDecoder> {
  return openDecoder(spec, generatorGraphs(spec, params, beams), beams, runtime);
}

/** Trains the sequence model on the training part; its best parameters are those of the highest NDCG@10 on the validation part. */
export async function fitGenerator(
  split: Split,
  catalogue: Catalogue,
  config: FitConfig,
  seed: number,
  training: Pick<Training<GeneratorParams>, "folder" | "resume" | "signal" | "progress"> = {},
): Promise<Trained<GeneratorParams>> {
  const spec = specOf(config);
  const { ids, trie } = catalogue;
  const validate = async (params: GeneratorParams): Promise<number> => {
    const { validation } = split;
    const decoder = await openGenerator(spec, params, config.beamSize);
    const recommender = beamRecommender("validation", decoder, trie, { beamSize: config.beamSize }, training.signal);
    const lists = await recommender.recommend(validation, 10, true);
    await decoder.dispose();
    return meanNdcg10(placesOf(lists, validation.targets));
  };
  return trainSequenceModel({
    ...training,
    model: generatorLayer(spec),
    loss: idCrossEntropy,
    examples: generatorExamples(spec, split.train, { codes: ids.codes, width: ids.levels }),
    options: {
      epochs: config.epochs,
      batchSize: config.batchSize ?? presets[config.preset].batchSize,
      learningRate: config.learningRate,
      weightDecay: config.weightDecay,
      patience: config.patience,
      validateEvery: config.validateEvery,
      seed,
    },
    maxMinutes: config.maxMinutes,
    validate,
  });
}
