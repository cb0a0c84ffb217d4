/** From a function over tensors to the graph it computes. @module */
import { type DType, flattenTree, type HostTensor, mapTree, type Shape, type Tree } from "../core/index.ts";
import type { Tensors } from "./autodiff.ts";
import { record, Tensor, Trace } from "./graph.ts";
import { constant, input, scalar } from "./primitives/sources.ts";

/** What a traced function takes and gives, with traced tensors replaced by tensors in memory. */
export type Hosted<T> = T extends Tensor
  ? HostTensor
  : T extends readonly unknown[] | Record<string, unknown>
    ? { [K in keyof T]: Hosted<T[K]> }
    : T;

/** A traced function: its graph between flat lists of inputs and outputs. */
export interface TracedFunction {
  readonly trace: Trace;
  /** One input for every leaf of the arguments, in the order of flattenTree. */
  readonly inputs: readonly Tensor[];
  /** Inputs that the runtime fills with random numbers. */
  readonly randomInputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The form of the result. */
  readonly outputTree: Tensors;
}

/** Shape and dtype of a leaf: all that tracing needs to know of it. */
export interface LeafSignature {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Runs `fn` once on symbolic arguments and records what it does.
 *
 * @param args - one tree of signatures (host tensors serve) for each parameter of `fn`
 * @param names - name of each argument, which starts the paths in messages; default the position
 */
export function traceFunction(
  fn: (...args: never[]) => unknown,
  args: readonly Tree<LeafSignature>[],
  names: readonly string[] = [],
): TracedFunction {
  const trace = new Trace();
  return record(trace, () => {
    const inputs: Tensor[] = [];
    const trees = args.map((tree, i) =>
      mapTree(tree, ({ shape, dtype }, path) => {
        const name = names[i] ?? (args.length > 1 ? `arg${i}` : "");
        const leaf = input(shape, dtype, [name, path].filter((part) => part !== "").join(".") || "arg");
        inputs.push(leaf);
        return leaf;
      }),
    );
    const result = fn(...(trees as never[]));
    const outputTree = mapTree(result as Tree<unknown>, toOutput) as Tensors;
    const outputs = flattenTree<Tensor>(outputTree).map(([, leaf]) => leaf);
    return { trace, inputs, randomInputs: [...trace.randomInputs], outputs, outputTree };
  });
}

/** A function may return numbers and host tensors too. */
function toOutput(leaf: unknown, path: string): Tensor {
  if (leaf instanceof Tensor) return leaf;
  if (typeof leaf === "number") return scalar(leaf);
  if (leaf !== null && typeof leaf === "object" && "data" in leaf) return constant(leaf as HostTensor);
  throw new TypeError(`a traced function returned ${typeof leaf} at ${path || "its result"}; return tensors`);
}

/** How many times each value of the graph is read, by other values or as an output. */
export function countUses({ outputs }: TracedFunction, order: readonly Tensor[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  const use = (tensor: Tensor) => uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
  for (const node of order) node.inputs.forEach(use);
  outputs.forEach(use);
  return uses;
}
