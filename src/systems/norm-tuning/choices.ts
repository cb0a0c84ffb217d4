/** What of a network is trained. @module */
import { ConfigError, flattenTree, type HostTensor, type Tree } from "../../core/index.ts";
import { isBuffer, normPaths, type Parameters } from "../../nn/index.ts";

/** `norm`: scales and shifts of norm layers; `bias`: every bias; `head`: the last linear layer; `all`. */
export type PartName = "norm" | "bias" | "head" | "all";

/** A part of the network's own parameters, or low-rank additions to its weights. */
export type Choice = { readonly part: PartName } | { readonly rank: number };

/**
 * The choice that a text names: `norm`, `bias`, `head`, `all` or `lora:R`.
 *
 * @throws {ConfigError} where it names none
 */
export function parseChoice(text: string): Choice {
  const rank = /^lora:(\d+)$/.exec(text)?.[1];
  if (rank !== undefined && Number(rank) > 0) return { rank: Number(rank) };
  if (text === "norm" || text === "bias" || text === "head" || text === "all") return { part: text };
  throw new ConfigError({ where: "--train", expected: "norm, bias, head, all or lora:R", found: `"${text}"` });
}

/**
 * The paths of the parameters that a part holds; buffers are never among them.
 *
 * @throws {ConfigError} where the network has no such part
 */
export function pathsOf(params: Parameters, part: PartName): Set<string> {
  const leaves = flattenTree(params as Tree<HostTensor>).filter(([path]) => !isBuffer(path));
  const all = leaves.map(([path]) => path);
  const norms = normPaths(params);
  const layerOf = (path: string) => path.slice(0, path.lastIndexOf("."));
  const head = layerOf(
    leaves.findLast(([path, { shape }]) => path.endsWith(".weight") && shape.length === 2)?.[0] ?? "",
  );
  const chosen = {
    norm: () => all.filter((path) => norms.has(path)),
    bias: () => all.filter((path) => path.endsWith(".bias")),
    head: () => all.filter((path) => head !== "" && layerOf(path) === head),
    all: () => all,
  }[part]();
  if (chosen.length > 0) return new Set(chosen);
  throw new ConfigError({
    where: `--train ${part}`,
    expected: part === "norm" ? "a network with norm layers" : `a network with a ${part}`,
    found: "one without",
    hint: part === "norm" ? "take --model mlp, lenet or resnet8, which have batch norm here, or train bias" : "",
  });
}
