import { join } from "node:path";
import { ConfigError } from "../../core/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import { alignLanguages, scoringOf } from "./align.ts";
import { alignOptions, alignSchema } from "./config.ts";
import { readDictionary } from "./dictionary-file.ts";
import { precisionOf, rankPairs } from "./evaluate.ts";
import { readInputs } from "./inputs.ts";
import { measureEvidence } from "./measurements.ts";
import { withProducts } from "./similarity.ts";
import { pairsInVocabulary } from "./starts.ts";

const percent = (value: number) => `${(100 * value).toFixed(1)}%`;

/** Claim W7: on captions at full scale, in the small world at quick scale. */
export async function measureCaptions(context: ClaimContext): Promise<Finding> {
  if (context.scale === "quick") return measureEvidence(context);
  const folder = process.env.TENFOLD_DATA;
  if (folder === undefined) {
    const hint = "set TENFOLD_DATA to the folder that has image-pivot-en-de/ in it";
    throw new ConfigError({ where: "claim W7", expected: "a folder of data", found: "none", hint });
  }
  const file = (name: string) => join(folder, "image-pivot-en-de", name);
  const config = alignSchema.parse({
    source: file("en.vec.gz"),
    target: file("de.vec.gz"),
    sourceFingerprints: file("en.fingerprints.npy.gz"),
    targetFingerprints: file("de.fingerprints.npy.gz"),
  });
  const { input } = await readInputs(config);
  const gold = pairsInVocabulary(await readDictionary(file("gold.en-de.txt")), input.source.words, input.target.words);
  return withProducts(context.signal, async (work) => {
    const judge = async (start: "images" | "random") => {
      const options = { ...alignOptions(config, start, context.seed), ...(start === "random" && { imageWords: 0 }) };
      const alignment = await alignLanguages(input, options, work);
      const ranks = await rankPairs(scoringOf(alignment), gold, work);
      const visual = new Set(alignment.visual?.source);
      return {
        all: precisionOf(ranks)?.["p@1"] ?? 0,
        visual: precisionOf(ranks, (word) => visual.has(word))?.["p@1"] ?? 0,
      };
    };
    const found = await judge("images");
    context.progress(0.5);
    const control = await judge("random");
    return {
      found: `P@1 ${percent(found.all)} on all gold words and ${percent(found.visual)} on visual ones; ${percent(control.all)} from a random start (${input.target.words.length} candidates)`,
      holds: found.all >= 0.16 && found.visual >= 0.36 && control.all < 0.01,
      values: { all: found.all, visual: found.visual, random: control.all, candidates: input.target.words.length },
    };
  });
}
