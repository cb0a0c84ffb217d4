/** A trained network factored after the fact: by plain SVD, and by SVD weighted with what the loss is sensitive to. @module */
import { type HostTensor, hostTensor, mapTree, type Tree } from "../../core/index.ts";
import type { Dataset } from "../../data/index.ts";
import { add, compileStep, square, type Tensor, type Tensors, valueAndGrad } from "../../engine/index.ts";
import {
  factorize,
  isBuffer,
  type Layer,
  lowRank,
  Mode,
  mapWeights,
  matrixSize,
  multiplyFactors,
  type Parameters,
  ranksOf,
  type Traced,
  truncateRanks,
} from "../../nn/index.ts";
import { gatherRows, type Loss } from "../../train/index.ts";

/** The factored layers multiplied out and factored anew by SVD: the same function and ranks, columns in SVD's order. */
export function refactorize(params: Parameters): Parameters {
  const factored = mapWeights(params, (factors) => factorize(multiplyFactors(factors)));
  return truncateRanks(factored, ranksOf(params));
}

/**
 * Mean squared gradient of every parameter, example by example.
 *
 * @param examples - of `data`, from the first on
 */
export async function fisherInformation(
  model: Layer,
  loss: Loss,
  params: Parameters,
  data: Dataset,
  examples: number,
): Promise<Tree<HostTensor>> {
  const tree = params as Tree<HostTensor>;
  const zeros = mapTree(tree, ({ dtype, shape, data: values }) => ({ dtype, shape, data: values.map(() => 0) }));
  const step = compileStep(
    ((state: { params: Tensors; total: Tensors }, inputs: Tensor, targets: Tensor) => {
      const lossOf = (p: Tensors) => loss(model.apply(p as Traced<Parameters>, inputs, new Mode(false)), targets);
      const { value, gradient } = valueAndGrad(lossOf as (p: Tensors) => Tensor)(state.params);
      const totals: Tensor[] = [];
      mapTree<Tensor, void>(state.total as Tree<Tensor>, (leaf) => void totals.push(leaf));
      let next = 0;
      const total = mapTree<Tensor, Tensor>(gradient as Tree<Tensor>, (g) => add(totals[next++]!, square(g)));
      return [{ params: state.params, total }, value];
    }) as never,
    { params: tree, total: zeros } as never,
  );
  const count = Math.min(examples, data.inputs.shape[0]!);
  for (let i = 0; i < count; i++) {
    const row = Int32Array.of(i);
    await step.run(0, gatherRows(data.inputs, row) as never, gatherRows(data.targets, row) as never);
  }
  const { total } = step.state() as unknown as { total: Tree<HostTensor> };
  await step.dispose();
  return mapTree(total, (leaf, path) =>
    isBuffer(path)
      ? leaf
      : hostTensor(
          Float32Array.from(leaf.data, (value) => value / count),
          leaf.shape,
        ),
  );
}

/**
 * A dense network factored by SVD weighted with its Fisher information: each input of a layer counts as much as the loss is
 * sensitive to its weights.
 *
 * @param dense - parameters of `model`
 * @param fisher - as {@link fisherInformation} gives it
 * @remarks Source: Hsu et al. (2022), "Language model compression with weighted low-rank factorization", eq. 5 and 6.
 */
export function factorizeByFisher(
  model: Layer,
  dense: Parameters,
  fisher: Tree<HostTensor>,
  skip: readonly string[],
): Parameters {
  const byPath = new Map<string, HostTensor>();
  mapTree(fisher, (leaf, path) => void byPath.set(path, leaf));
  return mapWeights(lowRank(model, { skip }).from(dense), (factors, path) => {
    const weight = multiplyFactors(factors);
    const [rows, columns] = matrixSize(factors);
    const importance = new Float64Array(columns);
    byPath.get(path)!.data.forEach((value, i) => {
      importance[i % columns]! += value / rows;
    });
    // An input that never mattered still keeps its weights, next to nothing in the balance.
    const floor = 1e-6 * Math.max(...importance) || 1;
    const scale = importance.map((value) => Math.sqrt(Math.max(value, floor)));
    const scaleRows = (tensor: HostTensor, by: (column: number) => number): HostTensor =>
      hostTensor(
        Float32Array.from(tensor.data, (value, i) => value * by(i % columns)),
        tensor.shape,
      );
    const { u, v } = factorize(scaleRows(weight, (column) => scale[column]!));
    return { u, v: scaleRows(v, (column) => 1 / scale[column]!) };
  });
}
