/** A whole run as one ONNX model: the step is the body of a Loop. @module */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { exportStep } from "./onnx-step.ts";
import type { LoopedTransformer } from "./transformer.ts";

const scalar = (name: string, elemType: TensorProto_DataType): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: "tensorType",
        value: create(TypeProto_TensorSchema, { elemType, shape: create(TensorShapeProtoSchema, {}) }),
      },
    }),
  });

const node = (opType: string, input: string[], output: string[]) =>
  create(NodeProtoSchema, { opType, name: output[0]!, input, output });

/**
 * The ONNX model of a run: `state` [batch, columns, width] and `loops`, an int32 number, in; `next` out, the state after as many loops.
 * A program that halts earlier stands still. The weights are shared by all loops.
 */
export function exportRun(transformer: LoopedTransformer): Uint8Array {
  const step = fromBinary(ModelProtoSchema, exportStep(transformer));
  const { node: nodes, initializer, input, output } = step.graph!;
  const inner = (info: ValueInfoProto, name: string) => create(ValueInfoProtoSchema, { ...info, name });
  const renamed = nodes.map((each) =>
    create(NodeProtoSchema, {
      ...each,
      input: each.input.map((name) => (name === "state" ? "body.state" : name)),
      output: each.output.map((name) => (name === "next" ? "body.next" : name)),
    }),
  );
  const body = create(GraphProtoSchema, {
    name: "one loop",
    input: [
      scalar("body.iteration", TensorProto_DataType.INT64),
      scalar("body.going", TensorProto_DataType.BOOL),
      inner(input[0]!, "body.state"),
    ],
    output: [scalar("body.on", TensorProto_DataType.BOOL), inner(output[0]!, "body.next")],
    node: [...renamed, node("Identity", ["body.going"], ["body.on"])],
  });
  const cast = node("Cast", ["loops"], ["loops.count"]);
  cast.attribute.push(
    create(AttributeProtoSchema, {
      name: "to",
      type: AttributeProto_AttributeType.INT,
      i: BigInt(TensorProto_DataType.INT64),
    }),
  );
  const loop = node("Loop", ["loops.count", "", "state"], ["next"]);
  loop.attribute.push(
    create(AttributeProtoSchema, { name: "body", type: AttributeProto_AttributeType.GRAPH, g: body }),
  );
  const graph = create(GraphProtoSchema, {
    name: "run",
    input: [input[0]!, scalar("loops", TensorProto_DataType.INT32)],
    output: [output[0]!],
    node: [cast, loop],
    initializer,
  });
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { ...step, graph }));
}
