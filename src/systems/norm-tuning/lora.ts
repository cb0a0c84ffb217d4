/** Low-rank additions to the weights of a frozen network. @module */
import { ConfigError, flattenTree, type HostTensor, hostTensor, mapTree, Random, type Tree } from "../../core/index.ts";
import { add, mapTensors, matmul, reshape, type Tensor, type Tensors } from "../../engine/index.ts";
import { filled, type Layer, matrixSize, normal, type Parameters, type Traced } from "../../nn/index.ts";

/** `up` float32 [rows, rank] times `down` float32 [rank, columns], added to a weight as a matrix. */
export interface Addition {
  readonly down: HostTensor;
  readonly up: HostTensor;
}

/** Parameters of {@link withAdditions}: the network's own, and an addition for each of its weights, in the order of their paths. */
export interface AdditionParams {
  readonly base: Parameters;
  readonly additions: readonly Addition[];
}

/** The paths of the weights that get an addition: those of linear maps and convolutions. */
export function weightPaths(params: Parameters): string[] {
  return flattenTree(params as Tree<HostTensor>)
    .filter(([path, { shape }]) => /(^|\.)weight$/.test(path) && (shape.length === 2 || shape.length === 4))
    .map(([path]) => path);
}

/** Additions of rank `rank`, or of full rank where that is less, that change nothing yet. */
export function initAdditions(base: Parameters, rank: number, random: Random): readonly Addition[] {
  const leaves = new Map(flattenTree(base as Tree<HostTensor>));
  const paths = weightPaths(base);
  if (paths.length === 0) {
    throw new ConfigError({ where: `--train lora:${rank}`, expected: "a network with weights", found: "one without" });
  }
  return paths.map((path) => {
    const [rows, columns] = matrixSize(leaves.get(path)!);
    const r = Math.min(rank, rows, columns);
    return { down: normal(random, [r, columns], 1 / Math.sqrt(columns)), up: filled([rows, r], 0) };
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

/** weight + up · down, float32. */
export function addProduct(weight: HostTensor, { down, up }: Addition): HostTensor {
  const [rank, columns] = down.shape as [number, number];
  const rows = up.shape[0]!;
  const out = Float32Array.from(weight.data);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < rank; k++) {
      const factor = up.data[i * rank + k]!;
      for (let j = 0; j < columns; j++) out[i * columns + j]! += factor * down.data[k * columns + j]!;
    }
  }
  return hostTensor(out, weight.shape);
}
