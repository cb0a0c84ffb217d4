/** The claims on made-up tables and iris, measured. @module */
import { fileURLToPath } from "node:url";
import { Random } from "../../core/index.ts";
import { readTable, type Table } from "../../data/index.ts";
import type { ClaimContext, Figure, Finding } from "../claim.ts";
import { baselinePredictions } from "./baselines.ts";
import { type Spread, spreadOf } from "./bench.ts";
import { decisionBoundary } from "./boundary.ts";
import { type Recipe, recipeSchema } from "./config.ts";
import { mainFigure, scorePredictions } from "./evaluate.ts";
import type { LabelledRows } from "./examples.ts";
import { type Fitted, fitRows, type Prepared, prepare } from "./fit.ts";
import { generateRows } from "./generate.ts";
import { splitLabelled } from "./labelled-table.ts";
import { madeClasses, madeNumbers } from "./made-tables.ts";
import { predictRows, sampleAnswers } from "./predict.ts";
import type { Row, Value } from "./schema.ts";

/** Seeds that nothing was tuned on. */
const seedsOf = ({ seed }: ClaimContext) => [1, 2, 3].map((own) => 100 * (seed + 1) + own);

const irisFile = fileURLToPath(new URL("../../../data/iris.csv.gz", import.meta.url));

const percent = ({ mean, half }: Spread) => `${(100 * mean).toFixed(1)}% ±${(100 * half).toFixed(1)}`;
const plain = ({ mean, half }: Spread) => `${mean.toFixed(3)} ±${half.toFixed(3)}`;

/** Runs `work` for each seed, one after the other, and tells how far it is. */
export async function overSeeds<T>(
  context: ClaimContext,
  work: (seed: number, part: (share: number) => void) => Promise<T>,
): Promise<T[]> {
  const seeds = seedsOf(context);
  const out: T[] = [];
  for (const [i, seed] of seeds.entries()) {
    context.signal.throwIfAborted();
    out.push(await work(seed, (share) => context.progress((i + share) / seeds.length)));
    context.progress((i + 1) / seeds.length);
  }
  return out;
}

interface Setting {
  readonly recipe?: Partial<Recipe>;
  /** Steps of training, about. */
  readonly steps: number;
  /** What is done to the training rows before they are learned. */
  readonly change?: (train: LabelledRows) => LabelledRows;
  /** Share of the rows that are tested; default a fifth. */
  readonly share?: number;
}

const batchSize = 32;

interface Fit extends Fitted {
  readonly prepared: Prepared;
  readonly train: LabelledRows;
  readonly test: LabelledRows;
}

/** A model of a table: rows split, trained for about so many steps. */
export async function fitTable(
  table: Table,
  target: string,
  seed: number,
  { recipe, steps, change, share = 0.2 }: Setting,
  { signal }: Pick<ClaimContext, "signal">,
): Promise<Fit> {
  const classify = target !== "y";
  // Short trainings take larger steps.
  const learningRate = steps < 240 ? 0.004 : 0.002;
  const base = recipeSchema.parse({
    learningRate,
    target,
    task: classify ? "classify" : "regress",
    batchSize,
    ...recipe,
  });
  const prepared = await prepare(table, base, seed);
  const { train: own, test } = splitLabelled(prepared.data, share, seed, classify);
  const train = change ? change(own) : own;
  const copies = base.copies ?? Math.min(16, Math.max(1, Math.round(1000 / train.rows.length)));
  const texts = train.rows.length * copies * (base.generator ? 2 : 1);
  const epochs = Math.max(1, Math.round((steps * batchSize) / texts));
  const fitted = await fitRows(prepared, { ...base, copies, epochs }, seed, { signal }, train);
  signal.throwIfAborted();
  return { ...fitted, prepared, train, test };
}

/** Accuracy, or relative absolute error, on the rows held out. */
export async function figureOf({ model, train, test }: Fit): Promise<number> {
  return mainFigure(
    scorePredictions(model.schema, test.answers, await predictRows(model, test.rows, { threads: 1 }), train),
  );
}

export async function baselineOf({ model, train, test }: Fit, method: string, seed: number): Promise<number> {
  const { schema } = model;
  const found = await baselinePredictions(schema, train, test.rows, { seed, only: [method] });
  const classes = schema.target.kind === "classes" ? schema.target.classes : undefined;
  const predictions = found[method]!.map((value) => ({
    value: classes ? classes[value] : value,
    valid: true,
    raw: "",
  }));
  return mainFigure(scorePredictions(schema, test.answers, predictions, train));
}

const kept = new Map<string, Promise<Fit>>();

/** A model that several claims look at, trained once. */
function remember(context: ClaimContext, name: string, seed: number, make: () => Promise<Fit>): Promise<Fit> {
  const key = `${name} ${context.scale} ${seed}`;
  const known = kept.get(key) ?? make();
  kept.set(key, known);
  known.catch(() => kept.delete(key));
  return known;
}

/** Four blobs with right labels. */
function cleanBlobs(context: ClaimContext, seed: number): Promise<Fit> {
  const steps = context.scale === "full" ? 500 : 80;
  return remember(context, "blobs", seed, () =>
    fitTable(madeClasses("blobs", 400, seed), "class", seed, { steps }, context),
  );
}

/** A line with noise, without outliers or with four. */
function noisyLine(context: ClaimContext, seed: number, outliers: number): Promise<Fit> {
  const steps = context.scale === "full" ? 1000 : 350;
  // The test rows come from a draw of their own, without noise in what is right.
  const test = labelled(madeNumbers("linear", 200, seed + 50, { noise: 0 }));
  return remember(context, `line ${outliers}`, seed, async () => {
    const table = madeNumbers("linear", 200, seed, { outliers });
    return { ...(await fitTable(table, "y", seed, { steps, share: 0 }, context)), test };
  });
}

/** F1 */
export async function measureClasses(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const iris = await readTable(irisFile);
  let figure: Figure | undefined;
  const found = await overSeeds(context, async (seed, part) => {
    const flowers = await fitTable(iris, "species", seed, { steps: full ? 600 : 250 }, context);
    part(0.5);
    const quadrants = await fitTable(madeClasses("xor", 400, seed), "class", seed, { steps: 600 }, context);
    figure ??= await boundaryFigure(quadrants);
    return {
      iris: await figureOf(flowers),
      irisLinear: await baselineOf(flowers, "logistic regression", seed),
      xor: await figureOf(quadrants),
      xorLinear: await baselineOf(quadrants, "logistic regression", seed),
    };
  });
  const of = (key: keyof (typeof found)[number]) => spreadOf(found.map((own) => own[key]));
  const [own, linear, xor, xorLinear] = [of("iris"), of("irisLinear"), of("xor"), of("xorLinear")];
  return {
    found: `iris ${percent(own)} (logistic regression ${percent(linear)}); xor ${percent(xor)} (${percent(xorLinear)})`,
    holds: own.mean >= 0.93 && xor.mean >= 0.85 && xorLinear.mean < 0.65,
    values: { iris: own.values, irisLinear: linear.values, xor: xor.values, xorLinear: xorLinear.values },
    ...(figure && { figures: [figure] }),
  };
}

/** The plane as the model of xor sees it. */
async function boundaryFigure({ model, train }: Fit): Promise<Figure> {
  const { classes } = await decisionBoundary(model, train, { x: "x", y: "y", size: 24 }, { threads: 1 });
  return {
    title: "xor, as read from text",
    caption:
      "Predictions over the plane of a model that saw the points as digits: opposite quadrants, found without a line.",
    xLabel: "x",
    yLabel: "y",
    series: [],
    grid: {
      groups: [{ name: "class", values: [...classes].reverse().map((row) => row.map((k) => (k === 0 ? -1 : 1))) }],
    },
  };
}

/** F2 */
export async function measureValidity(context: ClaimContext): Promise<Finding> {
  const found = await overSeeds(context, async (seed, part) => {
    const models = [await cleanBlobs(context, seed), await noisyLine(context, seed, 0)];
    part(0.8);
    const valid = { constrained: 0, free: 0, rows: 0 };
    for (const { model, test } of models) {
      const [guided, alone] = [
        await predictRows(model, test.rows, { threads: 1 }),
        await predictRows(model, test.rows, { decode: "free", threads: 1 }),
      ];
      valid.constrained += guided.filter((own) => own.valid).length;
      valid.free += alone.filter((own) => own.valid).length;
      valid.rows += test.rows.length;
    }
    return { constrained: valid.constrained / valid.rows, free: valid.free / valid.rows };
  });
  const [constrained, free] = [spreadOf(found.map((own) => own.constrained)), spreadOf(found.map((own) => own.free))];
  return {
    found: `constrained ${percent(constrained)}, free ${percent(free)}`,
    holds: constrained.mean === 1 && free.mean >= 0.98,
    values: { constrained: constrained.values, free: free.values },
  };
}

/** F3 */
export async function measureOutliers(context: ClaimContext): Promise<Finding> {
  const found = await overSeeds(context, async (seed, part) => {
    const errors: Record<string, number> = {};
    for (const [name, outliers] of [
      ["clean", 0],
      ["outliers", 4],
    ] as const) {
      const fit = await noisyLine(context, seed, outliers);
      errors[`lift ${name}`] = await figureOf(fit);
      for (const method of ["ridge", "boosted trees"])
        errors[`${method} ${name}`] = await baselineOf(fit, method, seed);
      part(outliers === 0 ? 0.5 : 1);
    }
    return errors;
  });
  const of = (key: string) => spreadOf(found.map((own) => own[key]!));
  const rise = (name: string) => of(`${name} outliers`).mean / of(`${name} clean`).mean;
  const [lift, ridge, boosted] = [rise("lift"), rise("ridge"), rise("boosted trees")];
  return {
    found: `RAE ${plain(of("lift clean"))} to ${plain(of("lift outliers"))}, x${lift.toFixed(2)}; least squares x${ridge.toFixed(1)}, boosted trees x${boosted.toFixed(1)}`,
    holds: lift <= 1.3 && Math.max(ridge, boosted) >= 3,
    values: Object.fromEntries(Object.keys(found[0]!).map((key) => [key, found.map((own) => own[key]!)])),
  };
}

/** Rows and answers of a table whose last column is y. */
function labelled(table: Table): LabelledRows {
  const values = table.columns.map((column) => (column.type === "number" ? column.values : new Float64Array()));
  const answers = Array.from(values.at(-1)!);
  return { rows: answers.map((_, i): Row => values.slice(0, -1).map((column) => column[i])), answers };
}

/** F4 */
export async function measureLabelNoise(context: ClaimContext): Promise<Finding> {
  const steps = context.scale === "full" ? 500 : 80;
  const corrupt =
    (share: number, seed: number) =>
    (train: LabelledRows): LabelledRows => {
      const random = new Random(seed, "wrong labels");
      const classes = [...new Set(train.answers)];
      const wrong = random.permutation(train.rows.length).subarray(0, Math.round(share * train.rows.length));
      const answers: Value[] = [...train.answers];
      for (const row of wrong) {
        const others = classes.filter((name) => name !== answers[row]);
        answers[row] = others[random.integer(others.length)];
      }
      return { ...train, answers };
    };
  const shuffle =
    (seed: number) =>
    (train: LabelledRows): LabelledRows => ({
      ...train,
      answers: new Random(seed, "shuffle").shuffle([...train.answers]),
    });
  const found = await overSeeds(context, async (seed, part) => {
    const table = madeClasses("blobs", 400, seed);
    const figure = async (change: NonNullable<Setting["change"]>) => {
      const own = await fitTable(table, "class", seed, { steps, change }, context);
      return { accuracy: await figureOf(own), rows: own.test.rows.length };
    };
    const right = await cleanBlobs(context, seed);
    const clean = { accuracy: await figureOf(right), rows: right.test.rows.length };
    part(0.33);
    const noisy = await figure(corrupt(0.2, seed));
    part(0.66);
    const shuffled = await figure(shuffle(seed));
    return { clean: clean.accuracy, noisy: noisy.accuracy, shuffled: shuffled.accuracy, rows: clean.rows };
  });
  const of = (key: "clean" | "noisy" | "shuffled") => spreadOf(found.map((own) => own[key]));
  const [clean, noisy, shuffled] = [of("clean"), of("noisy"), of("shuffled")];
  const rows = found.reduce((sum, own) => sum + own.rows, 0);
  const chance = 3 * Math.sqrt((0.25 * 0.75) / rows);
  return {
    found: `${percent(clean)} clean, ${percent(noisy)} with 20% wrong, ${percent(shuffled)} shuffled`,
    holds: clean.mean - noisy.mean <= 0.1 && Math.abs(shuffled.mean - 0.25) <= chance,
    values: { clean: clean.values, noisy: noisy.values, shuffled: shuffled.values },
  };
}

/** Rank correlation. */
function spearman(a: readonly number[], b: readonly number[]): number {
  const ranks = (values: readonly number[]) => {
    const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
    const out = values.map(() => 0);
    order.forEach((i, rank) => {
      out[i] = rank;
    });
    return out;
  };
  const [x, y] = [ranks(a), ranks(b)];
  const middle = (a.length - 1) / 2;
  const product = (p: number[], q: number[]) =>
    p.reduce((sum, value, i) => sum + (value - middle) * (q[i]! - middle), 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

/** F5 */
export async function measureUncertainty(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const spread = (x: number) => 0.2 + 0.35 * Math.abs(x);
  const xs = Array.from({ length: 21 }, (_, i) => i - 10);
  const found = await overSeeds(context, async (seed) => {
    const table = madeNumbers("linear", 400, seed, { spread });
    const { model } = await fitTable(table, "y", seed, { steps: full ? 1000 : 300, share: 0 }, context);
    const drawn = await sampleAnswers(
      model,
      xs.map((x) => [x]),
      { samples: 30, seed, threads: 1 },
    );
    const deviations = drawn.map((values, i) => {
      const numbers = values.map(Number);
      const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
      return {
        x: xs[i]!,
        deviation: Math.sqrt(numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (numbers.length - 1)),
      };
    });
    return {
      correlation: spearman(
        deviations.map((own) => own.deviation),
        xs.map(spread),
      ),
      deviations,
    };
  });
  const correlation = spreadOf(found.map((own) => own.correlation));
  const [first] = found;
  const figure: Figure = {
    title: "Spread of drawn answers",
    caption: "Standard deviation of 30 answers at each x follows that of the noise in the data.",
    xLabel: "x",
    yLabel: "standard deviation of y",
    series: [
      { name: "drawn answers", x: xs, y: first!.deviations.map((own) => own.deviation) },
      { name: "noise", x: xs, y: xs.map(spread), reference: true },
    ],
  };
  return {
    found: `rank correlation ${correlation.mean.toFixed(2)} ±${correlation.half.toFixed(2)}`,
    holds: correlation.mean > 0.5,
    values: { correlation: correlation.values },
    figures: [figure],
  };
}

/** F6 */
export async function measureGeneration(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const target = full ? "species" : "class";
  const found = await overSeeds(context, async (seed, part) => {
    const recipe = { generator: true, noise: 0.1 };
    const table = full ? await readTable(irisFile) : madeClasses("blobs", 300, seed);
    const fit = await fitTable(table, target, seed, { recipe, steps: full ? 1500 : 250 }, context);
    part(0.7);
    const { model, train } = fit;
    const classes = model.schema.target.kind === "classes" ? model.schema.target.classes : [];
    const made: { rows: Row[]; answers: Value[] } = { rows: [], answers: [] };
    let furthest = 0;
    for (const name of classes) {
      const { rows } = await generateRows(model, name, { n: full ? 60 : 40, seed, signal: context.signal });
      made.rows.push(...rows);
      made.answers.push(...rows.map(() => name));
      const real = train.rows.filter((_, i) => train.answers[i] === name);
      model.schema.features.forEach((feature, column) => {
        if (feature.kind !== "number") return;
        const moments = (own: readonly Row[]) => {
          const values = own.map((row) => row[column]).filter((value): value is number => typeof value === "number");
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
          return {
            mean,
            deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length),
          };
        };
        const [a, b] = [moments(real), moments(rows)];
        furthest = Math.max(furthest, Math.abs(a.mean - b.mean) / a.deviation);
      });
    }
    const onReal = await baselineOf(fit, "5 nearest", seed);
    const onMade = await baselineOf({ ...fit, train: made }, "5 nearest", seed);
    return { furthest, onReal, onMade };
  });
  const of = (key: "furthest" | "onReal" | "onMade") => spreadOf(found.map((own) => own[key]));
  const [furthest, onReal, onMade] = [of("furthest"), of("onReal"), of("onMade")];
  return {
    found: `furthest mean ${plain(furthest)} standard deviations; ${percent(onMade)} trained on made rows, ${percent(onReal)} on real ones`,
    holds: Math.max(...furthest.values) <= 1 && onMade.mean >= onReal.mean - 0.1,
    values: { furthest: furthest.values, onReal: onReal.values, onMade: onMade.values },
  };
}

/** F7 */
export async function measureTwoStage(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const sizes = full ? [10, 20, 50] : [12];
  const found = await overSeeds(context, async (seed, part) => {
    const out: Record<string, number> = {};
    for (const [i, n] of sizes.entries()) {
      const table = madeClasses("blobs", n + 200, seed);
      for (const twoStage of [false, true]) {
        const steps = full ? 500 : 80;
        const fit = await fitTable(
          table,
          "class",
          seed,
          { recipe: { twoStage }, steps, share: 200 / (n + 200) },
          context,
        );
        out[`${twoStage ? "two" : "one"} ${n}`] = await figureOf(fit);
      }
      part((i + 1) / sizes.length);
    }
    return out;
  });
  const of = (key: string) => spreadOf(found.map((own) => own[key]!));
  return {
    found: sizes
      .map((n) => `n = ${n}: ${percent(of(`two ${n}`))} in two stages, ${percent(of(`one ${n}`))} in one`)
      .join("; "),
    holds: sizes.every((n) => of(`two ${n}`).mean >= of(`one ${n}`).mean),
    values: Object.fromEntries(Object.keys(found[0]!).map((key) => [key, found.map((own) => own[key]!)])),
  };
}
