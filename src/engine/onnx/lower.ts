/** From a traced graph to the bytes of an ONNX model. @module */

import { topologicalOrder } from "../graph.ts";
import { countUses, type TracedFunction } from "../trace.ts";
import { Emitter, type EmitterOptions } from "./emitter.ts";

/** A lowered graph: `in0 …` are the arguments, `random0 …` the random inputs, `out0 …` the results. */
export interface LoweredFunction {
  readonly model: Uint8Array;
  readonly inputNames: readonly string[];
  readonly randomNames: readonly string[];
  readonly outputNames: readonly string[];
  /** What the operation that made an ONNX value is called in messages. */
  readonly labels: ReadonlyMap<string, string>;
}

/** Names given to inputs and outputs; by default `in0 …` and `out0 …`. */
export interface LoweringNames {
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

/** Lowers the whole graph of `traced`: forward, backward and update are one model. */
export function lower(traced: TracedFunction, options: EmitterOptions, names: LoweringNames = {}): LoweredFunction {
  const order = topologicalOrder(traced.outputs);
  const reached = new Set(order);
  const emitter = new Emitter(options, countUses(traced, order));
  const inputNames = traced.inputs.map((tensor, i) => {
    const name = names.inputs?.[i] ?? `in${i}`;
    emitter.bind(tensor, name);
    return name;
  });
  const randomNames = traced.randomInputs.map((tensor, i) => {
    emitter.bind(tensor, `random${i}`);
    return `random${i}`;
  });
  const graphInputs = [...traced.inputs, ...traced.randomInputs];
  const graphNames = [...inputNames, ...randomNames];
  // In order, so that no operand is ever more than one call away, however deep the graph.
  for (const tensor of order) emitter.value(tensor);
  const outputs = traced.outputs.map((tensor, i) => ({ name: names.outputs?.[i] ?? `out${i}`, tensor }));
  const model = emitter.finish(
    graphInputs.flatMap((tensor, i) =>
      reached.has(tensor) ? [{ name: graphNames[i]!, shape: tensor.shape, dtype: tensor.dtype }] : [],
    ),
    outputs,
  );
  return {
    model,
    inputNames: inputNames.map((name, i) => (reached.has(traced.inputs[i]!) ? name : "")),
    randomNames: randomNames.map((name, i) => (reached.has(traced.randomInputs[i]!) ? name : "")),
    outputNames: outputs.map(({ name }) => name),
    labels: emitter.labels,
  };
}
