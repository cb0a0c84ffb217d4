import { type FitEvent, type LoopOptions, trainingLoop } from "../train/browser.ts";
import { pickDevice } from "./pick-device.ts";

/**
 * Trains a model in the page or in a worker: the loop of `fit` of `tenfold/train`, with the same events, but no folder. It runs on
 * `compile.device`, or on what {@link pickDevice} answers.
 *
 * @throws {ConfigError} for options out of range, `DataError` for data that does not fit, `DivergenceError` where the loss
 * leaves the numbers
 * @example
 * ```ts
 * for await (const event of fit({ model, loss: crossEntropy, optimizer: adamW(), data, epochs: 5, batchSize: 32, learningRate: 1e-3 })) {
 *   if (event.type === "epoch") console.log(event.epoch, event.loss);
 * }
 * ```
 */
export async function* fit<P>(options: LoopOptions<P>): AsyncGenerator<FitEvent, void, undefined> {
  const device = options.compile?.device ?? (await pickDevice());
  yield* trainingLoop({ ...options, compile: { ...options.compile, device } });
}
