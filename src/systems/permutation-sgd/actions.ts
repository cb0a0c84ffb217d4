import type { z } from "zod";
import { ConfigError, Random } from "../../core/index.ts";
import { createOrder } from "../../optim/index.ts";
import { type Column, type CommonOptions, openTerminal, withProgress } from "../../terminal/index.ts";
import { benchQuadratic } from "./bench.ts";
import type { exportSchema, hardSchema, LogisticConfig, optimalSchema, QuadraticConfig } from "./config.ts";
import { runNoOrderHelps } from "./no-order-helps.ts";
import { oneDimensionalProblem, runOptimalPermutations, runRandomReshuffling } from "./one-dimensional.ts";

const scientific = (value: number) => value.toExponential(1);

/** `tenfold order bench --task quadratic` */
export async function runQuadratic(config: QuadraticConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const bench = await withProgress(terminal, "order bench", (hooks) => benchQuadratic(config, raw.seed, hooks));
  const unstable = bench.epochs.filter((_, k) => !bench.stable[k]);
  if (unstable.length > 0) {
    terminal.warn(
      `the learning rate times the largest curvature is 2 or more at ${unstable.join(", ")} epochs: unstable steps, take more epochs`,
    );
  }
  terminal.print(
    `random quadratics, n = ${bench.n}, d = ${bench.d}, ${bench.repeats} problems: median squared distance to the optimum`,
  );
  terminal.table(bench.orders, [
    { header: "order", value: (row) => row.name },
    ...bench.epochs.map(
      (k, at): Column<(typeof bench.orders)[number]> => ({
        header: `K=${k}`,
        value: (row) => scientific(row.medianError[at]!),
        align: "right",
      }),
    ),
    {
      header: "slope in K [95% interval]",
      value: ({ slope, slopeCi }) =>
        slope === null || slopeCi === null
          ? "at the floor"
          : `${slope.toFixed(2)} [${slopeCi.map((edge) => edge.toFixed(2)).join(", ")}]`,
    },
    { header: "points fitted", value: (row) => row.fittedEpochs.length },
  ]);
  terminal.print(`floor of every order, the term 1/(n^2 K^2): ${bench.floor.map(scientific).join(", ")}`);
  terminal.result(bench);
}

/** `tenfold order bench --task logistic` */
export async function runLogistic(config: LogisticConfig, raw: CommonOptions): Promise<void> {
  const { loadDataset } = await import("../../data/index.ts");
  const { benchLogistic } = await import("./logistic-bench.ts");
  const { logisticData } = await import("./logistic-data.ts");
  const terminal = openTerminal(raw);
  const { label, dataDir } = config;
  const own = config.test === undefined;
  const train = await loadDataset(config.data, { label, dataDir, split: own ? "train" : "all" });
  const test = await loadDataset(config.test ?? config.data, {
    label,
    dataDir,
    split: own ? "test" : "all",
    like: train,
  });
  const data = logisticData(train, test, config);
  const bench = await withProgress(terminal, "order bench", (hooks) => benchLogistic(data, config, raw.seed, hooks));
  terminal.print(`[${bench.warning}]`);
  terminal.print(
    `logistic regression on ${bench.data}, "${bench.classes[1]}" against "${bench.classes[0]}": n = ${bench.n}, d = ${bench.d}, ` +
      `l2 = ${bench.l2.toPrecision(3)}, median of ${bench.repeats} runs`,
  );
  const last = bench.epochs - 1;
  const middle = Math.floor(last / 2);
  terminal.table(bench.orders, [
    { header: "order", value: (row) => row.name },
    { header: "rate", value: (row) => row.learningRate.toPrecision(2), align: "right" },
    ...[...new Set([0, middle, last])].map(
      (epoch): Column<(typeof bench.orders)[number]> => ({
        header: `F - F* after ${epoch + 1}`,
        value: (row) => scientific(row.suboptimality[epoch]!),
        align: "right",
      }),
    ),
    { header: "test error", value: (row) => `${(100 * row.testError[last]!).toFixed(2)}%`, align: "right" },
    { header: "kB kept", value: (row) => (row.bytes / 1000).toFixed(1), align: "right" },
    { header: "ms an epoch", value: (row) => (1000 * row.gradientSeconds).toFixed(1), align: "right" },
    { header: "+ for the order", value: (row) => (1000 * row.orderSeconds).toFixed(1), align: "right" },
  ]);
  terminal.print(
    `test examples: ${bench.testSize} of ${bench.test}; error at the optimum ${(100 * bench.optimum.testError).toFixed(2)}%, F* = ${bench.optimum.objective.toPrecision(8)}`,
  );
  terminal.result(bench);
}

/** `tenfold order optimal` */
export function runOptimal(config: z.output<typeof optimalSchema>, raw: CommonOptions): void {
  const { n, epochs, repeats, constantRate } = config;
  const { seed } = raw;
  const terminal = openTerminal(raw);
  const problem = oneDimensionalProblem(n, new Random(seed, "order-optimal", "problem"));
  const { optimum, chosen } = runOptimalPermutations(problem, { epochs });
  const constant = runOptimalPermutations(problem, { epochs, learningRate: constantRate });
  const random = runRandomReshuffling(problem, { epochs, seed, repeats });
  terminal.print(
    `one dimension, n = ${n}: distance to the optimum after each epoch (the optimum is known to the search)`,
  );
  const columns: [header: string, errors: readonly number[]][] = [
    ["best order", chosen.map(({ error }) => error)],
    [`best order, rate ${constantRate}`, constant.chosen.map(({ error }) => error)],
    ["random reshuffling", random.errors],
  ];
  terminal.table(
    Array.from({ length: epochs }, (_, epoch) => epoch),
    [
      { header: "epoch", value: (epoch) => epoch + 1 },
      ...columns.map(
        ([header, errors]): Column<number> => ({
          header,
          value: (epoch) => errors[epoch]?.toExponential(1) ?? "reached",
          align: "right",
        }),
      ),
    ],
  );
  terminal.result({
    n,
    seed,
    epochs,
    optimum,
    oracle: "the search looks at the optimum",
    errors: chosen.map(({ error }) => error),
    learningRates: chosen.map(({ learningRate }) => learningRate),
    permutations: chosen.map(({ permutation }) => permutation),
    constantRate: { learningRate: constantRate, errors: constant.chosen.map(({ error }) => error) },
    randomReshuffling: random.errors,
    randomLearningRate: random.learningRate,
    repeats,
  });
}

/** `tenfold order hard` */
export function runHard(config: z.output<typeof hardSchema>, raw: CommonOptions): void {
  const terminal = openTerminal(raw);
  const found = runNoOrderHelps({ ...config, seed: raw.seed, signal: terminal.signal });
  terminal.print(
    `start at the optimum, n = ${found.n}: squared distance after K epochs, the best of ${found.n}! orders chosen in each`,
  );
  terminal.table(
    found.epochs.map((k, at) => ({ k, at })),
    [
      { header: "K", value: ({ k }) => k },
      { header: "alpha", value: ({ at }) => found.learningRate[at]!.toPrecision(3), align: "right" },
      { header: "best of all orders", value: ({ at }) => scientific(found.errors[at]!), align: "right" },
      { header: "random reshuffling", value: ({ at }) => scientific(found.randomReshuffling[at]!), align: "right" },
    ],
  );
  terminal.print(
    `slope in alpha: ${found.slopeInAlpha.toFixed(2)} with the best orders, ${found.randomSlopeInAlpha.toFixed(2)} with random ones: no order helps`,
  );
  terminal.result({ ...found, seed: raw.seed });
}

/** `tenfold order export` */
export function runExport(config: z.output<typeof exportSchema>, raw: CommonOptions): void {
  const { n, epochs, format } = config;
  const { seed } = raw;
  const order = createOrder(config.order, { size: n, seed });
  if (order.needsGradients) {
    throw new ConfigError({
      where: "--order",
      expected: "an order that does not depend on gradients",
      found: `"${config.order}"`,
      hint: "use createOrder() inside the training loop, which shows it the gradients",
    });
  }
  const terminal = openTerminal(raw);
  const next = () => {
    const permutation = order.permutation();
    order.endEpoch();
    return permutation;
  };
  if (format === "csv" && !terminal.json) {
    terminal.print("epoch,position,example");
    for (let epoch = 0; epoch < epochs; epoch++) {
      terminal.print(Array.from(next(), (example, position) => `${epoch},${position},${example}`).join("\n"));
    }
    return;
  }
  const document = { order: config.order, n, seed, epochs: Array.from({ length: epochs }, () => [...next()]) };
  terminal.print(JSON.stringify(document));
  terminal.result(document);
}
