/** How the claims about masks found on data are measured. @module */
import { DataError } from "../../core/index.ts";
import { loadParts } from "../../data/index.ts";
import type { ClaimContext, Figure, Finding } from "../claim.ts";
import { type SearchConfig, searchSchema } from "./config.ts";
import { judgeMask, loadSearch, trainedMask } from "./search.ts";

const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** MNIST at full scale where it lies in the data folder, digits otherwise. */
async function dataFor({ scale }: ClaimContext): Promise<Partial<SearchConfig>> {
  const digits = { data: "digits", hidden: [256], epochs: 20 };
  if (scale === "quick") return digits;
  try {
    await loadParts("mnist");
    return { data: "mnist", hidden: [512, 512], epochs: 5 };
  } catch (error) {
    if (error instanceof DataError) return digits;
    throw error;
  }
}

async function search(
  context: ClaimContext,
  options: Partial<SearchConfig>,
  [from, to]: readonly [number, number],
  seed = context.seed,
) {
  const recipe = await loadSearch(searchSchema.parse(options), seed);
  const params = await trainedMask(recipe, {
    signal: context.signal,
    progress: (fraction) => context.progress(from + (to - from) * fraction),
  });
  return judgeMask(recipe, params, context.signal);
}

/** Claim B5. */
export async function measureAmplitude(context: ClaimContext): Promise<Finding> {
  const data = await dataFor(context);
  const kinds = ["binary", "normal"] as const;
  const seeds = [0, 1, 2].map((offset) => context.seed + offset);
  const accuracies = { binary: [] as number[], normal: [] as number[] };
  const runs = kinds.length * seeds.length;
  for (const [s, seed] of seeds.entries()) {
    for (const [w, weights] of kinds.entries()) {
      const at = s * kinds.length + w;
      const { accuracy } = await search(context, { ...data, weights }, [at / runs, (at + 1) / runs], seed);
      accuracies[weights].push(accuracy!);
    }
  }
  const gap = mean(accuracies.normal) - mean(accuracies.binary);
  const figure: Figure = {
    title: "Signs against normal weights",
    caption: `Accuracy of masks that keep half the weights, on ${data.data}: three seeds.`,
    xLabel: "seed",
    yLabel: "accuracy",
    series: kinds.map((name) => ({ name, x: seeds, y: accuracies[name] })),
  };
  return {
    found: `binary ${percent(mean(accuracies.binary))}, normal ${percent(mean(accuracies.normal))} on ${data.data}: ${(100 * gap).toFixed(1)} points`,
    holds: gap <= 0.01,
    values: { data: data.data!, binary: accuracies.binary, normal: accuracies.normal, gap },
    figures: [figure],
  };
}

/** Claim B6. */
export async function measureSanity(context: ClaimContext): Promise<Finding> {
  const data = await dataFor(context);
  const report = await search(context, { ...data, weights: "binary" }, [0, 1]);
  const { shuffled, reinitialized, inverted, chance } = report.sanity;
  const highest = Math.max(mean(shuffled), mean(reinitialized));
  return {
    found: `${percent(report.accuracy!)} on ${data.data}; shuffled ${percent(mean(shuffled))}, other signs ${percent(mean(reinitialized))}, inverted ${percent(inverted)}, most frequent class ${percent(chance)}`,
    holds: report.accuracy! > 0.9 && highest <= chance + 0.1,
    values: { data: data.data!, accuracy: report.accuracy!, shuffled, reinitialized, inverted, chance },
    figures: [
      {
        title: "What is left of a mask",
        caption: `Accuracy on ${data.data} by what was changed: 1 nothing, 2 bits shuffled, 3 other signs, 4 inverted.`,
        xLabel: "change",
        yLabel: "accuracy",
        series: [
          { name: "accuracy", x: [1, 2, 3, 4], y: [report.accuracy!, mean(shuffled), mean(reinitialized), inverted] },
          { name: "most frequent class", x: [1, 4], y: [chance, chance], reference: true },
        ],
      },
    ],
  };
}
