import { openFolder } from "./open-folder.ts";
import { type FitEvent, type FitOptions, trainingLoop } from "./training-loop.ts";

/**
 * Trains a model. Iterate over the events; the run goes on as far as the events are read.
 *
 * A run killed at any moment and resumed ends with the same bytes as one that was not: checkpoints hold parameters,
 * optimizer state, the order's state and the position in the epoch, and every random number is a function of the seed
 * and the step.
 *
 * @throws {ConfigError} for options out of range, `DataError` for data that does not fit, `DivergenceError` where
 * the loss leaves the numbers (the last checkpoint stays), `RunError` for folders that cannot be used
 * @example
 * ```ts
 * const data = await loadDataset("digits", { split: "train" });
 * for await (const event of fit({ model, loss: crossEntropy, optimizer: adamW(), data, epochs: 5, batchSize: 32, learningRate: 1e-3 })) {
 *   if (event.type === "epoch") console.log(event.epoch, event.loss);
 * }
 * ```
 */
export function fit<P>(options: FitOptions<P>): AsyncGenerator<FitEvent, void, undefined> {
  return trainingLoop(options, openFolder);
}
