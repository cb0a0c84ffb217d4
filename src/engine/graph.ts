/**
 * The traced graph: what a function over tensors does, recorded while it runs once.
 *
 * A {@link Tensor} is the result of one application of a {@link Primitive}. Nodes are hash-consed: the same primitive on the same inputs
 * with the same parameters is the same node, so that common subexpressions exist once.
 *
 * @module
 */
import { assert, type DType, type HostTensor, type Shape } from "../core/index.ts";
import type { JaxArray, JaxModule } from "./jax.ts";
import type { Emitter } from "./onnx/emitter.ts";

/** JSON-safe parameters of a primitive, such as axes and strides. */
export type Params = Readonly<Record<string, unknown>>;

/** Shape and dtype of a value. */
export interface Signature {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** An operation the engine knows: what it makes, how it is differentiated, and how each backend runs it. */
export interface Primitive<P extends Params = Params> {
  readonly name: string;
  /** Checks the inputs and says what comes out. Throws ShapeError. */
  signature(inputs: readonly Tensor[], params: P): Signature;
  /**
   * Cotangents of the inputs from the cotangent of the output (reverse mode), `undefined` for inputs that carry none.
   * Absent where the output does not depend smoothly on any input.
   */
  gradient?(cotangent: Tensor, node: Tensor, params: P): readonly (Tensor | undefined)[];
  /** Emits ONNX nodes and returns the name of the result. */
  onnx(emit: Emitter, node: Tensor, params: P): string;
  /** Computes the same with jax-js. Inputs are borrowed: take `.ref` where jax-js would consume them. */
  jax(jax: JaxModule, inputs: readonly JaxArray[], params: P, node: Tensor): JaxArray;
}

/** One traced operation and its result. Made by `apply`. */
export class Tensor {
  readonly id: number;
  readonly trace: Trace;
  readonly primitive: Primitive;
  readonly inputs: readonly Tensor[];
  readonly params: Params;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(trace: Trace, primitive: Primitive, inputs: readonly Tensor[], params: Params, signature: Signature) {
    this.id = trace.nextId++;
    this.trace = trace;
    this.primitive = primitive;
    this.inputs = inputs;
    this.params = params;
    this.shape = signature.shape;
    this.dtype = signature.dtype;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Name for messages: the path of an argument, otherwise the operation that made it. */
  get label(): string {
    return typeof this.params.path === "string" && this.params.path !== "" ? this.params.path : this.primitive.name;
  }
}

/** What is being recorded: its nodes by content, and the random inputs it asked for. */
export class Trace {
  nextId = 0;
  readonly nodes = new Map<string, Tensor>();
  readonly constants: HostTensor[] = [];
  readonly randomInputs: Tensor[] = [];
}

let active: Trace | undefined;

/** Runs `fn` while recording into `trace`. */
export function record<T>(trace: Trace, fn: () => T): T {
  const outer = active;
  active = trace;
  try {
    return fn();
  } finally {
    active = outer;
  }
}

/** The trace being recorded. */
export function activeTrace(): Trace {
  if (!active) {
    throw new Error(
      "Tensor operations run inside a function given to compile(), grad() or toOnnx(); none is being traced",
    );
  }
  return active;
}

/** Records `primitive` on `inputs` in the active trace, or returns the node that already says so. */
export function apply<P extends Params>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
  const trace = activeTrace();
  for (const input of inputs) {
    assert(input.trace === trace, `${primitive.name}: an input belongs to another trace; pass it as an argument`);
  }
  const key = `${primitive.name}(${inputs.map((node) => node.id).join(",")})${JSON.stringify(params)}`;
  const known = trace.nodes.get(key);
  if (known) return known;
  const node = new Tensor(
    trace,
    primitive as unknown as Primitive,
    inputs,
    params,
    primitive.signature(inputs, params),
  );
  trace.nodes.set(key, node);
  return node;
}

/** All nodes that `outputs` depend on, every node after its inputs. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>(outputs);
  const stack = [...seen];
  while (stack.length > 0) {
    for (const input of stack.pop()!.inputs) {
      if (!seen.has(input)) {
        seen.add(input);
        stack.push(input);
      }
    }
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
