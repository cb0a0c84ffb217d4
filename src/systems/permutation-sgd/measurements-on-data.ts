import { loadDataset } from "../../data/index.ts";
import type { OrderName } from "../../optim/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import { benchQuadratic } from "./bench.ts";
import { quadraticSchema } from "./config.ts";
import { benchLogistic } from "./logistic-bench.ts";
import { logisticData } from "./logistic-data.ts";
import { measureFlipFlopGain } from "./logistic-gain.ts";

/** Claim O2. */
export async function measureLogisticGain(context: ClaimContext): Promise<Finding> {
  const wine = await loadDataset("wine", { split: "all" });
  const { train } = logisticData(wine, wine, { positive: "2", l2: 0.1, scale: "standard" });
  const epochs = [64, 128, 256, 512];
  const repeats = context.scale === "full" ? 40 : 6;
  const gain = await measureFlipFlopGain(train, epochs, repeats, context.seed, {
    signal: context.signal,
    progress: (fraction) => context.progress(0.8 * fraction),
  });
  const size = quadraticSchema.parse({ n: train.size, d: train.dim, orders: ["rr", "ff-rr"], repeats, draws: 1 });
  const random = await benchQuadratic({ ...size, epochs: [epochs.at(-1)!] }, context.seed, { signal: context.signal });
  const [rr, flipFlop] = random.orders.map(({ medianError }) => medianError[0]!) as [number, number];
  const reached = gain.logistic.gain.at(-1)!;
  const axes = { xLabel: "epochs K", yLabel: "squared distance to the optimum", xScale: "log", yScale: "log" } as const;
  return {
    found: `FF-RR slope ${gain.logistic.slope.toFixed(2)} (second-order model ${gain.quadratic.slope.toFixed(2)}), gain over RR ${reached.toFixed(1)} at K = ${epochs.at(-1)} (random quadratics ${(rr / flipFlop).toFixed(0)})`,
    holds: gain.logistic.slope > -3.9 && reached < rr / flipFlop,
    values: {
      logisticSlope: gain.logistic.slope,
      modelSlope: gain.quadratic.slope,
      logisticGain: gain.logistic.gain,
      modelGain: gain.quadratic.gain,
      randomQuadraticsGain: rr / flipFlop,
      floor: gain.floor,
    },
    figures: [
      {
        title: "Logistic regression on wine: FlipFlop meets the floor",
        caption: "The floor is the permutation-independent term 1/(n^2 K^2) of the second-order model. [not quadratic]",
        ...axes,
        series: [
          { name: "RR", x: epochs, y: gain.logistic.rr },
          { name: "FF-RR", x: epochs, y: gain.logistic.flipFlop },
          { name: "floor", x: epochs, y: gain.floor, reference: true },
        ],
      },
    ],
  };
}

/** Claim O3. */
export async function measureGrabOnRealData(context: ClaimContext): Promise<Finding> {
  const [train, test] = [
    await loadDataset("digits", { split: "train" }),
    await loadDataset("digits", { split: "test" }),
  ];
  const data = logisticData(train, test, { positive: "8", scale: "max-abs" });
  const blind: OrderName[] = ["rr", "ss", "igd", "ff-rr"];
  const bench = await benchLogistic(
    data,
    {
      orders: [...blind, "grab", "grab-pair"],
      epochs: 20,
      repeats: context.scale === "full" ? 21 : 7,
      learningRates: [0.05, 0.1],
    },
    context.seed,
    context,
  );
  const finals = new Map(bench.orders.map(({ name, suboptimality }) => [name, suboptimality.at(-1)!]));
  const best = (names: OrderName[]) => Math.min(...names.map((name) => finals.get(name)!));
  const ratio = best(["grab", "grab-pair"]) / best(blind);
  return {
    found: `${[...finals].map(([name, value]) => `${name.toUpperCase()} ${value.toExponential(1)}`).join(", ")}: ratio ${ratio.toFixed(2)}`,
    holds: ratio < 1,
    values: { ...Object.fromEntries(finals), ratio },
    figures: [
      {
        title: "Logistic regression on digits, 8 or not",
        caption: `Suboptimality after each epoch, each order at its best learning rate. [${bench.warning}]`,
        xLabel: "epoch",
        yLabel: "F - F*",
        yScale: "log",
        series: bench.orders.map(({ name, suboptimality }) => ({
          name: name.toUpperCase(),
          x: suboptimality.map((_, epoch) => epoch + 1),
          y: suboptimality,
        })),
      },
    ],
  };
}
