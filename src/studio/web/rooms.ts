/** The ten methods as the page lists them. @module */

/** A method, its command and what its page shows. */
export interface RoomEntry {
  readonly command: string;
  readonly name: string;
  readonly title: string;
  /** What makes a first run; undefined where the method leaves none. */
  readonly start?: string;
}

/** The ten methods, in the order of the command line. */
export const rooms: readonly RoomEntry[] = [
  {
    command: "order",
    name: "permutation-sgd",
    title: "In which order to visit the examples",
    start: "tenfold train --data digits --order ff-rr --out runs/flipflop",
  },
  {
    command: "local",
    name: "local-sgd",
    title: "Many workers, shuffled data, one model",
    start: "tenfold local train --data digits --workers 4 --epochs 8 --out runs/local",
  },
  {
    command: "lowrank",
    name: "low-rank",
    title: "Layers that learn their own rank",
    start: "tenfold lowrank train --data digits --out runs/lowrank",
  },
  {
    command: "norm",
    name: "norm-tuning",
    title: "What norm layers alone can do",
    start: "tenfold norm tune --out runs/norms",
  },
  {
    command: "subnet",
    name: "binary-subnetworks",
    title: "Networks inside random networks of signs",
    start: "tenfold subnet search --data digits --out runs/mask",
  },
  {
    command: "memorize",
    name: "memorization",
    title: "Tables known by heart",
    start: "tenfold memorize fit iris --label species --out runs/iris.json",
  },
  {
    command: "loop",
    name: "looped-transformer",
    title: "A computer made of transformer layers",
  },
  {
    command: "lift",
    name: "language-interfaced",
    title: "Tables as text for a language model",
    start: "tenfold lift fit my.csv --target species --hold-out 0.2 --out runs/lift",
  },
  {
    command: "recommend",
    name: "generative-retrieval",
    title: "What comes next, as the semantic ID of an item",
    start: "tenfold recommend fit --interactions events.csv --items items.csv --out runs/shop",
  },
  {
    command: "translate",
    name: "word-translation",
    title: "A dictionary from two embeddings",
    start: "tenfold translate align --source en.vec --target de.vec --start identical --out runs/en-de",
  },
];
