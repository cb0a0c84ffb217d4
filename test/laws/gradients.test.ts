import { describe, expect, it } from "vitest";
import {
  flattenTree,
  type HostTensor,
  hostTensor,
  isFloat,
  mapTree,
  Random,
  sizeOf,
  type Tree,
} from "../../src/core/index.ts";
import { compile, constant, mul, pullback, scalar, sum, type Tensor, type Tensors } from "../../src/engine/index.ts";
import * as nn from "../../src/nn/index.ts";
import { cases, Draw } from "../parity/cases.ts";

const seed = 20260902;

/** Relative error of the gradient of a weighted sum of fn's results, against central differences in float64. */
async function gradientError(fn: (...inputs: Tensor[]) => Tensor, hosts: readonly HostTensor[]): Promise<number> {
  const weighted = (y: Tensor) => {
    const weights = Float64Array.from({ length: sizeOf(y.shape) }, (_, i) => Math.cos(i + 1));
    return sum(mul(y, constant(hostTensor(weights, y.shape))));
  };
  const value = compile((...inputs: Tensor[]) => weighted(fn(...inputs)));
  const gradient = compile((...inputs: Tensor[]) => {
    const floats = inputs.filter((_, i) => isFloat(hosts[i]!.dtype));
    return pullback(weighted(fn(...inputs)), floats, scalar(1, "float64"));
  });
  const gradients = await gradient(...hosts);
  expect(gradient.device).toEqual({ device: "native" });
  let [errorSquared, normSquared] = [0, 0];
  let next = 0;
  for (const [k, host] of hosts.entries()) {
    if (!isFloat(host.dtype)) continue;
    const exact = gradients[next++]!.data;
    for (let i = 0; i < host.data.length; i++) {
      const at = async (shift: number): Promise<number> => {
        const moved = Float64Array.from(host.data);
        moved[i]! += shift;
        return (await value(...hosts.map((other, j) => (j === k ? { ...host, data: moved } : other)))).data[0]!;
      };
      const h = 1e-5;
      // Five points: the error of the difference itself is of order h⁴.
      const difference = (8 * ((await at(h)) - (await at(-h))) - ((await at(2 * h)) - (await at(-2 * h)))) / (12 * h);
      errorSquared += (difference - exact[i]!) ** 2;
      normSquared += difference ** 2;
    }
  }
  await value.dispose();
  await gradient.dispose();
  return Math.sqrt(errorSquared) / Math.max(Math.sqrt(normSquared), 1e-3);
}

describe("gradients of primitives agree with central differences in float64", () => {
  it.each(cases.filter(({ smooth, onlyFloat32 }) => smooth && !onlyFloat32))(
    "$name",
    { timeout: 90_000 },
    async ({ name, fn, inputs }) => {
      const hosts = inputs(new Draw(new Random(seed, name), "float64"));
      expect(await gradientError(fn, hosts)).toBeLessThan(1e-6);
    },
  );

  it("erf, which has no float64 kernel, has the gradient of its formula", async () => {
    const x = Float32Array.of(-1.5, -0.3, 0, 0.7, 2);
    const erf = (await import("../../src/engine/index.ts")).erf;
    const gradient = compile((v: Tensor) => pullback(sum(erf(v)), [v], scalar(1)));
    const [dx] = await gradient(hostTensor(x, [5]));
    expect(dx).toBeAllclose(
      Array.from(x, (v) => (2 / Math.sqrt(Math.PI)) * Math.exp(-v * v)),
      { rtol: 1e-6, atol: 1e-7 },
    );
  });
});

/** Layers with an input each; parameters and the input are differentiated together. */
const layers: [name: string, layer: nn.AnyLayer, input: number[]][] = [
  ["linear", nn.linear(4, 3), [5, 4]],
  ["linear over sequences", nn.linear(4, 3, { bias: false }), [2, 5, 4]],
  ["conv2d", nn.conv2d(2, 3, 3, { padding: 1 }), [2, 2, 4, 4]],
  ["batchNorm of images", nn.batchNorm(3), [4, 3, 2, 2]],
  ["batchNorm of rows", nn.batchNorm(3), [6, 3]],
  ["layerNorm", nn.layerNorm(5), [3, 5]],
  ["rmsNorm", nn.rmsNorm(5), [3, 5]],
  ["tanh gelu", nn.gelu("tanh"), [3, 4]],
  ["silu", nn.silu(), [3, 4]],
  ["feedForward", nn.feedForward({ dim: 4, hiddenDim: 6 }), [3, 4]],
  ["sequential", nn.sequential([nn.linear(4, 3), nn.tanh(), nn.linear(3, 2)]), [2, 4]],
  ["maxPool2d", nn.maxPool2d(2), [1, 2, 4, 4]],
  ["averagePool2d", nn.averagePool2d(2), [1, 2, 4, 4]],
  ["self-attention", asLayer(nn.selfAttention({ dim: 4, numHeads: 2 })), [2, 3, 4]],
  ["causal self-attention", asLayer(nn.selfAttention({ dim: 4, numHeads: 2, causal: true })), [1, 3, 4]],
  ["transformer block", asLayer(nn.transformerBlock({ dim: 4, numHeads: 2, hiddenDim: 6 })), [1, 3, 4]],
  [
    "decoder block",
    {
      init: (random) => nn.crossBlock({ dim: 4, numHeads: 2, hiddenDim: 6 }).init(random),
      apply: (params, x, mode) =>
        nn.crossBlock({ dim: 4, numHeads: 2, hiddenDim: 6 }).apply(params, { x, memory: mul(x, 0.5) }, mode),
    },
    [1, 3, 4],
  ],
];

function asLayer<P>(layer: nn.Layer<P, nn.SelfAttentionInput>): nn.AnyLayer {
  return { init: (random) => layer.init(random), apply: (params, x, mode) => layer.apply(params, { x }, mode) };
}

describe("gradients of layers agree with central differences in float64", () => {
  it.each(layers)("%s", async (name, layer, shape) => {
    const random = new Random(seed, name);
    const wide = ({ data, shape: s }: HostTensor) =>
      hostTensor(
        Float64Array.from(data, (v) => v + random.uniform(-0.1, 0.1)),
        s,
      );
    const params = mapTree(layer.init(random) as Tree<HostTensor>, wide);
    const leaves = flattenTree<HostTensor>(params).filter(([path]) => !nn.isBuffer(path));
    const x = new Draw(random, "float64").distinct(shape);
    const rebuild = (inputs: readonly Tensor[]): Tensors => {
      let next = 1;
      return mapTree(params, (leaf, path) => (nn.isBuffer(path) ? constant(leaf) : inputs[next++]!));
    };
    const fn = (...inputs: Tensor[]) => layer.apply(rebuild(inputs) as never, mul(inputs[0]!, 0.3), new nn.Mode(true));
    expect(await gradientError(fn, [x, ...leaves.map(([, leaf]) => leaf)])).toBeLessThan(1e-6);
  });
});

const losses: [name: string, loss: (x: Tensor, y: Tensor) => Tensor, target: (draw: Draw) => HostTensor][] = [
  ["crossEntropy", (x, y) => nn.crossEntropy(x, y), (d) => d.integers([3], 4)],
  ["crossEntropy with smoothing", (x, y) => nn.crossEntropy(x, y, { labelSmoothing: 0.1 }), (d) => d.integers([3], 4)],
  [
    "crossEntropy with weights",
    (x, y) => nn.crossEntropy(x, y, { weights: constant(hostTensor(Float64Array.of(1, 0, 2), [3])) }),
    (d) => d.integers([3], 4),
  ],
  ["meanSquaredError", (x, y) => nn.meanSquaredError(x, y), (d) => d.floats([3, 4])],
  ["binaryCrossEntropy", (x, y) => nn.binaryCrossEntropy(x, y), (d) => d.floats([3, 4], 0, 1)],
];

describe("gradients of losses agree with central differences in float64", () => {
  it.each(losses)("%s", async (name, loss, target) => {
    const draw = new Draw(new Random(seed, name), "float64");
    expect(await gradientError(loss, [draw.floats([3, 4]), target(draw)])).toBeLessThan(1e-6);
  });
});
