const paths = (...rooms: string[]) => rooms.map((room) => `docs/tutorials/${room}.md`);

/** Tutorials in the parts in which they are run, such that no file of tests takes long. */
export const tutorials = {
  training: paths("permutation-sgd", "low-rank", "local-sgd"),
  constructions: paths("memorization", "norm-tuning", "binary-subnetworks", "looped-transformer"),
  applications: paths("language-interfaced", "generative-retrieval", "word-translation"),
} as const;
