/** What comes next, decoded as the semantic ID of an item. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerRecommend } from "./command.ts";

/** Rows of numbers. */
export type { Rows } from "../../linalg/index.ts";
export {
  /** A baseline by name. */
  makeBaseline,
  /** Trains SASRec. */
  trainSasRec,
} from "./baselines/index.ts";
/** SASRec as a layer and as a recommender. */
export { type SasRecLoss, sasRec, sasRecLoss, sasRecRecommender } from "./baselines/sasrec.ts";
/** Searches for the likeliest items. */
export {
  type BeamOptions,
  type Found,
  type KeptPrefixes,
  type Query,
  searchBeams,
  searchExactly,
  searchFreely,
} from "./beam-search.ts";
/** Models for serving elsewhere. */
export { type Bundle, isBundle, readBundle, writeBundle } from "./bundle.ts";
/** Items from files. */
export { type Item, readItems } from "./catalogue.ts";
/** Items with their IDs. */
export { type Catalogue, growCatalogue, makeCatalogue, readCatalogue, writeCatalogue } from "./catalogue-file.ts";
/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
/** The compact layout. */
export { type CompactOptions, type CompactParams, compactModel } from "./compact-model.ts";
/** Options of `tenfold recommend fit`. */
export { type FitConfig, fitSchema } from "./config.ts";
/** Content vectors of texts. */
export { TextEmbedding } from "./content-embedding.ts";
/** A table of recommenders. */
export { diagnoseModel, type Measured, measure, type Row } from "./evaluate.ts";
/** From files to a trained model. */
export { fitGenerator, fitIds, type Inputs, openGenerator, readInputs } from "./fit.ts";
/** The two layouts behind one door. */
export { type GeneratorParams, type GeneratorSpec, generatorExamples, generatorLayer, specOf } from "./generator.ts";
/** Interactions from files. */
export { type Interactions, readInteractions, type TiePolicy } from "./interactions.ts";
/** What a search asks of a model. */
export type { BeamRows, Decoding, LevelDecoder } from "./level-decoder.ts";
/** The loss of an ID. */
export { idCrossEntropy } from "./level-loss.ts";
/** Recall, NDCG and their intervals. */
export { type Metrics, metricsOf, placesOf, recallGain } from "./metrics.ts";
/** Sequences packed into rows. */
export { type Examples, packExamples, packHistories } from "./packing.ts";
/** The paper's layout. */
export { type PaperOptions, type PaperParams, paperModel } from "./paper-model.ts";
/** From contents to codes. */
export { fitQuantizer, type Quantizer, type QuantizerKind, quantize, quantizerKinds } from "./quantizer.ts";
/** Answers to requests. */
export { type Answer, Answerer, type Observe, type Recommended, type Request } from "./recommend.ts";
/** Anything that ranks the catalogue. */
export type { Histories, Recommender } from "./recommender.ts";
/** A model as a recommender. */
export { beamRecommender } from "./retriever.ts";
/** The RQ-VAE. */
export { fitRqVae, type RqVaeOptions, rqVae, rqVaeDefaults } from "./rq-vae.ts";
/** Runs as folders. */
export { type Run, readRun, readRunInteractions } from "./run-folder.ts";
/** Semantic IDs and what they are like. */
export { appendIds, assignIds, describeIds, type IdStatistics, idOf, type SemanticIds } from "./semantic-ids.ts";
/** Training of sequence models. */
export { type Trained, type TrainingOptions, trainSequenceModel } from "./sequence-training.ts";
/** The HTTP service. */
export { recommendService } from "./service.ts";
/** Runs and bundles, loaded. */
export { growWith, openServed, type Served } from "./serving.ts";
/** Leave one out. */
export { type Cases, leaveOneOut, type Split } from "./split.ts";
/** The catalogue as a tree. */
export { leafCounts, Trie } from "./trie.ts";
/** A small world. */
export { makeWorld, type World, type WorldOptions } from "./world.ts";

/** The room `generative-retrieval`. */
export const generativeRetrieval: System = {
  name: "generative-retrieval",
  command: "recommend",
  title: "What comes next, decoded as the semantic ID of an item",
  paper:
    "Shashank Rajput, Nikhil Mehta, Anima Singh, Raghunandan H. Keshavan, Trung Vu, Lukasz Heldt, Lichan Hong, Yi Tay, Vinh Q. Tran, Jonah Samost, Maciej Kula, Ed H. Chi, Maheswaran Sathiamoorthy: Recommender Systems with Generative Retrieval (TIGER). NeurIPS 2023, arXiv 2305.05065",
  summary:
    "Gives items IDs that say what they are like, trains a sequence model that decodes the ID of the next one, and serves it: always items of the catalogue, new ones without training, beside honest baselines.",
  claims,
  register: registerRecommend,
};
