import { Random } from "../../core/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import { engineSchema, networkSchema } from "./config.ts";
import { execute } from "./execute.ts";

/** Claim O2. */
export async function measureNetwork(context: ClaimContext): Promise<Finding> {
  const sizes = context.scale === "full" ? [1, 4, 8, 32] : [1, 32];
  const seeds = 3;
  const epochs = context.scale === "full" ? 60 : 7;
  const accuracy = sizes.map((): number[] => []);
  const bytes: number[] = [];
  for (const [at, localSteps] of sizes.entries()) {
    for (let s = 0; s < seeds; s++) {
      context.signal.throwIfAborted();
      const config = networkSchema.parse({ workers: 4, batchSize: 11, localSteps, epochs, learningRate: 0.1 });
      const seed = new Random(context.seed, "claim-O2", s).integer(0x7fffffff);
      const done = at * seeds + s;
      const outcome = await execute({ kind: "network", config, seed }, engineSchema.parse({}), {
        signal: context.signal,
        onRound: ({ round }, rounds) => context.progress((done + (round + 1) / rounds) / (sizes.length * seeds)),
      });
      context.signal.throwIfAborted();
      accuracy[at]!.push(outcome.history.at(-1)!.testAccuracy!);
      bytes[at] = outcome.bytesSent;
    }
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const means = accuracy.map(mean);
  const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
  const text = sizes.map((B, at) => {
    const range = `${percent(Math.min(...accuracy[at]!))} to ${percent(Math.max(...accuracy[at]!))}`;
    return `B = ${B}: ${percent(means[at]!)} (${range}), ${(bytes[at]! / 1e6).toFixed(1)} MB`;
  });
  return {
    found: `${text.join("; ")}; ${seeds} seeds`,
    holds: means[0]! - means.at(-1)! <= 0.03 && means[0]! >= 0.9 && bytes.at(-1)! <= bytes[0]! / 16,
    values: { localSteps: sizes, accuracy: means, bytes },
    figures: [
      {
        title: "A network on four workers: what fewer averages cost",
        caption: `An mlp on digits, ${epochs} epochs, mean and range of ${seeds} seeds: with 32 local steps a 32nd of the weights travel.`,
        xLabel: "local steps B",
        yLabel: "test accuracy",
        xScale: "log",
        series: [
          {
            name: "local-rr, 4 workers",
            x: sizes,
            y: means,
            low: accuracy.map((values) => Math.min(...values)),
            high: accuracy.map((values) => Math.max(...values)),
          },
        ],
      },
    ],
  };
}
