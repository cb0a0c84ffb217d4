/** The machine as an ONNX model with dense weights: one loop, or a whole run. @module */
import type { HostTensor, Tree } from "../../core/index.ts";
import { hostTensor } from "../../core/index.ts";
import { add, matmul, relu, softmax, type Tensor, toOnnx, transpose } from "../../engine/index.ts";
import { denseTransposed } from "./sparse-matrix.ts";
import type { LoopedTransformer, TransformerLayer } from "./transformer.ts";

interface DenseHead<T> {
  readonly query: T;
  readonly key: T;
  readonly value: T;
}

interface DenseLayer<T> {
  readonly heads: readonly DenseHead<T>[];
  readonly inner: T;
  readonly bias: T;
  readonly outer: T;
}

/** All matrices in full, transposed for rows of columns; the temperature is in the queries. */
function denseWeights({ layers, precision, temperature }: LoopedTransformer): DenseLayer<HostTensor>[] {
  const layer = ({ heads, feedForward }: TransformerLayer): DenseLayer<HostTensor> => {
    const { inner, bias, outer } = feedForward;
    const shift = precision === "float32" ? Float32Array.from(bias) : Float64Array.from(bias);
    return {
      heads: heads.map(({ query, key, value }) => ({
        query: denseTransposed(query, precision, temperature),
        key: denseTransposed(key, precision),
        value: denseTransposed(value, precision),
      })),
      inner: denseTransposed(inner, precision),
      bias: hostTensor(shift, [bias.length]),
      outer: denseTransposed(outer, precision),
    };
  };
  return layers.map(layer);
}

/**
 * One loop as a traced function: matrix products, softmax, ReLU and sums, and nothing else.
 *
 * @param state - [batch, columns, width]: programs beside one another
 */
function transformerStep(layers: readonly DenseLayer<Tensor>[], state: Tensor): Tensor {
  return layers.reduce((x, { heads, inner, bias, outer }) => {
    let attended = x;
    for (const { query, key, value } of heads) {
      const scores = matmul(matmul(x, query), transpose(matmul(x, key), [0, 2, 1]));
      attended = add(attended, matmul(softmax(scores, -1), matmul(x, value)));
    }
    return add(attended, matmul(relu(add(matmul(attended, inner), bias)), outer));
  }, state);
}

/** The ONNX model of one loop: `state` [batch, columns, width] in, `next` of the same shape out. */
export function exportStep(transformer: LoopedTransformer): Uint8Array {
  const { columns, width, precision } = transformer;
  return toOnnx<readonly DenseLayer<Tensor>[]>(
    transformerStep as never,
    denseWeights(transformer) as unknown as Tree<HostTensor>,
    [{ shape: [1, columns, width], dtype: precision }],
    { inputNames: ["state"], outputNames: ["next"] },
  );
}
