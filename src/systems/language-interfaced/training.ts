/** Fine-tuning of a language model on texts. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../core/index.ts";
import type { Dataset, LanguageModel } from "../../data/index.ts";
import {
  addLora,
  causalLanguageModel,
  freezeRest,
  isLora,
  type LanguageModelConfig,
  type LanguageModelParams,
  type LoraSettings,
  normPaths,
} from "../../nn/index.ts";
import { accumulate, adamW, cosineSchedule } from "../../optim/index.ts";
import { sha256 } from "../../storage/index.ts";
import {
  compileTrainStep,
  completionLoss,
  fit,
  gatherRows,
  initialState,
  packedModel,
  packTexts,
  RunFolder,
  type TextExample,
} from "../../train/index.ts";

/** Which parameters are trained. */
export type Tune = "full" | "lora" | "norms";

/** How {@link trainTexts} trains. */
export interface TrainingOptions {
  readonly tune: Tune;
  /** Of additions; default 8, alpha twice the rank, no dropout. */
  readonly rank?: number;
  readonly alpha?: number;
  readonly loraDropout?: number;
  /** Passes over the texts; or as many as make this number of steps. */
  readonly length: { readonly epochs: number } | { readonly steps: number };
  /** Rows of packed texts a step. */
  readonly batchSize: number;
  /** Steps whose gradients are added up before the parameters move; default 1. */
  readonly accumulate?: number;
  /** The highest; it rises for a twentieth of the steps and falls as a cosine. */
  readonly learningRate: number;
  readonly weightDecay?: number;
  readonly dropout?: number;
  readonly seed: number;
  /** Epochs are cut down to what this machine can do in that time, by the pace of a few steps; where it cannot do one, the texts are. */
  readonly maxMinutes?: number;
  /** Threads inside an operator; default all cores. */
  readonly threads?: number;
  /** Folder for checkpoints and metrics; default none. */
  readonly run?: string;
  /** Goes on with the run there. */
  readonly resume?: boolean;
  readonly identity?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  readonly onStep?: (event: { readonly step: number; readonly totalSteps: number; readonly loss: number }) => void;
}

/** What came of training. */
export interface TrainingResult {
  /** With additions beside the weights where those were trained. */
  readonly params: LanguageModelParams;
  readonly lora: LoraSettings;
  readonly epochs: number;
  /** Share of the texts that were learned, in (0, 1]; below 1 where the time does not allow one epoch. */
  readonly share: number;
  readonly steps: number;
  /** Mean loss of the last epoch, in nats a learned token. */
  readonly loss: number;
  /** Tokens a second, those that fill rows not counted. */
  readonly tokensPerSecond: number;
  /** Whether it was interrupted. */
  readonly stopped: boolean;
}

/** Whether the linear map at a path gets an addition: all those of the blocks. */
const isTarget = (path: string) => path.startsWith("blocks.");

/** How additions run under these options. */
export function loraSettings({
  tune,
  rank = 8,
  alpha = 2 * rank,
  loraDropout = 0,
}: Pick<TrainingOptions, "tune" | "rank" | "alpha" | "loraDropout">): LoraSettings {
  return tune === "lora" ? { scale: alpha / rank, dropout: loraDropout } : {};
}

/** How long a run is. */
interface Plan {
  readonly epochs: number;
  /** Rows of packed texts that are learned. */
  readonly rows: number;
}

/** What a run was planned with. */
function planOf(run: string): Plan {
  const { epochs, rows } = RunFolder.inspect(run).identity;
  return { epochs: Number(epochs), rows: Number(rows) };
}

/**
 * Trains a model on texts, or goes on with a training that was interrupted.
 *
 * @throws {DataError} where a text is longer than the model's context, {@link DivergenceError} where the loss leaves the numbers
 */
export async function trainTexts(
  base: Pick<LanguageModel, "config" | "params">,
  examples: readonly TextExample[],
  options: TrainingOptions,
): Promise<TrainingResult> {
  const { tune, rank = 8, batchSize, seed, learningRate, weightDecay = 0.01, signal } = options;
  const config: LanguageModelConfig = { ...base.config, dropout: options.dropout ?? 0 };
  const lora = loraSettings(options);
  const packed = packTexts(examples, { name: "texts", sha256: sha256(JSON.stringify(examples)) });
  const layer = packedModel(causalLanguageModel(config, lora), packed);
  const start =
    tune === "lora" ? addLora(base.params, { rank, targets: isTarget }, new Random(seed, "lora")) : base.params;
  const norms = normPaths(start);
  const isTrained = { full: () => true, lora: isLora, norms: (path: string) => norms.has(path) }[tune];
  const { layer: model, trained, restore } = freezeRest(layer, start, isTrained);
  const stepOptions = {
    model,
    loss: completionLoss,
    optimizer: accumulate(adamW({ weightDecay }), options.accumulate ?? 1),
    clipNorm: 1,
    ...(options.threads !== undefined && { compile: { threads: options.threads } }),
  };
  const allRows = packed.dataset.inputs.shape[0]!;
  const resume = options.resume === true && options.run !== undefined && existsSync(join(options.run, "run.json"));
  const { epochs, rows } = resume && options.run !== undefined ? planOf(options.run) : await plan();
  const totalSteps = epochs * Math.ceil(rows / batchSize);

  /** What the time allows, by the pace of a few steps on a copy of the state. */
  async function plan(): Promise<Plan> {
    const stepsAnEpoch = Math.ceil(allRows / batchSize);
    const planned = "epochs" in options.length ? options.length.epochs : Math.ceil(options.length.steps / stepsAnEpoch);
    if (options.maxMinutes === undefined) return { epochs: planned, rows: allRows };
    const step = compileTrainStep(stepOptions as never, initialState(stepOptions as never, trained as never));
    const batch = firstRows(Math.min(allRows, batchSize));
    let began = performance.now();
    const timed = 6;
    for (let i = -2; i < timed; i++) {
      if (i === 0) began = performance.now();
      await step.run(batch, { learningRate: 0, step: i + 2, seed });
    }
    const msAStep = (performance.now() - began) / timed;
    await step.dispose();
    const steps = Math.max(1, Math.floor((options.maxMinutes * 60_000) / msAStep));
    if (steps < stepsAnEpoch) return { epochs: 1, rows: steps * batchSize };
    return { epochs: Math.min(planned, Math.floor(steps / stepsAnEpoch)), rows: allRows };
  }

  /** The first rows in an order that the seed draws. */
  function firstRows(count: number): Dataset {
    if (count === allRows) return packed.dataset;
    const some = new Random(seed, "rows").permutation(allRows).subarray(0, count);
    const { inputs, targets } = packed.dataset;
    return { ...packed.dataset, inputs: gatherRows(inputs, some), targets: gatherRows(targets, some) };
  }

  let params: LanguageModelParams = start;
  let [loss, steps, stopped] = [Number.NaN, 0, false];
  const began = performance.now();
  const peak = { peak: learningRate, warmupSteps: Math.floor(totalSteps / 20), totalSteps, floor: learningRate / 100 };
  for await (const event of fit({
    ...stepOptions,
    data: firstRows(rows),
    epochs,
    batchSize,
    learningRate: cosineSchedule(peak),
    learningRateName: `cosine ${JSON.stringify(peak)}`,
    seed,
    params: trained,
    ...(options.run !== undefined && { run: options.run, resume }),
    identity: { ...options.identity, length: options.length, rows },
    ...(signal && { signal }),
  } as Parameters<typeof fit>[0])) {
    if (event.type === "step") options.onStep?.({ step: event.step, totalSteps, loss: event.loss });
    if (event.type === "epoch") loss = event.loss;
    if (event.type === "stopped") stopped = true;
    if (event.type === "end") params = restore(event.params as typeof trained);
    steps = event.step;
  }
  const seconds = (performance.now() - began) / 1000;
  const tokensPerSecond = (packed.filled * rows * packed.seq * epochs) / seconds;
  return { params, lora, epochs, share: rows / allRows, steps, loss, tokensPerSecond, stopped };
}
