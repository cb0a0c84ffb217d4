/** Models for other runtimes: a function and its parameters as one portable ONNX file. @module */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema, TensorProto_DataType } from "onnx-buf";
import { ConfigError, type HostTensor, mapTree, ShapeError, type Tree } from "../../core/index.ts";
import type { Tensor } from "../graph.ts";
import { constant } from "../primitives/sources.ts";
import { type LeafSignature, traceFunction } from "../trace.ts";
import { lower } from "./lower.ts";

/** Options of {@link toOnnx}. */
export interface ExportOptions {
  /** Names of the graph's inputs, in order; default `input`, or `input0 …`. */
  readonly inputNames?: readonly string[];
  /** Names of the graph's outputs, in order; default `output`, or `output0 …`. */
  readonly outputNames?: readonly string[];
  /** Whether the first axis of every input is a batch of any size, default true. */
  readonly dynamicBatch?: boolean;
}

/**
 * The ONNX model (opset 17, standard operators only) of `fn` with `params` stored inside.
 *
 * @param fn - from the parameters and the inputs to the outputs
 * @param inputs - a signature for each input of `fn`; its first size is an example where the batch is dynamic
 * @throws {ShapeError} where the graph depends on the batch size in a way that ONNX cannot leave open
 * @example
 * ```ts
 * const bytes = toOnnx(model.apply, params, [{ shape: [1, 1, 28, 28], dtype: "float32" }]);
 * await writeFile("model.onnx", bytes);
 * ```
 */
export function toOnnx<P>(
  fn: (params: P, ...inputs: never[]) => unknown,
  params: Tree<HostTensor>,
  inputs: readonly LeafSignature[],
  options: ExportOptions = {},
): Uint8Array {
  const withBatch = (batch: number | undefined): ModelProto => {
    const signatures = inputs.map(({ shape, dtype }) => ({
      dtype,
      shape: batch && shape.length > 0 ? shape.with(0, batch) : shape,
    }));
    const closed = (...args: Tensor[]) => fn(mapTree(params, (leaf) => constant(leaf)) as P, ...(args as never[]));
    const traced = traceFunction(closed, signatures);
    const numbered = (stem: string, count: number) =>
      Array.from({ length: count }, (_, i) => (count > 1 ? `${stem}${i}` : stem));
    const names = {
      inputs: options.inputNames ?? numbered("input", traced.inputs.length),
      outputs: options.outputNames ?? numbered("output", traced.outputs.length),
    };
    checkNames([...names.inputs, ...names.outputs]);
    return fromBinary(ModelProtoSchema, lower(traced, { portable: true, channelBlock: 1 }, names).model);
  };
  if (options.dynamicBatch === false) return toBinary(ModelProtoSchema, withBatch(undefined));
  // What differs between two batch sizes is what depends on the batch.
  return toBinary(ModelProtoSchema, openBatch(withBatch(batchSizes[0]), withBatch(batchSizes[1])));
}

/** Primes that no layer size will equal. */
const batchSizes = [1009, 1013] as const;

function checkNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  const found = `"${twice}" twice`;
  throw new ConfigError({ where: "toOnnx", expected: "a name of its own for every input and output", found });
}

/** Replaces what differs between two models of different batch sizes by a symbolic batch axis. */
function openBatch(model: ModelProto, other: ModelProto): ModelProto {
  const graph = model.graph!;
  const otherGraph = other.graph!;
  const stuck = (what: string): never => {
    throw new ShapeError({
      where: "toOnnx",
      expected: "a graph that depends on the batch size through reshapes only",
      found: what,
      hint: "export with dynamicBatch: false, which fixes the batch size",
    });
  };
  if (graph.node.length !== otherGraph.node.length) stuck("a different number of operators for two batch sizes");
  for (const [i, constant] of graph.initializer.entries()) {
    const peer = otherGraph.initializer[i]!;
    if (Buffer.compare(constant.rawData, peer.rawData) === 0 && constant.dims.join() === peer.dims.join()) continue;
    const readers = graph.node.filter((node) => node.input.includes(constant.name));
    const isShape = constant.dataType === TensorProto_DataType.INT64 && constant.dims.join() === peer.dims.join();
    if (!isShape) stuck("numbers that change with the batch");
    const values = new BigInt64Array(constant.rawData.slice().buffer);
    const peers = new BigInt64Array(peer.rawData.slice().buffer);
    const differing = [...values.keys()].filter((k) => values[k] !== peers[k]);
    if (differing.length !== 1 || !readers.every(({ opType }) => opType === "Reshape")) {
      stuck(`${readers.map(({ opType }) => opType).join(", ")} of a size that changes with the batch`);
    }
    values[differing[0]!] = -1n;
    constant.rawData = new Uint8Array(values.buffer);
    // With a size left open, 0 would be ambiguous.
    for (const reader of readers) reader.attribute = reader.attribute.filter(({ name }) => name !== "allowzero");
  }
  for (const [mine, theirs] of [
    [graph.input, otherGraph.input],
    [graph.output, otherGraph.output],
  ] as const) {
    mine.forEach((info, i) => {
      const dims = (value: typeof info) =>
        value.type!.value.case === "tensorType" ? value.type!.value.value.shape!.dim : [];
      dims(info).forEach((dim, axis) => {
        const peer = dims(theirs[i]!)[axis]!;
        if (dim.value.value === peer.value.value) return;
        // A multiple of the batch is left without a name.
        const isBatch = dim.value.value === BigInt(batchSizes[0]) && peer.value.value === BigInt(batchSizes[1]);
        dim.value = isBatch ? { case: "dimParam", value: "batch" } : { case: undefined };
      });
    });
  }
  return model;
}
