/** Trees of float32 tensors as one array of numbers, and back. @module */
import { assert, flattenTree, type HostTensor, hostTensor, type Tree, unflattenTree } from "../../core/index.ts";

/** All elements of a tree's leaves, one leaf after the other. */
export function pack(tree: Tree<HostTensor>): Float32Array {
  const leaves = flattenTree(tree).map(([path, { dtype, data }]) => {
    assert(dtype === "float32", `${path} is ${dtype}, and only float32 can be averaged`);
    return data;
  });
  const packed = new Float32Array(leaves.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const leaf of leaves) {
    packed.set(leaf, at);
    at += leaf.length;
  }
  return packed;
}

/** The tree of the form of `like` whose elements are `packed`; copies. */
export function unpack(packed: Float32Array, like: Tree<HostTensor>): Tree<HostTensor> {
  let at = 0;
  const leaves = flattenTree(like).map(
    ([
      ,
      {
        shape,
        data: { length },
      },
    ]) => {
      at += length;
      return hostTensor(packed.slice(at - length, at), shape);
    },
  );
  assert(at === packed.length, `${packed.length} numbers for a tree of ${at}`);
  return unflattenTree(like, leaves);
}
