/** Low-rank additions to the weights of any frozen model. @module */
import { ConfigError, flattenTree, type HostTensor, mapTree, Random, type Tree } from "../core/index.ts";
import { add, mapTensors, matmul, mul, reshape, type Tensor, type Tensors } from "../engine/index.ts";
import type { Layer, Parameters, Traced } from "./layer.ts";
import { addProduct, initLora, type LoraFactors } from "./lora.ts";
import { linearMapGroups, matrixSize } from "./weight.ts";

/** Parameters of {@link withAdditions}: the model's own, and an addition for each weight that has one, in the order of their paths. */
export interface AdditionParams {
  readonly base: Parameters;
  readonly additions: readonly LoraFactors[];
}

/** Options of {@link withAdditions}. */
export interface AdditionOptions {
  /** Rank of each addition, or full rank where that is less; at least 1. */
  readonly rank: number;
  /** What each addition is multiplied with: alpha / rank; default 1. */
  readonly scale?: number;
  /** Whether the linear map or convolution whose weight is at a path gets an addition; default all. */
  readonly targets?: (path: string) => boolean;
}

/** A model with additions. */
export interface WithAdditions extends Layer {
  /** The paths of the weights that have an addition. */
  readonly paths: readonly string[];
  /** The model's own parameters, such as those of a trained one, with additions that change nothing yet. */
  from(base: Parameters, random: Random): Parameters;
  /** The model's own parameters with the additions in its weights. */
  merge(params: Parameters): Parameters;
}

/** The paths of the weights of a model's linear maps and convolutions; tables of embeddings and scales of norms are none. */
export function linearMapPaths(model: Layer): string[] {
  return flattenTree(model.init(new Random(0)) as Tree<HostTensor>).flatMap(([path, leaf]) =>
    linearMapGroups(leaf) === undefined ? [] : [path],
  );
}

/** Whether the parameter at a path of {@link withAdditions} belongs to an addition. */
export function isAddition(path: string): boolean {
  return path.startsWith("additions.");
}

/**
 * A model whose weights have low-rank additions: it runs `model` with weight + scale · up · down in place of each of them. Train it with
 * `trainable: isAddition`.
 *
 * @throws {ConfigError} where no weight is a target
 * @remarks Source: Hu et al. (2022), "LoRA", section 4.1, with convolutions as matrices [outChannels, inChannels · h · w]. The product is
 * multiplied out in every step, so that any model takes it; `addLora` does not, for the linear maps of language models.
 * @example
 * ```ts
 * const low = withAdditions(mlp(64, [32], 10), { rank: 2 });
 * const params = low.init(new Random(0));
 * low.merge(params); // as long as nothing was trained: the model's own parameters
 * ```
 */
export function withAdditions(model: Layer, { rank, scale = 1, targets = () => true }: AdditionOptions): WithAdditions {
  const paths = linearMapPaths(model).filter(targets);
  if (paths.length === 0) {
    throw new ConfigError({
      where: "lora",
      expected: "a model with weights to add to",
      found: "none that is a target",
    });
  }
  const place = new Map(paths.map((path, i) => [path, i]));
  const layer: WithAdditions = {
    paths,
    init: (random) => layer.from(model.init(random), random),
    from(base, random) {
      const leaves = new Map(flattenTree(base as Tree<HostTensor>));
      const additions = paths.map((path) => {
        const [rows, columns] = matrixSize(leaves.get(path)!);
        return initLora([rows, columns], Math.min(rank, rows, columns), random);
      });
      return { base, additions } as unknown as Parameters;
    },
    merge(params) {
      const { base, additions } = params as unknown as AdditionParams;
      return mapTree<HostTensor, HostTensor>(base as Tree<HostTensor>, (leaf, path) => {
        const at = place.get(path);
        return at === undefined ? leaf : addProduct(leaf, additions[at]!, scale);
      }) as Parameters;
    },
    apply(params, input, mode) {
      const { base, additions } = params as unknown as {
        readonly base: Tensors;
        readonly additions: readonly { readonly down: Tensor; readonly up: Tensor }[];
      };
      const order = flattenTree<Tensor>(base).map(([path]) => place.get(path));
      let next = 0;
      const merged = mapTensors(base, (leaf) => {
        const at = order[next++];
        if (at === undefined) return leaf;
        const { down, up } = additions[at]!;
        const product = reshape(matmul(up, down), leaf.shape);
        return add(leaf, scale === 1 ? product : mul(product, scale));
      });
      return model.apply(merged as Traced<Parameters>, input, mode);
    },
  };
  return layer;
}
