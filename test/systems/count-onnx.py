"""Multiply-adds for one example and float numbers stored of an ONNX model, by ONNX's own shape inference."""
import json
import sys

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
graph = model.graph
for value in list(graph.input) + list(graph.output):
    dim = value.type.tensor_type.shape.dim[0]
    dim.Clear()
    dim.dim_value = 1
graph = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
shapes = {name: list(array.shape) for name, array in constants.items()}
for value in list(graph.input) + list(graph.value_info) + list(graph.output):
    shapes[value.name] = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
macs = 0
for node in graph.node:
    if node.op_type == "Conv":
        macs += int(np.prod(shapes[node.output[0]])) * int(np.prod(shapes[node.input[1]][1:]))
    if node.op_type in ("MatMul", "Gemm"):
        inner = shapes[node.input[0]][-1]
        macs += int(np.prod(shapes[node.output[0]])) * inner
floats = [array for array in constants.values() if array.dtype.kind == "f" and array.ndim > 0]
print(json.dumps({"macs": macs, "parameters": int(sum(array.size for array in floats))}))
