/** A ReLU network out of an ONNX graph of Gemm, MatMul, Add and Relu nodes. @module */
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, type NodeProto, type TensorProto, TensorProto_DataType } from "onnx-buf";
import { DataError } from "../core/index.ts";
import type { ReluLayer } from "../nn/index.ts";

/** A constant of the graph: float64 row by row. */
interface Constant {
  readonly dims: readonly number[];
  readonly values: Float64Array;
}

function readConstant(tensor: TensorProto, where: string): Constant {
  const dims = tensor.dims.map(Number);
  const size = dims.reduce((product, axis) => product * axis, 1);
  const aligned = Uint8Array.from(tensor.rawData).buffer;
  const raw = tensor.rawData.length > 0;
  const values = {
    [TensorProto_DataType.FLOAT]: () => (raw ? new Float32Array(aligned) : tensor.floatData),
    [TensorProto_DataType.DOUBLE]: () => (raw ? new Float64Array(aligned) : tensor.doubleData),
  }[tensor.dataType as 1 | 11]?.();
  if (!values || values.length !== size) {
    const found = values ? `${values.length} numbers for [${dims.join(", ")}]` : `data type ${tensor.dataType}`;
    throw new DataError({ where: `${where}, constant ${tensor.name}`, expected: "float or double numbers", found });
  }
  return { dims, values: Float64Array.from(values) };
}

/** rows and columns exchanged */
function transpose({ dims, values }: Constant): Constant {
  const [rows, columns] = dims as [number, number];
  return {
    dims: [columns, rows],
    values: Float64Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!),
  };
}

const attribute = (node: NodeProto, name: string) => node.attribute.find((entry) => entry.name === name);

/** Nodes that pass their input on, as far as single rows go. */
const passing = new Set(["Flatten", "Identity", "Reshape", "Dropout"]);

/**
 * The layers of an ONNX file, first to last.
 *
 * @throws {DataError} for a graph that is not a chain of linear layers with ReLU between them; the node is named
 */
export function reluNetworkFromOnnx(bytes: Uint8Array, where: string): ReluLayer[] {
  let graph: NonNullable<ReturnType<typeof parse>>;
  try {
    graph = parse(bytes)!;
    if (!graph || graph.node.length === 0) throw new Error("no graph");
  } catch (cause) {
    throw new DataError({ where, expected: "an ONNX model", found: "other bytes", cause });
  }
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const layers: { weight: Constant; bias?: Constant }[] = [];
  let activated = true;
  for (const node of graph.node) {
    const here = `${where}, node ${node.name || node.output[0]} (${node.opType})`;
    const refuse = (expected: string, found: string): never => {
      throw new DataError({ where: here, expected, found });
    };
    const constant = (name: string | undefined): Constant => {
      const tensor = name === undefined ? undefined : constants.get(name);
      return tensor ? readConstant(tensor, where) : refuse("a constant", `${name ?? "nothing"}, which is computed`);
    };
    if (node.opType === "Constant") {
      const value = attribute(node, "value")?.t;
      if (value) constants.set(node.output[0]!, value);
    } else if (node.opType === "Transpose" && constants.has(node.input[0]!)) {
      const turned = transpose(constant(node.input[0]));
      const { dims, values } = turned;
      const source = constants.get(node.input[0]!)!;
      const rawData = new Uint8Array(values.buffer as ArrayBuffer);
      const dataType = TensorProto_DataType.DOUBLE;
      constants.set(node.output[0]!, { ...source, dims: dims.map(BigInt), rawData, dataType });
    } else if (node.opType === "Gemm" || node.opType === "MatMul") {
      if (!activated) refuse("a Relu between two linear layers", "none");
      const given = constant(node.input[1]);
      if (given.dims.length !== 2) refuse("a matrix", `[${given.dims.join(", ")}]`);
      const scale = (name: string) => (node.opType === "Gemm" ? (attribute(node, name)?.f ?? 1) : 1);
      if (Number(attribute(node, "transA")?.i ?? 0n) !== 0) refuse("transA = 0", "1");
      const transB = Number(attribute(node, "transB")?.i ?? 0n) !== 0;
      const { dims, values } = transB ? given : transpose(given);
      const weight = { dims, values: values.map((value) => value * scale("alpha")) };
      const third = node.opType === "Gemm" && node.input[2] ? constant(node.input[2]) : undefined;
      const bias = third && { ...third, values: third.values.map((value) => value * scale("beta")) };
      layers.push(bias ? { weight, bias } : { weight });
      activated = false;
    } else if (node.opType === "Add") {
      const layer = layers.at(-1);
      if (!layer || layer.bias || activated) refuse("an Add after a MatMul", "one elsewhere");
      layer!.bias = constant(constants.has(node.input[1]!) ? node.input[1] : node.input[0]);
    } else if (node.opType === "Relu") {
      if (activated) refuse("a linear layer before a Relu", "none");
      activated = true;
    } else if (!passing.has(node.opType)) {
      refuse("Gemm, MatMul, Add or Relu", node.opType);
    }
  }
  if (activated && layers.length > 0) {
    throw new DataError({ where, expected: "no activation after the last layer", found: "a Relu" });
  }
  return layers.map(({ weight, bias }, l) => {
    const [outDim, inDim] = weight.dims as [number, number];
    if (bias && bias.values.length !== outDim) {
      const found = `${bias.values.length} numbers`;
      throw new DataError({ where: `${where}, bias of layer ${l}`, expected: `${outDim} numbers`, found });
    }
    return { outDim, inDim, weight: weight.values, bias: bias?.values ?? new Float64Array(outDim) };
  });
}

function parse(bytes: Uint8Array) {
  return fromBinary(ModelProtoSchema, bytes).graph;
}
