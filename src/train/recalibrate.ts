import { flattenTree, type HostTensor, hostTensor, type Tree } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import { compile, type Tensor, type Tensors } from "../engine/index.ts";
import { type Layer, Mode, type Traced } from "../nn/index.ts";
import { gatherRows } from "./batches.ts";

/** Options of {@link recalibrate}. */
export interface RecalibrateOptions {
  /** Examples a batch; default 256. */
  readonly batchSize?: number;
  /** Batches to look at, from the start of the data; default all whole ones. */
  readonly batches?: number;
}

/**
 * `params` with the running statistics of batch norm measured anew: their means over batches of `data`, with all other parameters as
 * they are. For weights that changed after training: averaged, truncated, or taken from elsewhere.
 *
 * @remarks Source: Izmailov et al. (2018), section 3.2.
 */
export async function recalibrate<P>(
  model: Layer<P>,
  params: Tree<HostTensor>,
  { inputs }: Dataset,
  { batchSize = 256, batches = Number.POSITIVE_INFINITY }: RecalibrateOptions = {},
): Promise<Tree<HostTensor>> {
  const forward = compile((tree: Tensors, x: Tensor, momentum: Tensor) => {
    const mode = new Mode(true, { momentum });
    model.apply(tree as Traced<P>, x, mode);
    return mode.updated(tree);
  }) as unknown as Forward;
  const size = inputs.shape[0]!;
  const count = Math.min(batches, Math.max(1, Math.floor(size / batchSize)));
  const double = flattenTree(params).some(([, { dtype }]) => dtype === "float64");
  const share = (value: number) => hostTensor(double ? Float64Array.of(value) : Float32Array.of(value), []);
  let current = params;
  for (let k = 0; k < count; k++) {
    const rows = Int32Array.from({ length: Math.min(batchSize, size) }, (_, i) => k * batchSize + i);
    // With a share of 1 / (k + 1) the running statistics are the mean of those so far.
    current = await forward.seeded(k, current, gatherRows(inputs, rows), share(1 / (k + 1)));
  }
  await forward.dispose();
  return current;
}

interface Forward {
  seeded(seed: number, params: Tree<HostTensor>, x: HostTensor, momentum: HostTensor): Promise<Tree<HostTensor>>;
  dispose(): Promise<void>;
}
