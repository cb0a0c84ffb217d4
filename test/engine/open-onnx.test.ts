import { expect, it } from "vitest";
import { hostTensor } from "../../src/core/index.ts";
import { add, matmul, openOnnx, type Tensor, toOnnx } from "../../src/engine/index.ts";

it("runs an exported model as it is, and names inputs and outputs", async () => {
  const weight = hostTensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
  const bytes = toOnnx((w: Tensor, x: Tensor) => add(matmul(x, w), 1), weight, [{ shape: [1, 2], dtype: "float32" }]);
  const model = await openOnnx(bytes);
  expect([model.inputNames, model.outputNames]).toEqual([["input"], ["output"]]);
  const { output } = await model.run({ input: hostTensor(Float32Array.of(1, 0, 0, 1, 1, 1), [3, 2]) });
  expect(output).toEqual(hostTensor(Float32Array.of(2, 3, 4, 5, 5, 7), [3, 2]));
  await model.release();
});

it("says what is no model", async () => {
  await expect(openOnnx(Uint8Array.of(1, 2, 3))).rejects.toThrow(
    "ONNX model: expected a model that ONNX Runtime can load",
  );
});
