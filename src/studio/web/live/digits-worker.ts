/** Trains a low-rank classifier of digits beside the page, and names digits that are drawn. @module */
import { core, engine, fit, nn, optim, pickDevice } from "../../../browser/index.ts";
import { fetchDigits } from "./digits-data.ts";

/** What is trained. */
export interface DigitsConfig {
  /** Where `digits.csv.gz` lies. */
  readonly dataUrl: string;
  readonly device: "automatic" | "wasm" | "webgpu";
  readonly epochs: number;
  /** Weight of the penalty on ranks, over the sum of full ranks. */
  readonly pull: number;
  readonly seed: number;
}

/** What the page asks for. */
export type DigitsRequest =
  | { readonly type: "start"; readonly config: DigitsConfig }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  /** float32[64] in [0, 1], row by row. */
  | { readonly type: "name"; readonly id: number; readonly pixels: Float32Array };

/** What the page hears. */
export type DigitsAnswer =
  | {
      readonly type: "start";
      readonly device: "wasm" | "webgpu";
      readonly totalSteps: number;
      readonly ranks: nn.Ranks;
      readonly train: number;
      readonly test: number;
    }
  | { readonly type: "step"; readonly step: number; readonly loss: number }
  | {
      readonly type: "epoch";
      readonly epoch: number;
      readonly accuracy: number;
      readonly ranks: nn.Ranks;
      readonly parameters: number;
    }
  | { readonly type: "end" }
  /** Probability of each digit, or none before the first epoch is over. */
  | { readonly type: "named"; readonly id: number; readonly probabilities?: readonly number[] }
  | { readonly type: "problem"; readonly message: string };

const hidden = [128, 64];
const batchSize = 64;

const answer = (message: DigitsAnswer) => postMessage(message);

/** The parameters after the last epoch, and how to ask them. */
let known:
  | { params: unknown; classify: (params: never, image: core.HostTensor) => Promise<core.HostTensor> }
  | undefined;
/** While the run stands still: what lets it go on. */
let goOn: (() => void) | undefined;
let paused: Promise<void> | undefined;

/** One run; it ends with its worker. */
async function train({ dataUrl, device: asked, epochs, pull, seed }: DigitsConfig): Promise<void> {
  const device = asked === "automatic" ? await pickDevice() : asked;
  const { train, test } = await fetchDigits(dataUrl);
  const totalSteps = epochs * Math.ceil(train.inputs.shape[0]! / batchSize);
  const plain = nn.mlp(64, hidden, 10);
  const totalRank = Object.values(nn.lowRank(plain).fullRanks).reduce((sum, rank) => sum + rank, 0);
  const warmupSteps = Math.round(0.15 * totalSteps);
  const model = nn.lowRank(plain, { groupLasso: pull / totalRank, warmupSteps, shrink: 1e-2 });
  const classify = engine.compile(
    (params: nn.Traced<nn.Parameters>, image: engine.Tensor) =>
      engine.softmax(plain.apply(params, image, new nn.Mode(false))),
    { device },
  ) as never;
  answer({
    type: "start",
    device,
    totalSteps,
    ranks: model.fullRanks,
    train: train.inputs.shape[0]!,
    test: test.inputs.shape[0]!,
  });
  const events = fit({
    model,
    loss: nn.crossEntropy,
    optimizer: optim.sgd({ momentum: 0.9 }),
    data: train,
    validation: test,
    epochs,
    batchSize,
    clipNorm: 1,
    seed,
    learningRate: optim.cosineSchedule({ peak: 0.1, totalSteps, warmupSteps: Math.round(0.03 * totalSteps) }),
    compile: { device },
  });
  for await (const event of events) {
    if (event.type === "step") answer({ type: "step", step: event.step, loss: event.loss });
    if (event.type === "epoch" || event.type === "shrink") known = { params: event.params, classify };
    if (event.type === "evaluation") {
      const params = known!.params as core.Tree<core.HostTensor>;
      const parameters = core.flattenTree(params).reduce((sum, [, leaf]) => sum + leaf.data.length, 0);
      const ranks = nn.ranksOf(params);
      answer({ type: "epoch", epoch: event.epoch + 1, accuracy: event.accuracy!, ranks, parameters });
    }
    // What the page asks for is heard between steps.
    await core.nextTurn();
    await paused;
  }
  answer({ type: "end" });
}

async function name(id: number, pixels: Float32Array): Promise<void> {
  if (!known) return answer({ type: "named", id });
  const { data } = await known.classify(known.params as never, core.hostTensor(pixels, [1, 1, 8, 8]));
  answer({ type: "named", id, probabilities: Array.from(data) });
}

const report = (error: unknown) =>
  answer({ type: "problem", message: error instanceof core.TenfoldError ? error.message : String(error) });

addEventListener("message", ({ data }: MessageEvent<DigitsRequest>) => {
  if (data.type === "start") train(data.config).catch(report);
  if (data.type === "pause") {
    paused ??= new Promise((resolve) => {
      goOn = resolve;
    });
  }
  if (data.type === "resume") {
    paused = undefined;
    goOn?.();
  }
  if (data.type === "name") name(data.id, data.pixels).catch(report);
});
