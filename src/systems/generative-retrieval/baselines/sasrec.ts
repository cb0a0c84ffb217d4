/** SASRec, the sequence model that generative retrieval has to be held against: our trunk with a vector an item. @module */
import { type HostTensor, hostTensor } from "../../../core/index.ts";
import {
  abs,
  add,
  cast,
  compile,
  concat,
  div,
  exp,
  floor,
  greaterEqual,
  log,
  matmul,
  maximum,
  mul,
  neg,
  randomUniform,
  reshape,
  slice,
  sum,
  type Tensor,
  take,
  transpose,
} from "../../../engine/index.ts";
import { crossEntropy, type Layer, Mode, type Traced } from "../../../nn/index.ts";
import type { Loss } from "../../../train/index.ts";
import { packHistories, positionFeatures } from "../packing.ts";
import { ProductRecommender } from "../product-recommender.ts";
import { type TrunkOptions, type TrunkParams, trunk } from "../trunk.ts";

/** What SASRec is trained to do: tell the next item from one drawn at random, as its authors, or from all. */
export type SasRecLoss = "bce" | "ce";

/** Items as their own codes: one a position. */
export function itemCodes(items: number): { codes: Int32Array; width: number } {
  return { codes: Int32Array.from({ length: items }, (_, item) => item), width: 1 };
}

/**
 * SASRec as a layer over packed examples.
 *
 * @returns of `apply`: logits of all items [positions, items], or with `bce` of the next item and one drawn item [positions, 2]
 * @remarks Source: Kang and McAuley (2018), section III; with cross-entropy over all items after Klenitskiy and Vasilev (2023).
 */
export function sasRec(items: number, options: TrunkOptions, kind: SasRecLoss): Layer<TrunkParams> {
  const read = trunk(1, items, options);
  return {
    init: read.init,
    apply(params, inputs, mode) {
      const states = reshape(read.apply(params, inputs, mode), [-1, options.dim]);
      const table = params.codes.weight as Tensor;
      if (kind === "ce") return matmul(states, transpose(table));
      const [count] = states.shape;
      const next = reshape(slice(inputs, [null, null, [positionFeatures + 1, positionFeatures + 2]]), [count]);
      const drawn = cast(floor(mul(randomUniform([count]), items)), "int32");
      const against = (places: Tensor) => sum(mul(states, take(table, places)), [-1]);
      return concat(
        [next, drawn].map((places) => reshape(against(places), [count, 1])),
        1,
      );
    },
  };
}

/** The loss that goes with the kind. */
export function sasRecLoss(kind: SasRecLoss): Loss {
  return (logits, targets) => {
    const labels = reshape(targets, [-1]);
    const weights = cast(greaterEqual(labels, 0), "float32");
    if (kind === "ce") return crossEntropy(logits, maximum(labels, 0), { weights });
    // softplus(-next) + softplus(drawn), without overflow.
    const column = (i: number) => reshape(slice(logits, [null, [i, i + 1]]), [-1]);
    const softplus = (x: Tensor) => add(maximum(x, 0), log(add(1, exp(neg(abs(x))))));
    const losses = add(softplus(neg(column(0))), softplus(column(1)));
    return div(sum(mul(losses, weights)), sum(weights));
  };
}

/** A trained SASRec as a recommender. */
export function sasRecRecommender(
  name: string,
  items: number,
  options: TrunkOptions,
  params: TrunkParams,
): ProductRecommender {
  const { dim, length } = options;
  const layer = trunk(1, items, options);
  const states = compile((p: Traced<TrunkParams>, inputs: Tensor) => layer.apply(p, inputs, new Mode(false)));
  const table = { data: params.codes.weight.data as Float32Array, count: items, dim };
  const read = async (histories: readonly Int32Array[]) => {
    const { inputs, last } = packHistories(histories, length, itemCodes(items));
    const found = await states(params as never, fillRows(inputs));
    const data = new Float32Array(last.length * dim);
    for (const [i, place] of last.entries()) data.set(found.data.subarray(place * dim, (place + 1) * dim), i * dim);
    return { data, count: last.length, dim };
  };
  return new ProductRecommender(name, table, read, () => states.dispose());
}

/** Rows of padding up to a multiple, so that few graphs are loaded. */
function fillRows({ data, shape }: HostTensor, multiple = 64): HostTensor {
  const [rows, ...row] = shape;
  const filled = Math.ceil(rows / multiple) * multiple;
  const padded = new Int32Array(filled * row.reduce((product, size) => product * size, 1));
  padded.set(data);
  return hostTensor(padded, [filled, ...row]);
}
