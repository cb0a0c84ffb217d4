/**
 * Parameter trees: objects and arrays nested at will, with tensors (or anything else that is not a plain object or array)
 * as leaves. A leaf's path is its keys joined with dots: `encoder.0.proj.weight`.
 *
 * @module
 */

/** A tree with leaves of type `T`. */
export type Tree<T> = T | { readonly [key: string]: Tree<T> | undefined } | readonly Tree<T>[];

function isBranch(node: unknown): node is Record<string, unknown> | unknown[] {
  if (node === null || typeof node !== "object") return false;
  return Array.isArray(node) || (Object.getPrototypeOf(node) === Object.prototype && !isTensorLike(node));
}

/** Host tensors are plain objects too: a node that has `shape` and `dtype` is a leaf. */
function isTensorLike(node: object): boolean {
  return "shape" in node && "dtype" in node;
}

/**
 * The leaves of `tree` with their paths, in the order of keys.
 *
 * @example
 * ```ts
 * flattenTree({ a: 1, b: [2, 3] }); // [["a", 1], ["b.0", 2], ["b.1", 3]]
 * ```
 */
export function flattenTree<T>(tree: Tree<T>, prefix = ""): [path: string, leaf: T][] {
  if (tree === undefined) return [];
  if (!isBranch(tree)) return [[prefix, tree as T]];
  return Object.entries(tree).flatMap(([key, node]) =>
    flattenTree(node as Tree<T>, prefix === "" ? key : `${prefix}.${key}`),
  );
}

/** A tree of the same form with `fn(leaf, path)` in place of every leaf. */
export function mapTree<T, U>(tree: Tree<T>, fn: (leaf: T, path: string) => U, prefix = ""): Tree<U> {
  if (tree === undefined) return undefined as unknown as Tree<U>;
  if (!isBranch(tree)) return fn(tree as T, prefix);
  const child = (key: string | number) => (prefix === "" ? String(key) : `${prefix}.${key}`);
  if (Array.isArray(tree)) return tree.map((node, i) => mapTree(node as Tree<T>, fn, child(i)));
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, node]) => node !== undefined)
      .map(([key, node]) => [key, mapTree(node as Tree<T>, fn, child(key))]),
  );
}

/** A tree of the form of `like` whose leaves are `leaves`, in the order of {@link flattenTree}. */
export function unflattenTree<T, U>(like: Tree<T>, leaves: readonly U[]): Tree<U> {
  let next = 0;
  return mapTree(like, () => leaves[next++]!);
}
