import { join } from "node:path";
import { ConfigError } from "../../core/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import { makeBaseline } from "./baselines/index.ts";
import { fitSchema } from "./config.ts";
import { measure } from "./evaluate.ts";
import { fitGenerator, fitIds, openGenerator, readInputs } from "./fit.ts";
import { specOf } from "./generator.ts";
import { measureBesideMarkov } from "./measurements.ts";
import { beamRecommender } from "./retriever.ts";

const kinds = ["rq-vae", "lsh", "random"] as const;

/** Claim G7: on Amazon Beauty at full scale, in generated catalogues at quick scale. */
export async function measureBeauty(context: ClaimContext): Promise<Finding> {
  if (context.scale === "quick") return measureBesideMarkov(context);
  const folder = process.env.TENFOLD_DATA;
  if (folder === undefined) {
    const hint = "set TENFOLD_DATA to the folder that has amazon-beauty/ in it";
    throw new ConfigError({ where: "claim G7", expected: "a folder of data", found: "none", hint });
  }
  const file = (name: string) => join(folder, "amazon-beauty", name);
  const recalls: number[] = [];
  let knn = 0;
  for (const [i, ids] of kinds.entries()) {
    const config = fitSchema.parse({
      interactions: file("Beauty.txt.gz"),
      items: file("beauty_items.tsv.gz"),
      ids,
      epochs: 20,
      learningRate: 0.002,
      validateEvery: 10,
    });
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
