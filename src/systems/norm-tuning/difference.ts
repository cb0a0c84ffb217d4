/** What training changed, kept apart from the network it changed: kilobytes that are put in and taken out. @module */
import { flattenTree, type HostTensor, mapTree, RunError, sameShape, type Tree } from "../../core/index.ts";
import { type AdditionParams, addProduct, isBuffer, type Parameters } from "../../nn/index.ts";
import { sha256 } from "../../storage/index.ts";

/** Tensors by path: values to put in place of the base's, or with `.down` and `.up` after a weight's path, additions to it. */
export type Difference = Readonly<Record<string, HostTensor>>;

/** The leaves of trained parameters that training may have changed: the trained ones and the running statistics. */
export function differenceOf(params: Parameters, trained: ReadonlySet<string>): Difference {
  const changed = flattenTree(params as Tree<HostTensor>).filter(([path]) => trained.has(path) || isBuffer(path));
  return Object.fromEntries(changed);
}

/**
 * The difference that additions and running statistics make.
 *
 * @param paths - of the weights that have an addition
 */
export function differenceOfAdditions({ base, additions }: AdditionParams, paths: readonly string[]): Difference {
  const each = paths.flatMap((path, at): [string, HostTensor][] => [
    [`${path}.down`, additions[at]!.down],
    [`${path}.up`, additions[at]!.up],
  ]);
  return { ...differenceOf(base, new Set()), ...Object.fromEntries(each) };
}

/**
 * The base with a difference put in; the base stays as it is, so that another can be put in next.
 *
 * @throws {RunError} where the difference is that of another network
 */
export function applyDifference(base: Parameters, difference: Difference): Parameters {
  const used = new Set<string>();
  const fits = (path: string, leaf: HostTensor, expected: readonly number[]) => {
    used.add(path);
    if (sameShape(leaf.shape, expected)) return leaf;
    throw new RunError({
      where: `difference at ${path}`,
      expected: `shape [${expected.join(", ")}], as the network has it`,
      found: `[${leaf.shape.join(", ")}]`,
    });
  };
  const out = mapTree<HostTensor, HostTensor>(base as Tree<HostTensor>, (leaf, path) => {
    const value = difference[path];
    if (value) return fits(path, value, leaf.shape);
    const [down, up] = [difference[`${path}.down`], difference[`${path}.up`]];
    if (!down || !up) return leaf;
    const [rank, rows] = [down.shape[0]!, leaf.shape[0]!];
    fits(`${path}.down`, down, [rank, leaf.data.length / rows]);
    return addProduct(leaf, { down, up: fits(`${path}.up`, up, [rows, rank]) });
  }) as Parameters;
  const foreign = Object.keys(difference).find((path) => !used.has(path));
  if (foreign === undefined) return out;
  throw new RunError({
    where: `difference at ${foreign}`,
    expected: "a parameter of the network",
    found: "none there",
  });
}

/** SHA-256 of parameters: of the text of every leaf's path and own SHA-256, a line each; `paths` picks some. */
export function hashParameters(params: Parameters, paths: (path: string) => boolean = () => true): string {
  const lines = flattenTree(params as Tree<HostTensor>)
    .filter(([path]) => paths(path))
    .map(([path, { data }]) => {
      return `${path} ${sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))}`;
    });
  return sha256(lines.join("\n"));
}
