/** The rooms, one a line, in the order in which they are listed and reproduced. @module */
import type { System } from "./claim.ts";

export type { Claim, ClaimContext, Figure, Finding, Grid, Scale, Series, System } from "./claim.ts";

/** A room as it is listed. Its code is loaded only where it is used, so that ten rooms start as fast as none. */
export interface Room extends Pick<System, "name" | "command" | "title"> {
  readonly load: () => Promise<System>;
}

/** Every room there is. */
export const rooms: readonly Room[] = [
  {
    name: "permutation-sgd",
    command: "order",
    title: "In which order to visit the examples",
    load: async () => (await import("./permutation-sgd/index.ts")).permutationSgd,
  },
  {
    name: "local-sgd",
    command: "local",
    title: "Many workers, shuffled data, one model",
    load: async () => (await import("./local-sgd/index.ts")).localSgd,
  },
  {
    name: "low-rank",
    command: "lowrank",
    title: "Layers that learn their own rank",
    load: async () => (await import("./low-rank/index.ts")).lowRankRoom,
  },
  {
    name: "norm-tuning",
    command: "norm",
    title: "What norm layers alone can do",
    load: async () => (await import("./norm-tuning/index.ts")).normTuning,
  },
  {
    name: "binary-subnetworks",
    command: "subnet",
    title: "Networks inside random networks of signs",
    load: async () => (await import("./binary-subnetworks/index.ts")).binarySubnetworks,
  },
  {
    name: "memorization",
    command: "memorize",
    title: "Tables known by heart",
    load: async () => (await import("./memorization/index.ts")).memorization,
  },
  {
    name: "looped-transformer",
    command: "loop",
    title: "A computer made of transformer layers",
    load: async () => (await import("./looped-transformer/index.ts")).loopedTransformer,
  },
  {
    name: "language-interfaced",
    command: "lift",
    title: "Tables as text for a language model",
    load: async () => (await import("./language-interfaced/index.ts")).languageInterfaced,
  },
  {
    name: "generative-retrieval",
    command: "recommend",
    title: "What comes next, decoded as the semantic ID of an item",
    load: async () => (await import("./generative-retrieval/index.ts")).generativeRetrieval,
  },
  {
    name: "word-translation",
    command: "translate",
    title: "A dictionary from two embeddings, with images as the pivot",
    load: async () => (await import("./word-translation/index.ts")).wordTranslation,
  },
];
