/** Low-rank additions to the weights of a frozen network. @module */
import { ConfigError, flattenTree, type HostTensor, mapTree, Random, type Tree } from "../../core/index.ts";
import { add, mapTensors, matmul, reshape, type Tensor, type Tensors } from "../../engine/index.ts";
import {
  addProduct,
  initLora,
  type Layer,
  type LoraFactors,
  matrixSize,
  type Parameters,
  type Traced,
} from "../../nn/index.ts";

/** Parameters of {@link withAdditions}: the network's own, and an addition for each of its weights, in the order of their paths. */
export interface AdditionParams {
  readonly base: Parameters;
  readonly additions: readonly LoraFactors[];
}

/** The paths of the weights that get an addition: those of linear maps and convolutions. */
export function weightPaths(params: Parameters): string[] {
  return flattenTree(params as Tree<HostTensor>)
    .filter(([path, { shape }]) => /(^|\.)weight$/.test(path) && (shape.length === 2 || shape.length === 4))
    .map(([path]) => path);
}

/** Additions of rank `rank`, or of full rank where that is less, that change nothing yet. */
export function initAdditions(base: Parameters, rank: number, random: Random): readonly LoraFactors[] {
  const leaves = new Map(flattenTree(base as Tree<HostTensor>));
  const paths = weightPaths(base);
  if (paths.length === 0) {
    throw new ConfigError({ where: `--train lora:${rank}`, expected: "a network with weights", found: "one without" });
  }
  return paths.map((path) => {
    const [rows, columns] = matrixSize(leaves.get(path)!);
    return initLora([rows, columns], Math.min(rank, rows, columns), random);
  });
}

/**
 * A network whose weights have low-rank additions: it runs `model` with weight + up · down in place of every weight.
 *
 * @remarks Source: Hu et al. (2022), "LoRA", section 4.1, with convolutions as matrices [outChannels, inChannels · h · w] and no factor
 * alpha / rank.
 */
export function withAdditions(model: Layer, rank: number): Layer {
  const paths = weightPaths(model.init(new Random(0)));
  return {
    init(random) {
      const base = model.init(random);
      return { base, additions: initAdditions(base, rank, random) } as unknown as Parameters;
    },
    apply(params, input, mode) {
      const { base, additions } = params as unknown as {
        readonly base: Tensors;
        readonly additions: readonly { readonly down: Tensor; readonly up: Tensor }[];
      };
      const leaves = flattenTree<Tensor>(base).map(([path, leaf]) => ({ leaf, at: paths.indexOf(path) }));
      let next = 0;
      const merged = mapTensors(base, () => {
        const { leaf, at } = leaves[next++]!;
        if (at < 0) return leaf;
        const { down, up } = additions[at]!;
        return add(leaf, reshape(matmul(up, down), leaf.shape));
      });
      return model.apply(merged as Traced<Parameters>, input, mode);
    },
  };
}

/** The network's parameters with the additions in its weights. */
export function mergeAdditions({ base, additions }: AdditionParams): Parameters {
  const paths = weightPaths(base);
  return mapTree<HostTensor, HostTensor>(base as Tree<HostTensor>, (leaf, path) => {
    const at = paths.indexOf(path);
    return at < 0 ? leaf : addProduct(leaf, additions[at]!);
  }) as Parameters;
}
