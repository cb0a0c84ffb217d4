import { flattenTree } from "../core/index.ts";
import { RunFolder } from "./run-folder.ts";
import { type TrainState, trainablePaths } from "./step.ts";
import type { FitOptions } from "./training-loop.ts";

/** The run's folder, new or gone on with; none where the options name none. */
export async function openFolder(options: FitOptions<unknown>, { params }: TrainState): Promise<RunFolder | undefined> {
  const { run, data, batchSize, seed = 0, order = "rr", optimizer, learningRate, clipNorm } = options;
  if (run === undefined) return undefined;
  const paths = trainablePaths(params, options.trainable);
  const identity = {
    seed,
    data: data.name,
    dataSha256: data.sha256,
    batchSize,
    epochs: options.epochs,
    order,
    optimizer: { name: optimizer.name, ...optimizer.options },
    learningRate: options.learningRateName ?? (typeof learningRate === "number" ? learningRate : "schedule"),
    clipNorm: clipNorm ?? null,
    ...options.identity,
    trained: flattenTree(params).flatMap(([path]) => (paths.has(path) ? [path] : [])),
    parameters: Object.fromEntries(
      flattenTree(params).map(([path, { dtype, shape }]) => [path, `${dtype}[${shape.join(", ")}]`]),
    ),
  };
  return options.resume
    ? RunFolder.open(run, identity)
    : RunFolder.create(run, identity, options.force === undefined ? {} : { force: options.force });
}
