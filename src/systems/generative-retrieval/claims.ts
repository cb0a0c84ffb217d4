import type { Claim } from "../claim.ts";

/** A claim's `measure`, whose code is loaded when it runs. */
function lazily<T>(load: () => Promise<T>, pick: (code: T) => Claim["measure"]): Claim["measure"] {
  return async (context) => pick(await load())(context);
}

const inWorlds = () => import("./measurements.ts");
const onBeauty = () => import("./measurements-on-data.ts");
const files = "--interactions events.csv --items items.tsv";

/** What the paper claims, and what we add, as this room measures it. */
export const claims: readonly Claim[] = [
  {
    id: "G1",
    statement: "IDs that say what items are like find more than IDs by hashing, and those more than random ones.",
    source: "Section 4.2, Table 2",
    method:
      "Generated catalogues from seeds: the same model and epochs with each kind of ID, full ranking, leave one out.",
    paper: "Beauty, R@10: RQ-VAE .0648, LSH .0533, random .0434",
    window: "mean R@10 over the seeds: RQ-VAE above LSH above random",
    command: `tenfold recommend fit ${files} --ids lsh --out run`,
    measure: lazily(inWorlds, (code) => code.measureIds),
  },
  {
    id: "G2",
    statement: "All codes are used, and items that share more codes are more alike.",
    source: "Sections 3.1 and 4.1, Figure 4",
    method: "Usage of each level, and the mean cosine of contents of pairs that share exactly 0, 1, 2 codes.",
    paper: "usage of at least 80% a level; a hierarchy of categories",
    window: "usage at least 80% a level, and the cosine rises from 0 to 1 to 2 shared codes, on every seed",
    command: "tenfold recommend ids run",
    measure: lazily(inWorlds, (code) => code.measurePrefixes),
  },
  {
    id: "G3",
    statement:
      "A search through the trie gives items only, and what it finds is what scoring the whole catalogue finds.",
    source: "Section 4.5, and ours: the paper's search is not constrained",
    method:
      "200 users a seed: the ten likeliest by a beam of 50 against exact scoring; a beam as wide as the catalogue.",
    paper: ".1 to 1.6% of the first ten IDs invalid without constraint",
    window: "at least 99% of the exact ten in the beam's; scores equal to 1e-3 nats",
    command: "tenfold recommend evaluate run --beam-size 50",
    measure: lazily(inWorlds, (code) => code.measureBeams),
  },
  {
    id: "G4",
    statement: "The model reads the history: another user's gives other items, and it beats popularity.",
    source: "ours: decoders that ignore their encoder are a known failure",
    method: "R@10 with each user's own history and with that of the next user.",
    paper: "none",
    window: "own above twice the swapped one, and above popularity, on every seed",
    command: "tenfold recommend evaluate run",
    measure: lazily(inWorlds, (code) => code.measureHistory),
  },
  {
    id: "G5",
    statement: "A higher temperature gives more mixed lists, at the price of hits.",
    source: "Section 4.4, Table on entropy",
    method: "Lists of ten drawn without replacement: mean entropy of the items' kinds, and R@10.",
    paper: "entropy@10 .76, 1.14, 1.38 at T = 1, 1.5, 2",
    window: "entropy rises from each temperature to the next on every seed; mean R@10 at T = 2 below that at T = 1",
    command: "tenfold recommend top run --history a,b --temperature 1.5",
    measure: lazily(inWorlds, (code) => code.measureTemperature),
  },
  {
    id: "G6",
    statement: "New items get IDs without training, move no other ID, and are found by the prefix of their ID.",
    source: "Section 4.3, cold start; content neighbours beside it are ours",
    method:
      "Quick scale: twins (the same words under a new id) of the items that users went on to, added afterwards: are they in the ten, with three places for new items? Full scale: a twentieth of the test items of Amazon Beauty of TENFOLD_DATA, left out of all that is learned from.",
    paper: "new items by the prefix of three codes, better than neighbours for all K",
    window: "no ID moves; by prefix more than by the model alone on every seed",
    command: "tenfold recommend add-item run --items new.tsv",
    measure: lazily(onBeauty, (code) => code.measureColdBeauty),
  },
  {
    id: "G7",
    statement:
      "On real reviews generative retrieval finds well above popularity, and simple baselines are reported beside it.",
    source: "Section 4.2, Table 1",
    method:
      "Full scale: Amazon Beauty of TENFOLD_DATA, 20 epochs with three kinds of ID. Quick scale: the generated catalogue beside a first-order table of transitions.",
    paper: "Beauty R@10 .0648",
    window:
      "full: R@10 at least .050 with RQ-VAE, LSH below it and random below that; quick: R@10 above half of the table's on every seed",
    command:
      "tenfold recommend fit --interactions Beauty.txt.gz --items beauty_items.tsv.gz --epochs 20 --validate-every 10 --out run",
    measure: lazily(onBeauty, (code) => code.measureBeauty),
  },
];
