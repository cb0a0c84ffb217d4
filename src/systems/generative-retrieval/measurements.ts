import { Random } from "../../core/index.ts";
import type { ClaimContext, Figure, Finding } from "../claim.ts";
import { makeBaseline } from "./baselines/index.ts";
import { searchBeams, searchExactly, searchFreely } from "./beam-search.ts";
import type { Catalogue } from "./catalogue-file.ts";
import { type FitConfig, fitSchema } from "./config.ts";
import { type Measured, measure } from "./evaluate.ts";
import { fitGenerator, fitIds, openGenerator } from "./fit.ts";
import { specOf } from "./generator.ts";
import type { LevelDecoder } from "./level-decoder.ts";
import { meanEntropy } from "./metrics.ts";
import { type QuantizerKind, quantizerKinds } from "./quantizer.ts";
import { Answerer } from "./recommend.ts";
import { beamRecommender, queriesOf } from "./retriever.ts";
import { describeIds } from "./semantic-ids.ts";
import { growWith } from "./serving.ts";
import { leaveOneOut, type Split } from "./split.ts";
import { leafCounts } from "./trie.ts";
import { makeWorld, type World } from "./world.ts";

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const span = (values: readonly number[], show: (value: number) => string) =>
  `${show(mean(values))} [${show(Math.min(...values))}, ${show(Math.max(...values))}]`;
const three = (value: number) => value.toFixed(3);

const sizes = {
  quick: { users: 450, kinds: 12, styles: 4, itemsEach: 4 },
  full: { users: 6000, kinds: 30, styles: 6, itemsEach: 6 },
};

/** Seeds of a claim: three, five at full scale. */
const seedsOf = ({ scale, seed }: ClaimContext) =>
  Array.from({ length: scale === "full" ? 5 : 3 }, (_, i) =>
    new Random(seed, "recommend", "claims", i).integer(2 ** 30),
  );

function configOf(ids: QuantizerKind, scale: ClaimContext["scale"]): FitConfig {
  const quick = { dim: 48, hiddenDim: 96, numLayers: 1, numHeads: 2, epochs: 10, batchSize: 16, learningRate: 6e-3 };
  const rqVae = { codebookSize: 16, idEpochs: 60, idHiddenDims: [64], idLatentDim: 16, contentDim: 32 };
  return fitSchema.parse({
    interactions: "",
    items: "",
    ids,
    ...rqVae,
    maxHistory: 10,
    dropout: 0.1,
    validateEvery: 10,
    ...(scale === "quick" ? quick : { dim: 64, epochs: 24, batchSize: 32, learningRate: 2e-3 }),
  });
}

/** A world, split, with IDs and a trained model. */
interface Fitted {
  readonly world: World;
  readonly split: Split;
  readonly catalogue: Catalogue;
  readonly coder: Awaited<ReturnType<typeof fitIds>>["coder"];
  readonly decoder: LevelDecoder;
  readonly ids: QuantizerKind;
  readonly seed: number;
}

async function fitWorld(world: World, ids: QuantizerKind, context: ClaimContext, seed: number): Promise<Fitted> {
  const config = configOf(ids, context.scale);
  const split = leaveOneOut(world.interactions);
  const { signal } = context;
  const { catalogue, coder } = await fitIds({ items: world.items, split }, config, seed, { signal });
  const { params } = await fitGenerator(split, catalogue, config, seed, { signal });
  signal.throwIfAborted();
  const decoder = await openGenerator(specOf(config), params, config.beamSize);
  return { world, split, catalogue, coder, decoder, ids, seed };
}

const fittedWorlds = new Map<string, Promise<Fitted[]>>();

/** Worlds of a context with a model each, made once for all claims that look at them. */
function fittedOnce(context: ClaimContext, ids: QuantizerKind): Promise<Fitted[]> {
  const key = `${context.scale} ${context.seed} ${ids}`;
  const known = fittedWorlds.get(key);
  if (known) return known;
  const fitting = (async () => {
    const fitted: Fitted[] = [];
    for (const seed of seedsOf(context)) {
      const world = makeWorld({ ...sizes[context.scale], seed });
      fitted.push(await fitWorld(world, ids, context, seed));
    }
    return fitted;
  })();
  fittedWorlds.set(key, fitting);
  fitting.catch(() => fittedWorlds.delete(key));
  return fitting;
}

const test = ({ split, decoder, catalogue, ids }: Fitted, beamSize = 20): Promise<Measured> =>
  measure(beamRecommender(ids, decoder, catalogue.trie, { beamSize }), split.test, catalogue.counts, false);

/** Claim G1. */
export async function measureIds(context: ClaimContext): Promise<Finding> {
  const recalls: Partial<Record<QuantizerKind, number[]>> = {};
  const kinds = context.scale === "full" ? quantizerKinds : quantizerKinds.filter((kind) => kind !== "rq-kmeans");
  for (const [i, kind] of kinds.entries()) {
    const fitted = await fittedOnce(context, kind);
    recalls[kind] = [];
    for (const one of fitted) recalls[kind].push((await test(one)).row["recall@10"]);
    context.progress((i + 1) / kinds.length);
  }
  const { "rq-vae": vae = [], "rq-kmeans": kMeans = [], lsh = [], random = [] } = recalls;
  const order = [mean(random), mean(lsh), mean(vae)];
  const figure: Figure = {
    title: "Recall@10 by kind of semantic ID",
    caption: "The same model and budget; what the IDs say of the items is what differs. Band: the seeds.",
    xLabel: "kind of ID (1 random, 2 LSH, 3 RQ-VAE)",
    yLabel: "Recall@10",
    series: [
      {
        name: "test part",
        x: [1, 2, 3],
        y: [random, lsh, vae].map(mean),
        low: [random, lsh, vae].map((values) => Math.min(...values)),
        high: [random, lsh, vae].map((values) => Math.max(...values)),
      },
    ],
  };
  return {
    found: `R@10 RQ-VAE ${span(vae, three)}, ${kMeans.length > 0 ? `residual k-means ${span(kMeans, three)}, ` : ""}LSH ${span(lsh, three)}, random ${span(random, three)}`,
    holds: order[0] < order[1] && order[1] < order[2],
    values: { vae, kMeans, lsh, random },
    figures: [figure],
  };
}

/** Claim G2. */
export async function measurePrefixes(context: ClaimContext): Promise<Finding> {
  const fitted = await fittedOnce(context, "rq-vae");
  const statistics = fitted.map(({ catalogue }) => describeIds(catalogue.ids, catalogue.content));
  context.progress(1);
  const usage = statistics.flatMap((one) => one.usage);
  const cosines = [0, 1, 2].map((shared) => statistics.map((one) => one.cosineBySharedCodes[shared] ?? Number.NaN));
  const rises = cosines.every((values, i) => i === 0 || values.every((value, s) => value > cosines[i - 1][s]));
  return {
    found: `codes in use ${span(usage, three)}; cosine of contents ${cosines.map((values) => mean(values).toFixed(2)).join(", ")} with 0, 1, 2 codes shared`,
    holds: Math.min(...usage) >= 0.8 && rises,
    values: { usage, shared0: cosines[0], shared1: cosines[1], shared2: cosines[2] },
  };
}

/** Claim G3. */
export async function measureBeams(context: ClaimContext): Promise<Finding> {
  const fitted = await fittedOnce(context, "rq-vae");
  const agreements: number[] = [];
  const invalid: number[] = [];
  const worst: number[] = [];
  for (const { split, decoder, catalogue } of fitted) {
    const { trie } = catalogue;
    const allowed = leafCounts(trie, () => true);
    const queries = queriesOf({ histories: split.test.histories.slice(0, 200) }, allowed, true);
    const exact = await searchExactly(decoder, trie, queries, 10);
    const beam = await searchBeams(decoder, trie, queries, { beamSize: 50 });
    const same = exact.map(
      (list, i) => list.filter(({ item }) => beam[i].slice(0, 10).some((one) => one.item === item)).length / 10,
    );
    const whole = await searchBeams(decoder, trie, queries.slice(0, 20), { beamSize: catalogue.items.length });
    const differences = whole.flatMap((list, i) =>
      list.slice(0, 10).map(({ score }, k) => Math.abs(score - exact[i][k].score)),
    );
    worst.push(Math.max(...differences));
    agreements.push(mean(same));
    const free = await searchFreely(decoder, trie, queries, 20, 10);
    invalid.push(free.invalid / free.ids);
    context.progress(agreements.length / fitted.length);
  }
  return {
    found: `${span(agreements, three)} of the exact ten by a beam of 50; a beam as wide as the catalogue is exact to ${Math.max(...worst).toExponential(0)} nats; without the trie ${span(invalid, three)} of the IDs are no item's`,
    holds: Math.min(...agreements) >= 0.99 && Math.max(...worst) < 1e-3,
    values: { agreements, worst, invalid },
  };
}

/** Claim G4. */
export async function measureHistory(context: ClaimContext): Promise<Finding> {
  const fitted = await fittedOnce(context, "rq-vae");
  const [own, swapped, popular]: number[][] = [[], [], []];
  for (const one of fitted) {
    const { split, decoder, catalogue } = one;
    own.push((await test(one)).row["recall@10"]);
    const { histories } = split.test;
    const others = { ...split.test, histories: histories.map((_, i) => histories[(i + 1) % histories.length]) };
    const recommender = beamRecommender("swapped", decoder, catalogue.trie, { beamSize: 20 });
    swapped.push((await measure(recommender, others, catalogue.counts, false)).row["recall@10"]);
    const baseline = makeBaseline("popularity", split, catalogue);
    popular.push((await measure(baseline, split.test, catalogue.counts, false)).row["recall@10"]);
    context.progress(own.length / fitted.length);
  }
  return {
    found: `R@10 ${span(own, three)} with a user's own history, ${span(swapped, three)} with another's, ${span(popular, three)} by popularity`,
    holds: own.every((value, i) => value > 2 * swapped[i] && value > popular[i]),
    values: { own, swapped, popular },
  };
}

/** Claim G5. */
export async function measureTemperature(context: ClaimContext): Promise<Finding> {
  const fitted = await fittedOnce(context, "rq-vae");
  const temperatures = [1, 1.5, 2];
  const entropies: number[][] = temperatures.map(() => []);
  const recalls: number[][] = temperatures.map(() => []);
  for (const { split, decoder, catalogue, world, seed } of fitted) {
    for (const [i, temperature] of temperatures.entries()) {
      const sample = { temperature, random: new Random(seed, "recommend", "temperature") };
      const recommender = beamRecommender("sampled", decoder, catalogue.trie, { beamSize: 10, sample });
      const { row, lists } = await measure(recommender, split.test, catalogue.counts, false);
      entropies[i].push(meanEntropy(lists, (item) => String(world.kindOf[item])));
      recalls[i].push(row["recall@10"]);
    }
    context.progress(entropies[0].length / fitted.length);
  }
  const rises = fitted.every((_, s) => entropies[0][s] < entropies[1][s] && entropies[1][s] < entropies[2][s]);
  const falls = mean(recalls[0]) > mean(recalls[2]);
  return {
    found: `entropy@10 of kinds ${entropies.map((values) => mean(values).toFixed(2)).join(", ")} bits at T = 1, 1.5, 2; R@10 ${recalls.map((values) => three(mean(values))).join(", ")}`,
    holds: rises && falls,
    values: { at1: entropies[0], at15: entropies[1], at2: entropies[2] },
  };
}

/** Claim G6. */
export async function measureColdItems(context: ClaimContext): Promise<Finding> {
  const fitted = await fittedOnce(context, "rq-vae");
  const shares: Record<"off" | "prefix" | "neighbours", number[]> = { off: [], prefix: [], neighbours: [] };
  const kept: number[] = [];
  for (const { coder, decoder, catalogue, split, seed } of fitted) {
    // Twins of items that users went on to: the same words in another order, under new ids.
    const random = new Random(seed, "recommend", "twins");
    const users = random.permutation(split.test.targets.length).subarray(0, 60);
    const originals = [...new Set(Array.from(users, (user) => split.test.targets[user]))];
    const twins = originals.map((place) => {
      const { text, fields } = catalogue.items[place];
      return { id: `twin of ${catalogue.items[place].id}`, fields, text: text.split(" ").reverse().join(" ") };
    });
    const grown = (await growWith(coder, catalogue, twins)).catalogue;
    kept.push(catalogue.ids.codes.every((code, i) => grown.ids.codes[i] === code) ? 1 : 0);
    const answerer = new Answerer(decoder, grown, 20);
    for (const cold of ["off", "prefix", "neighbours"] as const) {
      const requests = Array.from(users, (user) => ({
        history: Array.from(split.test.histories[user], (item) => catalogue.items[item].id),
        k: 10,
        excludeSeen: false,
        temperature: 0,
        seed: 0,
        cold,
        coldShare: 0.3,
      }));
      const answers = await answerer.answer(requests);
      const hits = answers.filter(({ items }, i) => {
        const wanted = `twin of ${catalogue.items[split.test.targets[users[i]]].id}`;
        return items.some(({ id }) => id === wanted);
      });
      shares[cold].push(hits.length / users.length);
    }
    context.progress(kept.length / fitted.length);
  }
  return {
    found: `new twins of the next item in the ten: ${span(shares.off, three)} by the model alone, ${span(shares.prefix, three)} by prefix, ${span(shares.neighbours, three)} by content neighbours`,
    holds: kept.every((one) => one === 1) && shares.prefix.every((share, i) => share > shares.off[i]),
    values: { off: shares.off, prefix: shares.prefix, neighbours: shares.neighbours },
  };
}

/** Claim G7 at quick scale. */
export async function measureBesideMarkov(context: ClaimContext): Promise<Finding> {
  const fitted = await fittedOnce(context, "rq-vae");
  const [own, table]: number[][] = [[], []];
  for (const one of fitted) {
    own.push((await test(one)).row["recall@10"]);
    const baseline = makeBaseline("markov", one.split, one.catalogue);
    table.push((await measure(baseline, one.split.test, one.catalogue.counts, false)).row["recall@10"]);
  }
  context.progress(1);
  return {
    found: `R@10 ${span(own, three)}, a table of transitions ${span(table, three)} (generated catalogues; full scale: Amazon Beauty)`,
    holds: own.every((value, i) => value > table[i] / 2),
    values: { own, table },
  };
}
