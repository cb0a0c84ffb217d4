/** How the claims are measured. @module */
import { Random } from "../../core/index.ts";
import type { ClaimContext, Figure, Finding } from "../claim.ts";
import { type LearnOptions, randomMatrix, recoverPca, recoverReversed, recoverSvd } from "./recovery.ts";

const seedsOf = ({ seed, scale }: ClaimContext): number[] =>
  Array.from({ length: scale === "full" ? 10 : 3 }, (_, i) => seed + i);

/** A spectrum that falls by a tenth or more from one value to the next. */
function spectrumOf(random: Random, rank: number): number[] {
  const values = [1];
  while (values.length < rank) values.push(values.at(-1)! * random.uniform(0.5, 0.9));
  const largest = random.uniform(1, 10);
  return values.map((value) => value * largest);
}

const stepCounts = { quick: 15_000, full: 60_000 } as const;

/** L1: every truncation is that of the SVD. */
export async function measureSvdRecovery(context: ClaimContext): Promise<Finding> {
  const seeds = seedsOf(context);
  const worst: number[] = [];
  const control: number[] = [];
  const figures: Figure[] = [];
  for (const [at, seed] of seeds.entries()) {
    const random = new Random(seed, "svd-recovery");
    const [rows, columns] = [4 + random.integer(7), 4 + random.integer(7)];
    const rank = 2 + random.integer(Math.min(rows, columns) - 1);
    const map = randomMatrix(random, rows, columns, spectrumOf(random, rank));
    const options: LearnOptions = { steps: stepCounts[context.scale], rate: 0.5, seed, signal: context.signal };
    const ordered = await recoverSvd(map, { rows, columns, rank }, options);
    const unordered = await recoverSvd(map, { rows, columns, rank }, { ...options, steps: 2000, sampler: "none" });
    worst.push(Math.max(...ordered.errors));
    control.push(Math.max(...unordered.errors));
    context.progress((at + 1) / seeds.length);
    if (at > 0) continue;
    const x = ordered.strengths.map((_, b) => b + 1);
    figures.push({
      title: "Learned importances against singular values",
      caption: `A random ${rows} x ${columns} map of rank ${rank}: the strength |u_b| |v_b| of column b with ordered ranks, without, and singular value b.`,
      xLabel: "column b",
      yLabel: "strength",
      series: [
        { name: "ordered ranks", x, y: ordered.strengths },
        { name: "no order", x, y: unordered.strengths },
        { name: "singular values", x: x.slice(0, rank), y: ordered.singularValues, reference: true },
      ],
    });
  }
  const largest = Math.max(...worst);
  const smallest = Math.min(...control);
  return {
    found: `${(100 * largest).toFixed(3)}% at worst, ${(100 * smallest).toFixed(0)}% or more without order`,
    holds: largest <= 0.01 && smallest >= 0.1,
    values: { worstErrors: worst, worstErrorsWithoutOrder: control },
    figures,
  };
}

/** L2: a linear autoencoder finds the principal components, and with the group lasso their number. */
export async function measurePcaRecovery(context: ClaimContext): Promise<Finding> {
  const seeds = seedsOf(context);
  const overlaps: number[] = [];
  const ranks: number[] = [];
  const ranksWithout: number[] = [];
  for (const [at, seed] of seeds.entries()) {
    const random = new Random(seed, "pca-recovery");
    const [examples, columns, rank] = [200, 10, 3];
    const scale = Math.sqrt(examples);
    const data = randomMatrix(random, examples, columns, [3 * scale, 2 * scale, scale]);
    const options: LearnOptions = { steps: stepCounts[context.scale], rate: 0.5, seed, signal: context.signal };
    const without = await recoverPca(data, { examples, columns, rank }, options);
    const withLasso = await recoverPca(data, { examples, columns, rank }, { ...options, groupLasso: 1e-3 });
    const alive = ({ strengths }: { readonly strengths: readonly number[] }) =>
      strengths.filter((s) => s > 1e-3).length;
    overlaps.push(Math.min(...without.overlaps, ...withLasso.overlaps));
    ranks.push(alive(withLasso));
    ranksWithout.push(alive(without));
    context.progress((at + 1) / seeds.length);
  }
  const least = Math.min(...overlaps);
  return {
    found: `overlap ${least.toFixed(5)} or more; ranks left ${ranks.join(", ")} of 10`,
    holds: least >= 0.999 && ranks.every((rank) => rank === 3) && ranksWithout.every((rank) => rank === 10),
    values: { leastOverlaps: overlaps, ranksWithLasso: ranks, ranksWithoutLasso: ranksWithout },
  };
}

/** L3: the order is that of what matters for the data. */
export async function measureReversedOrder(context: ClaimContext): Promise<Finding> {
  const seeds = seedsOf(context);
  const cosines: number[] = [];
  for (const [at, seed] of seeds.entries()) {
    const random = new Random(seed, "reversed");
    const map = randomMatrix(random, 9, 6, [8, 7, 3]);
    const stress = [1, 2, 3].map((value) => value * random.uniform(0.9, 1.1));
    const options = { steps: 2 * stepCounts[context.scale], seed, rate: 0.5, signal: context.signal };
    const found = await recoverReversed(map, { rows: 9, columns: 6, stress }, options);
    cosines.push(...found.cosines);
    context.progress((at + 1) / seeds.length);
  }
  const least = Math.min(...cosines);
  return { found: `|cos| ${least.toFixed(5)} or more`, holds: least > 0.999, values: { cosines } };
}
