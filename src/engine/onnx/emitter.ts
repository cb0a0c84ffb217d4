/**
 * Builds one ONNX graph: names, nodes and constants, each distinct node and constant once.
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { type DType, formatShape, type Shape, type TypedArray } from "../../core/index.ts";
import type { Tensor } from "../graph.ts";

const elementTypes = {
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  int32: TensorProto_DataType.INT32,
  bool: TensorProto_DataType.BOOL,
} as const;

/** An attribute: an integer, a list of integers, a string, or a float marked as one by `{ float }`. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** How a graph is meant to be read. */
export interface EmitterOptions {
  /** Only operators of the ONNX standard: graphs for other runtimes. Otherwise ONNX Runtime's own are used where faster. */
  readonly portable: boolean;
  /** Channels in a block of ONNX Runtime's blocked convolutions on this machine; 1 where it has none. */
  readonly channelBlock: number;
}

/** Domains other than the standard one that a graph may use, and their versions. */
const contribDomains = { "com.microsoft": 1n, "com.microsoft.nchwc": 1n } as const;
export type Domain = "" | keyof typeof contribDomains;

/** Collects the nodes of one ONNX graph, opset 17. */
export class Emitter {
  readonly options: EmitterOptions;
  readonly #nodes: NodeProto[] = [];
  readonly #constants: TensorProto[] = [];
  readonly #known = new Map<string, string[]>();
  readonly #names = new Map<Tensor, string>();
  readonly #uses: Map<Tensor, number>;
  /** For messages: the operation behind each name. */
  readonly labels = new Map<string, string>();
  #nextName = 0;

  /** @param uses - how many times each traced value is read; see {@link Emitter.usedOnce} */
  constructor(options: EmitterOptions, uses: Map<Tensor, number> = new Map()) {
    this.options = options;
    this.#uses = uses;
  }

  /** Gives a traced value the name under which the graph receives it. */
  bind(tensor: Tensor, name: string): void {
    this.#names.set(tensor, name);
  }

  /** The name of a traced value, emitting what it needs first. */
  value(tensor: Tensor): string {
    const known = this.#names.get(tensor);
    if (known !== undefined) return known;
    const name = tensor.primitive.onnx(this, tensor, tensor.params);
    this.#names.set(tensor, name);
    this.labels.set(name, `${tensor.primitive.name}(${tensor.inputs.map(({ label }) => label).join(", ")})`);
    return name;
  }

  /** Whether `tensor` feeds exactly one other value, so that it may be fused into that one. */
  usedOnce(tensor: Tensor): boolean {
    return this.#uses.get(tensor) === 1;
  }

  /** Emits a node with one output and returns its name; an identical node is reused. */
  node(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}, domain: Domain = ""): string {
    return this.nodes(op, inputs, 1, attributes, domain)[0]!;
  }

  /** Emits a node with several outputs and returns their names. */
  nodes(
    op: string,
    inputs: readonly string[],
    numOutputs: number,
    attributes: Record<string, Attribute> = {},
    domain: Domain = "",
  ): string[] {
    const key = JSON.stringify([domain, op, inputs, attributes]);
    let outputs = this.#known.get(key);
    if (outputs && outputs.length >= numOutputs) return outputs;
    outputs = Array.from({ length: numOutputs }, () => `.v${this.#nextName++}`);
    this.#known.set(key, outputs);
    const attribute = Object.entries(attributes).map(([name, value]) => toAttribute(name, value));
    this.#nodes.push(
      create(NodeProtoSchema, {
        opType: op,
        domain,
        name: outputs[0]!,
        input: [...inputs],
        output: outputs,
        attribute,
      }),
    );
    return outputs;
  }

  /** A constant tensor; equal constants exist once. */
  constant(dtype: DType, shape: Shape, data: TypedArray): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.#constant(elementTypes[dtype], shape, bytes);
  }

  /** A constant scalar. */
  scalar(dtype: DType, value: number): string {
    const data =
      dtype === "float32" ? Float32Array.of(value) : dtype === "float64" ? Float64Array.of(value) : undefined;
    return this.constant(dtype, [], data ?? (dtype === "bool" ? Uint8Array.of(value) : Int32Array.of(value)));
  }

  /** A constant int64 vector: shapes, axes and offsets. */
  integers(values: readonly number[]): string {
    return this.int64([values.length], BigInt64Array.from(values, BigInt));
  }

  /** A constant int64 tensor. */
  int64(shape: Shape, data: BigInt64Array): string {
    return this.#constant(TensorProto_DataType.INT64, shape, new Uint8Array(data.buffer, 0, data.byteLength));
  }

  #constant(dataType: TensorProto_DataType, shape: Shape, bytes: Uint8Array): string {
    const small = bytes.length <= 4096;
    const key = small ? `constant ${dataType} ${formatShape(shape)} ${Buffer.from(bytes).toString("base64")}` : "";
    const known = small ? this.#known.get(key) : undefined;
    if (known) return known[0]!;
    const name = `.c${this.#nextName++}`;
    const rawData = new Uint8Array(bytes);
    this.#constants.push(create(TensorProtoSchema, { name, dataType, dims: shape.map(BigInt), rawData }));
    if (small) this.#known.set(key, [name]);
    return name;
  }

  /**
   * Renames the results to `outputs` and serialises the model (IR version 8).
   *
   * @param inputs - name and signature of every graph input, in order
   * @param outputs - public name of every output, and the traced value it shows
   */
  finish(
    inputs: readonly { name: string; shape: Shape; dtype: DType }[],
    outputs: readonly { name: string; tensor: Tensor }[],
  ): Uint8Array {
    const results = outputs.map(({ name, tensor }) => ({ name, value: this.value(tensor) }));
    const produced = new Set(this.#nodes.flatMap((node) => node.output));
    const renamed = new Map<string, string>();
    const copies: NodeProto[] = [];
    for (const { name, value } of results) {
      if (produced.has(value) && !renamed.has(value)) renamed.set(value, name);
      else copies.push(create(NodeProtoSchema, { opType: "Identity", name, input: [value], output: [name] }));
    }
    const rename = (name: string) => renamed.get(name) ?? name;
    for (const node of [...this.#nodes, ...copies]) node.input = node.input.map(rename);
    for (const node of this.#nodes) node.output = node.output.map(rename);
    const { nodes, constants } = living(
      [...this.#nodes, ...copies],
      this.#constants,
      outputs.map(({ name }) => name),
    );
    return modelBytes(
      inputs.map(valueInfo),
      outputs.map(({ name, tensor: { shape, dtype } }) => valueInfo({ name, shape, dtype })),
      nodes,
      constants,
    );
  }
}

/** The nodes and constants that `outputs` depend on: what was fused into others is not among them. */
function living(nodes: readonly NodeProto[], constants: readonly TensorProto[], outputs: readonly string[]) {
  const needed = new Set(outputs);
  const kept: NodeProto[] = [];
  // Nodes stand after those that they read.
  for (const node of [...nodes].reverse()) {
    if (!node.output.some((name) => needed.has(name))) continue;
    kept.push(node);
    for (const name of node.input) needed.add(name);
  }
  return { nodes: kept.reverse(), constants: constants.filter(({ name }) => needed.has(name)) };
}

/** A whole model's bytes. */
function modelBytes(
  input: ValueInfoProto[],
  output: ValueInfoProto[],
  node: NodeProto[],
  initializer: TensorProto[],
): Uint8Array {
  const domains = new Set(node.map(({ domain }) => domain as Domain));
  const graph = create(GraphProtoSchema, { name: "tenfold", input, output, node, initializer });
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: "tenfold",
    opsetImport: [
      { domain: "", version: 17n },
      ...Object.entries(contribDomains)
        .filter(([domain]) => domains.has(domain as Domain))
        .map(([domain, version]) => ({ domain, version })),
    ],
    graph,
  });
  return toBinary(ModelProtoSchema, model);
}

/** A model that only blocks the channels of `x`, float32 of `shape`, into `y`. */
export function reorderProbe(shape: Shape): Uint8Array {
  const node = create(NodeProtoSchema, {
    opType: "ReorderInput",
    domain: "com.microsoft.nchwc",
    input: ["x"],
    output: ["y"],
  });
  const info = (name: string) => valueInfo({ name, shape, dtype: "float32" });
  return modelBytes([info("x")], [info("y")], [node], []);
}

function valueInfo({ name, shape, dtype }: { name: string; shape: Shape; dtype: DType }): ValueInfoProto {
  const dim = shape.map((size) => ({ value: { case: "dimValue" as const, value: BigInt(size) } }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: elementTypes[dtype], shape: { dim } } } },
  });
}

function toAttribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === "string") {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.STRING,
      s: new TextEncoder().encode(value),
    });
  }
  if (typeof value === "number") {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
  }
  if ("float" in value) {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value.float });
  }
  return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) });
}
