/**
 * Tenfold: ten published deep-learning methods as tools, on one engine. Each folder is also an entry of its own, such as
 * `tenfold/engine` and `tenfold/permutation-sgd`.
 *
 * @example
 * ```ts
 * import { data, nn, optim, train } from "tenfold";
 *
 * const digits = await data.loadDataset("digits", { split: "train" });
 * const model = nn.sequential([nn.flatten(), nn.linear(64, 32), nn.relu(), nn.linear(32, 10)]);
 * const run = train.fit({
 *   model, loss: nn.crossEntropy, optimizer: optim.adamW(), data: digits, epochs: 5, batchSize: 32, learningRate: 1e-2,
 * });
 * for await (const event of run) if (event.type === "epoch") console.log(event.epoch, event.loss);
 * ```
 *
 * @module
 */
/** Errors, shapes, random numbers and parameter trees. */
export * as core from "./core/index.ts";
/** Datasets by name or path. */
export * as data from "./data/index.ts";
/** Rounds of work in one process, in threads or on a fleet. */
export * as dist from "./dist/index.ts";
/** Traced functions, compiled and differentiated. */
export * as engine from "./engine/index.ts";
/** JSON services over HTTP. */
export * as http from "./http/index.ts";
/** Layers and losses. */
export * as nn from "./nn/index.ts";
/** Optimizers, schedules and orders of examples. */
export * as optim from "./optim/index.ts";
/** Models, what is trained of them, orders and workers, combined by one file. */
export * as recipe from "./recipe/index.ts";
/** Files: safetensors, atomic writes, TensorBoard. */
export * as storage from "./storage/index.ts";
/** The room of networks found inside random networks of signs. */
export * as binarySubnetworks from "./systems/binary-subnetworks/index.ts";
/** The room of recommenders that decode semantic IDs. */
export * as generativeRetrieval from "./systems/generative-retrieval/index.ts";
/** The room of tables as text for a language model. */
export * as languageInterfaced from "./systems/language-interfaced/index.ts";
/** The room of many workers and one model. */
export * as localSgd from "./systems/local-sgd/index.ts";
/** The room of computers made of transformer layers. */
export * as loopedTransformer from "./systems/looped-transformer/index.ts";
/** The room of layers that learn their rank. */
export * as lowRank from "./systems/low-rank/index.ts";
/** The room of tables known by heart. */
export * as memorization from "./systems/memorization/index.ts";
/** The room of what norm layers alone can do. */
export * as normTuning from "./systems/norm-tuning/index.ts";
/** The room of permutation-based SGD. */
export * as permutationSgd from "./systems/permutation-sgd/index.ts";
/** The room of dictionaries from two embeddings, with images as the pivot. */
export * as wordTranslation from "./systems/word-translation/index.ts";
/** The training loop. */
export * as train from "./train/index.ts";
