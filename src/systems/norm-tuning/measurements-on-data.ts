/** How the claims about training are measured: on the digits that come with the package. @module */
import { type HostTensor, hostTensor } from "../../core/index.ts";
import { type Dataset, loadParts } from "../../data/index.ts";
import { add, matmul, mul, relu, type Tensor, transpose } from "../../engine/index.ts";
import {
  applyReluNetwork,
  crossEntropy,
  type Layer,
  meanSquaredError,
  mlp,
  type Parameters,
  type ReluNetwork,
} from "../../nn/index.ts";
import { adamW, cosineSchedule } from "../../optim/index.ts";
import { type FitOptions, fit } from "../../train/index.ts";
import type { ClaimContext, Figure, Finding } from "../claim.ts";
import { type RecipeConfig, recipeSchema } from "./config.ts";
import { applyBlocks } from "./forward.ts";
import type { FrozenBlock } from "./frozen.ts";
import { reconstruct } from "./reconstruct.ts";
import { loadBase, tuneChoice } from "./tune.ts";

const percent = (value: number) => `${(100 * value).toFixed(1)}%`;

/** Trains to the end; throws the signal's reason where it is stopped. */
async function trained(options: FitOptions<Parameters>, signal: AbortSignal): Promise<Parameters> {
  for await (const event of fit<Parameters>({ ...options, signal })) {
    if (event.type === "stopped") signal.throwIfAborted();
    if (event.type === "end") return event.params as Parameters;
  }
  throw new Error("internal: a run ended without an end");
}

/** A small classifier of digits as a target. */
async function trainTarget(data: Dataset, hidden: number, { seed, signal, scale }: ClaimContext): Promise<ReluNetwork> {
  const epochs = scale === "full" ? 100 : 20;
  const params = (await trained(
    {
      model: mlp(64, [hidden], 10),
      loss: crossEntropy,
      optimizer: adamW(),
      data,
      epochs,
      batchSize: 64,
      seed,
      learningRate: 0.01,
    },
    signal,
  )) as unknown as readonly Record<string, HostTensor>[];
  const layers = params
    .filter((node) => "weight" in node)
    .map(({ weight, bias }) => ({
      outDim: weight!.shape[0]!,
      inDim: weight!.shape[1]!,
      weight: Float64Array.from(weight!.data),
      bias: Float64Array.from(bias!.data),
    }));
  return { layers };
}

/** Parameters of the network that has only its norms to train; the frozen weights are buffers. */
function normOnly(frozen: readonly FrozenBlock[]): Layer {
  const single = (values: Float64Array, shape: readonly number[]) => hostTensor(Float32Array.from(values), shape);
  const ones = (size: number) => new Float64Array(size).fill(1);
  return {
    init: () =>
      frozen.map(({ first, second, inDim, width, outDim }) => ({
        runningFirst: single(first, [width, inDim]),
        runningSecond: single(second, [outDim, width]),
        scale: single(ones(width), [width]),
        shift: single(new Float64Array(width), [width]),
        outScale: single(ones(outDim), [outDim]),
        outShift: single(new Float64Array(outDim), [outDim]),
      })) as unknown as Parameters,
    apply: (params, input) =>
      (params as unknown as readonly Record<string, Tensor>[]).reduce((x, block, l) => {
        const hidden = relu(add(mul(matmul(x, transpose(block.runningFirst!)), block.scale!), block.shift!));
        const y = add(mul(matmul(hidden, transpose(block.runningSecond!)), block.outScale!), block.outShift!);
        return l + 1 < frozen.length ? relu(y) : y;
      }, input),
  };
}

const argmaxOf = (rows: Float64Array, outDim: number) =>
  Array.from({ length: rows.length / outDim }, (_, n) => {
    const row = rows.subarray(n * outDim, (n + 1) * outDim);
    return row.indexOf(Math.max(...row));
  });

/** Share of places at which two lists agree. */
const agreement = (a: readonly number[], b: ArrayLike<number>) =>
  a.filter((value, i) => value === b[i]).length / a.length;

function rootMeanSquare(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length);
}

/** N5 */
export async function measureConstructedAgainstTrained(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const { train, test } = await loadParts("digits", { seed: context.seed });
  const flat = (data: Dataset): Dataset => ({
    ...data,
    inputs: { ...data.inputs, shape: [data.inputs.shape[0]!, 64] },
  });
  const [learn, check] = [flat(train), flat(test)];
  const target = await trainTarget(learn, full ? 16 : 8, context);
  context.progress(0.2);
  const domain = { kind: "box", low: 0, high: 1 } as const;
  const { blocks, errorBound } = await reconstruct(target, { domain, seed: context.seed, signal: context.signal });
  context.progress(0.4);
  const inputs = Float64Array.from(check.inputs.data);
  const wanted = applyReluNetwork(target, inputs);
  const constructed = applyBlocks(blocks, inputs);

  // The same frozen weights, the same parameters to find, by gradient.
  const frozen = blocks.map((block) => block.frozen);
  const outputs = applyReluNetwork(target, Float64Array.from(learn.inputs.data));
  const { classes: _, ...values } = learn;
  const data: Dataset = {
    ...values,
    targets: hostTensor(Float32Array.from(outputs), [outputs.length / 10, 10]),
  };
  const epochs = full ? 300 : 30;
  const steps = epochs * Math.ceil(data.inputs.shape[0]! / 64);
  const curve: { epoch: number; error: number }[] = [];
  const model = normOnly(frozen);
  let params: Parameters | undefined;
  for await (const event of fit<Parameters>({
    model,
    loss: meanSquaredError,
    optimizer: adamW({ weightDecay: 0 }),
    data,
    epochs,
    batchSize: 64,
    seed: context.seed,
    learningRate: cosineSchedule({ peak: 0.02, totalSteps: steps, warmupSteps: Math.round(0.05 * steps) }),
    signal: context.signal,
  })) {
    if (event.type === "stopped") context.signal.throwIfAborted();
    if (event.type === "epoch") {
      curve.push({ epoch: event.epoch + 1, error: Math.sqrt(event.loss) });
      context.progress(0.4 + (0.6 * (event.epoch + 1)) / epochs);
    }
    if (event.type === "end") params = event.params as Parameters;
  }
  const found = params as unknown as readonly Record<string, HostTensor>[];
  const learned = applyBlocks(
    frozen.map((block, l) => {
      const float64 = (name: string) => Float64Array.from(found[l]![name]!.data);
      return {
        frozen: block,
        first: { scale: float64("scale"), shift: float64("shift") },
        second: { scale: float64("outScale"), shift: float64("outShift") },
      };
    }),
    inputs,
  );
  const [decided, decidedConstructed, decidedLearned] = [wanted, constructed, learned].map((rows) =>
    argmaxOf(rows, 10),
  );
  const errors = { constructed: rootMeanSquare(constructed, wanted), trained: rootMeanSquare(learned, wanted) };
  const agreements = {
    constructed: agreement(decided!, decidedConstructed!),
    trained: agreement(decided!, decidedLearned!),
  };
  const labels = check.targets.data;
  const x = curve.map(({ epoch }) => epoch);
  return {
    found: `constructed: error ${errors.constructed.toExponential(1)}, ${percent(agreements.constructed)} of decisions; trained: error ${errors.trained.toExponential(1)}, ${percent(agreements.trained)}; accuracy ${percent(agreement(decidedConstructed!, labels))} and ${percent(agreement(decidedLearned!, labels))}, target ${percent(agreement(decided!, labels))}`,
    holds: agreements.constructed === 1 && errors.trained >= 1e6 * errors.constructed,
    values: {
      errorConstructed: errors.constructed,
      errorTrained: errors.trained,
      agreementConstructed: agreements.constructed,
      agreementTrained: agreements.trained,
      accuracyTarget: agreement(decided!, labels),
      accuracyConstructed: agreement(decidedConstructed!, labels),
      accuracyTrained: agreement(decidedLearned!, labels),
      errorBound,
    },
    figures: [
      {
        title: "Constructed and trained norms of the same frozen network",
        caption: `Root mean square distance to a target trained on digits (64-${target.layers[0]!.outDim}-10), while Adam trains the norms on its outputs.`,
        xLabel: "epoch",
        yLabel: "error on the target's outputs",
        yScale: "log",
        series: [
          { name: "norms trained by Adam", x, y: curve.map(({ error }) => error) },
          { name: "constructed", x, y: x.map(() => errors.constructed), reference: true },
        ],
      },
    ],
  };
}

/** N6 */
export async function measureWidthAndDepth(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const widths = full ? [16, 32, 64, 128, 256, 512] : [16, 64, 256];
  const depths = full ? [2, 4, 8] : [2, 4];
  const seeds = full ? [0, 1, 2, 3, 4] : [0];
  const measure = async (hidden: readonly number[], choice: string): Promise<number> => {
    let total = 0;
    for (const offset of seeds) {
      context.signal.throwIfAborted();
      const config: RecipeConfig = recipeSchema.parse({
        data: "digits",
        hidden,
        train: [choice],
        epochs: full ? 60 : 12,
        batchSize: full ? 64 : 128,
      });
      const base = await loadBase(config, context.seed + offset);
      total += (await tuneChoice(base, choice, { signal: context.signal })).row.accuracy;
    }
    return total / seeds.length;
  };
  const lines: { name: string; x: number[]; y: number[] }[] = [];
  let done = 0;
  const widest = widths.slice(full ? 0 : -1);
  const stages = widths.length * depths.length + widest.length;
  const line = async (name: string, depth: number, choice: string, x: number[]) => {
    const y: number[] = [];
    for (const width of x) {
      y.push(await measure(Array<number>(depth).fill(width), choice));
      context.progress(++done / stages);
    }
    lines.push({ name, x, y });
    return y;
  };
  const norms: number[][] = [];
  for (const depth of depths) norms.push(await line(`norms only, ${depth} hidden layers`, depth, "norm", widths));
  const all = await line("all weights, 2 hidden layers", 2, "all", widest);
  const [shallow, deep] = [norms[0]!, norms[1]!];
  const figure: Figure = {
    title: "Training only norms: width and depth",
    caption: `Accuracy on digits of random networks whose norms alone are trained, mean of ${seeds.length === 1 ? "one seed" : `${seeds.length} seeds`}.`,
    xLabel: "width of the hidden layers",
    yLabel: "accuracy",
    xScale: "log",
    series: lines,
  };
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const list = (values: readonly number[]) => values.map(percent).join(", ");
  return {
    found: `widths ${widths.join(", ")}: ${list(shallow)} with ${depths[0]} hidden layers, ${list(deep)} with ${depths[1]}; all weights at width ${widest.join(", ")}: ${list(all)}`,
    holds:
      shallow.at(-1)! >= shallow[0]! + 0.05 &&
      mean(deep) > mean(shallow) &&
      Math.max(...norms.flat()) < Math.max(...all),
    values: { widths, ...Object.fromEntries(lines.map(({ name, y }) => [name, y])) },
    figures: [figure],
  };
}
