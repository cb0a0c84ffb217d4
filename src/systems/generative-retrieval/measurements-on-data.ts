import { join } from "node:path";
import { ConfigError, Random } from "../../core/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import { makeBaseline } from "./baselines/index.ts";
import { type ColdLane, coldLanes, type FitConfig, fitSchema } from "./config.ts";
import { measure } from "./evaluate.ts";
import { fitGenerator, fitIds, openGenerator, readInputs } from "./fit.ts";
import { specOf } from "./generator.ts";
import { measureBesideMarkov, measureColdItems } from "./measurements.ts";
import { Answerer } from "./recommend.ts";
import { beamRecommender } from "./retriever.ts";
import { growWith } from "./serving.ts";
import type { Cases, Split } from "./split.ts";

const kinds = ["rq-vae", "lsh", "random"] as const;

function beautyConfig(claim: string, options: Readonly<Record<string, unknown>>): FitConfig {
  const folder = process.env.TENFOLD_DATA;
  if (folder === undefined) {
    const hint = "set TENFOLD_DATA to the folder that has amazon-beauty/ in it";
    throw new ConfigError({ where: `claim ${claim}`, expected: "a folder of data", found: "none", hint });
  }
  const file = (name: string) => join(folder, "amazon-beauty", name);
  return fitSchema.parse({
    interactions: file("Beauty.txt.gz"),
    items: file("beauty_items.tsv.gz"),
    epochs: 20,
    validateEvery: 10,
    ...options,
  });
}

/** Claim G7: on Amazon Beauty at full scale, in generated catalogues at quick scale. */
export async function measureBeauty(context: ClaimContext): Promise<Finding> {
  if (context.scale === "quick") return measureBesideMarkov(context);
  const recalls: number[] = [];
  let knn = 0;
  for (const [i, ids] of kinds.entries()) {
    const config = beautyConfig("G7", { ids });
    const inputs = await readInputs(config, context.seed);
    const { catalogue } = await fitIds(inputs, config, context.seed, { signal: context.signal });
    const { params } = await fitGenerator(inputs.split, catalogue, config, context.seed, {
      signal: context.signal,
      progress: (fraction) => context.progress((i + fraction) / kinds.length),
    });
    context.signal.throwIfAborted();
    const decoder = await openGenerator(specOf(config), params, 50);
    const recommender = beamRecommender(ids, decoder, catalogue.trie, { beamSize: 50 }, context.signal);
    const { test } = inputs.split;
    recalls.push((await measure(recommender, test, catalogue.counts, true)).row["recall@10"]);
    await decoder.dispose();
    if (i === 0) {
      const baseline = makeBaseline("item-knn", inputs.split, catalogue);
      knn = (await measure(baseline, test, catalogue.counts, true)).row["recall@10"];
    }
  }
  const [vae, lsh, random] = recalls;
  return {
    found: `R@10 RQ-VAE ${vae.toFixed(4)}, LSH ${lsh.toFixed(4)}, random ${random.toFixed(4)}; item neighbours ${knn.toFixed(4)}`,
    holds: vae >= 0.05 && vae > lsh && lsh > random,
    values: { vae, lsh, random, knn },
  };
}

/** A split in which some items never happened, and the users whose test item is one of them. Places are those of the items that stay. */
function withoutItems(split: Split, items: number, cold: ReadonlySet<number>): { warm: Split; cold: Cases } {
  const placeOf = new Int32Array(items).fill(-1);
  let next = 0;
  for (let item = 0; item < items; item++) if (!cold.has(item)) placeOf[item] = next++;
  const keep = (sequence: Int32Array) => sequence.filter((item) => placeOf[item] >= 0).map((item) => placeOf[item]);
  const some = ({ users, histories, targets }: Cases, wanted: (target: number) => boolean): Cases => {
    const left = Array.from(targets.keys()).filter((i) => wanted(targets[i]) && keep(histories[i]).length > 0);
    return {
      users: Int32Array.from(left, (i) => users[i]),
      histories: left.map((i) => keep(histories[i])),
      targets: Int32Array.from(left, (i) => (placeOf[targets[i]] < 0 ? targets[i] : placeOf[targets[i]])),
    };
  };
  const isWarm = (item: number) => placeOf[item] >= 0;
  return {
    warm: {
      train: split.train.map(keep),
      validation: some(split.validation, isWarm),
      test: some(split.test, isWarm),
    },
    cold: some(split.test, (item) => !isWarm(item)),
  };
}

/**
 * Claim G6 at full scale: a twentieth of the test items of Amazon Beauty happen in nothing that is learned from, are added afterwards and
 * looked for.
 */
export async function measureColdBeauty(context: ClaimContext): Promise<Finding> {
  if (context.scale === "quick") return measureColdItems(context);
  const config = beautyConfig("G6", {});
  const { items, split } = await readInputs(config, context.seed);
  const targets = [...new Set(split.test.targets)].sort((a, b) => a - b);
  const order = new Random(context.seed, "recommend", "cold").permutation(targets.length);
  const coldItems = Array.from(order.subarray(0, Math.round(targets.length / 20)), (i) => targets[i]);
  const parts = withoutItems(split, items.length, new Set(coldItems));
  const cold = new Set(coldItems);
  const known = items.filter((_, place) => !cold.has(place));
  const added = items.filter((_, place) => cold.has(place));
  const { signal } = context;
  const { catalogue, coder } = await fitIds({ items: known, split: parts.warm }, config, context.seed, { signal });
  const { params } = await fitGenerator(parts.warm, catalogue, config, context.seed, {
    signal,
    progress: context.progress,
  });
  signal.throwIfAborted();
  const grown = (await growWith(coder, catalogue, added)).catalogue;
  const unmoved = catalogue.ids.codes.every((code, i) => grown.ids.codes[i] === code);
  const decoder = await openGenerator(specOf(config), params, 50);
  const answerer = new Answerer(decoder, grown, 50);
  /** Recall@10 where three of the ten places are open to new items. */
  const recall = async ({ histories, targets: wanted }: Cases, nameOf: (target: number) => string, lane: ColdLane) => {
    let hits = 0;
    for (let start = 0; start < wanted.length; start += 64) {
      const requests = histories.slice(start, start + 64).map((history) => ({
        history: Array.from(history, (item) => known[item].id),
        k: 10,
        excludeSeen: true,
        temperature: 0,
        seed: 0,
        cold: lane,
        coldShare: 0.3,
      }));
      const answers = await answerer.answer(requests);
      hits += answers.filter(({ items: found }, i) => found.some(({ id }) => id === nameOf(wanted[start + i]))).length;
      signal.throwIfAborted();
    }
    return hits / wanted.length;
  };
  const some = 4000;
  const warm = {
    ...parts.warm.test,
    histories: parts.warm.test.histories.slice(0, some),
    targets: parts.warm.test.targets.slice(0, some),
  };
  const found: Record<string, number> = {};
  const shown: string[] = [];
  for (const lane of coldLanes) {
    const [fresh, old] = [
      await recall(parts.cold, (target) => items[target].id, lane),
      await recall(warm, (target) => known[target].id, lane),
    ];
    Object.assign(found, { [`${lane}New`]: fresh, [`${lane}Known`]: old });
    shown.push(`${lane} ${fresh.toFixed(4)} / ${old.toFixed(4)}`);
  }
  await decoder.dispose();
  return {
    found: `${added.length} new items, next of ${parts.cold.targets.length} users; R@10 of new items / known items (first ${warm.targets.length} users), with three places for new ones: ${shown.join("; ")}`,
    holds: unmoved && found.prefixNew > found.offNew,
    values: found,
  };
}
