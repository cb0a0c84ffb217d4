import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flattenTree, type HostTensor, hostTensor, Random, type Tree } from "../core/index.ts";
import { compile, toOnnx } from "../engine/index.ts";
import { applyReluNetwork, linear, Mode, mlp, relu, sequential, tanh } from "../nn/index.ts";
import { writeSafetensors } from "../storage/index.ts";
import { readReluNetwork } from "./index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relu-network-"));
});
afterAll(() => rm(folder, { recursive: true }));

const model = mlp(5, [7, 4], 3);
const params = model.init(new Random(3)) as Tree<HostTensor>;
const apply = (tree: never, x: never) => model.apply(tree, x, new Mode(false));
const inputs = Float64Array.from({ length: 20 }, (_, i) => Math.sin(i));

async function expected(): Promise<HostTensor> {
  const f = compile(apply as never) as unknown as (...args: unknown[]) => Promise<HostTensor>;
  return f(params, hostTensor(Float32Array.from(inputs), [4, 5]));
}

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe("readReluNetwork", () => {
  it("reads safetensors with any numbering, and computes what the model does", async () => {
    const path = join(folder, "mlp.safetensors");
    await writeSafetensors(
      path,
      Object.fromEntries(flattenTree(params).map(([name, leaf]) => [`layers.${name}`, leaf])),
    );
    const network = await readReluNetwork(path);
    expect(network.layers.map(({ inDim, outDim }) => [inDim, outDim])).toEqual([
      [5, 7],
      [7, 4],
      [4, 3],
    ]);
    const found = hostTensor(Float32Array.from(applyReluNetwork(network, inputs)), [4, 3]);
    expect(found).toBeAllclose(await expected(), { rtol: 1e-5, atol: 1e-6 });
  });

  it("reads the ONNX files that toOnnx writes", async () => {
    const path = await write("mlp.onnx", toOnnx(apply, params, [{ shape: [1, 5], dtype: "float32" }]));
    const found = applyReluNetwork(await readReluNetwork(path), inputs);
    expect(hostTensor(Float32Array.from(found), [4, 3])).toBeAllclose(await expected(), { rtol: 1e-5, atol: 1e-6 });
  });

  it("layers without a bias have a bias of zeros", async () => {
    const path = join(folder, "bias.safetensors");
    await writeSafetensors(path, { "layers.0.weight": hostTensor(Float64Array.of(1, -2), [1, 2]) });
    expect((await readReluNetwork(path)).layers[0]!.bias).toEqual(Float64Array.of(0));
  });

  it("names the node that is no part of a ReLU network", async () => {
    const other = sequential([linear(2, 2), tanh(), linear(2, 1)]);
    const tree = other.init(new Random(1)) as Tree<HostTensor>;
    const run = (p: never, x: never) => other.apply(p, x, new Mode(false));
    const path = await write("tanh.onnx", toOnnx(run, tree, [{ shape: [1, 2], dtype: "float32" }]));
    await expect(readReluNetwork(path)).rejects.toThrow(/Tanh\): expected Gemm, MatMul, Add or Relu, found Tanh/);
    const last = sequential([linear(2, 2), relu()]);
    const ended = (p: never, x: never) => last.apply(p, x, new Mode(false));
    const params2 = last.init(new Random(1)) as Tree<HostTensor>;
    const relued = await write("relu.onnx", toOnnx(ended, params2, [{ shape: [1, 2], dtype: "float32" }]));
    await expect(readReluNetwork(relued)).rejects.toThrow("no activation after the last layer");
  });

  it("refuses files that hold something else", async () => {
    await expect(readReluNetwork(await write("noise.onnx", Uint8Array.of(1, 2, 3)))).rejects.toThrow("an ONNX model");
    const path = join(folder, "sizes.safetensors");
    await writeSafetensors(path, {
      "layers.0.weight": hostTensor(new Float32Array(6), [3, 2]),
      "layers.1.weight": hostTensor(new Float32Array(4), [2, 2]),
    });
    await expect(readReluNetwork(path)).rejects.toThrow(
      "layer 1: expected 3 inputs, as the layer before gives, found 2",
    );
    await writeSafetensors(path, { "layers.0.weight": hostTensor(Float32Array.of(1, Number.NaN), [1, 2]) });
    await expect(readReluNetwork(path)).rejects.toThrow("layer 0, weight 1: expected a finite number, found NaN");
    await writeSafetensors(path, { scale: hostTensor(new Float32Array(2), [2]) });
    await expect(readReluNetwork(path)).rejects.toThrow("expected tensors layers.0.weight");
  });
});
