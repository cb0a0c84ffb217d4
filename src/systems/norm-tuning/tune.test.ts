import { describe, expect, it } from "vitest";
import { flattenTree, type HostTensor, hostTensor, Random, type Tree } from "../../core/index.ts";
import { compile } from "../../engine/index.ts";
import {
  type AdditionParams,
  type Layer,
  lenet,
  Mode,
  type Parameters,
  resnet8,
  withAdditions,
} from "../../nn/index.ts";
import { parseChoice, pathsOf } from "./choices.ts";
import { applyDifference, differenceOf, differenceOfAdditions, hashParameters } from "./difference.ts";
import { foldNorms } from "./fold.ts";
import { type NetworkName, normNetwork } from "./models.ts";

function dataset(shape: readonly number[]) {
  const random = new Random(1, "data");
  const size = shape.reduce((product, axis) => product * axis, 1);
  return {
    name: "noise",
    inputs: hostTensor(
      Float32Array.from({ length: size }, () => random.uniform()),
      shape,
    ),
    targets: hostTensor(new Int32Array(shape[0]!), [shape[0]!]),
    classes: ["a", "b", "c"],
    sha256: "",
  };
}

/** Parameters with norms, statistics and biases that are not those of a fresh network. */
function shaken(model: Layer): Parameters {
  const random = new Random(2, "shake");
  const fresh = model.init(random);
  for (const [path, { data }] of flattenTree(fresh as Tree<HostTensor>)) {
    const name = path.slice(path.lastIndexOf(".") + 1);
    for (let i = 0; i < data.length; i++) {
      if (name === "runningVariance") data[i] = random.uniform(0.5, 2);
      else if (name === "runningMean" || name === "bias") data[i] = random.normal(0, 0.3);
      else if (path.includes(".") && data.length < 300 && name === "weight") data[i]! *= random.uniform(0.5, 1.5);
    }
  }
  return fresh;
}

async function outputs(model: Layer, params: Parameters, x: HostTensor): Promise<HostTensor> {
  const run = compile((tree: never, input: never) => model.apply(tree, input, new Mode(false)));
  const y = (await (run as unknown as (...args: unknown[]) => Promise<HostTensor>)(params, x)) as HostTensor;
  await run.dispose();
  return y;
}

describe("choices", () => {
  const params = normNetwork(dataset([4, 6]), { name: "mlp", hidden: [5] }).init(new Random(0));

  it("name the parameters of their part", () => {
    expect([...pathsOf(params, "norm")]).toEqual(["2.weight", "2.bias"]);
    expect([...pathsOf(params, "bias")]).toEqual(["2.bias", "4.bias"]);
    expect([...pathsOf(params, "head")]).toEqual(["4.weight", "4.bias"]);
    expect([...pathsOf(params, "all")]).toEqual(["1.weight", "2.weight", "2.bias", "4.weight", "4.bias"]);
  });

  it("refuse what is not there", () => {
    const plain = lenet({ channels: 1, height: 8, width: 8 }, 3).init(new Random(0));
    expect(() => pathsOf(plain, "norm")).toThrow(
      "--train norm: expected a network with norm layers, found one without",
    );
    for (const text of ["lora:0", "lora", "body", "norm,head"]) {
      expect(() => parseChoice(text)).toThrow("--train: expected norm, bias, head, all or lora:R");
    }
    expect(parseChoice("lora:12")).toEqual({ rank: 12 });
  });
});

describe("folding", () => {
  it.each<[NetworkName, number[]]>([
    ["mlp", [6, 7]],
    ["mlp", [6, 1, 4, 4]],
    ["lenet", [6, 1, 8, 8]],
    ["resnet8", [6, 3, 8, 8]],
  ])("%s on %j computes the same without norms", async (name, shape) => {
    const data = dataset(shape);
    const options = { name, hidden: [5, 4] };
    const params = shaken(normNetwork(data, options));
    const folded = foldNorms(params);
    expect(flattenTree(folded as Tree<HostTensor>).filter(([path]) => path.includes("running"))).toEqual([]);
    const model = normNetwork(data, { ...options, folded: true });
    expect(Object.keys(Object.fromEntries(flattenTree(folded as Tree<HostTensor>)))).toEqual(
      Object.keys(Object.fromEntries(flattenTree(model.init(new Random(0)) as Tree<HostTensor>))),
    );
    expect(await outputs(model, folded, data.inputs)).toBeAllclose(
      await outputs(normNetwork(data, options), params, data.inputs),
      { rtol: 1e-4, atol: 1e-5 },
    );
  });

  it("the residual network is that of nn, path by path", async () => {
    const data = dataset([2, 3, 8, 8]);
    const [own, theirs] = [normNetwork(data, { name: "resnet8", hidden: [] }), resnet8({ channels: 3 }, 3)];
    const params = shaken(theirs);
    expect(flattenTree(own.init(new Random(5)) as Tree<HostTensor>)).toEqual(
      flattenTree(theirs.init(new Random(5)) as Tree<HostTensor>),
    );
    expect(await outputs(own, params, data.inputs)).toBeAllclose(await outputs(theirs, params, data.inputs));
  });
});

describe("low-rank additions", () => {
  it("start as nothing, and merge into the weights", async () => {
    const data = dataset([5, 1, 8, 8]);
    const model = normNetwork(data, { name: "lenet", hidden: [] });
    const base = shaken(model);
    const low = withAdditions(model, { rank: 3 });
    const params = low.from(base, new Random(3));
    const { additions } = params as unknown as AdditionParams;
    const before = await outputs(low, params, data.inputs);
    expect(before).toBeAllclose(await outputs(model, base, data.inputs));
    const random = new Random(4, "up");
    for (const { up } of additions) for (let i = 0; i < up.data.length; i++) up.data[i] = random.normal(0, 0.2);
    const after = await outputs(low, params, data.inputs);
    expect(after).not.toBeAllclose(before, { atol: 1e-3 });
    const merged = low.merge(params);
    expect(await outputs(model, merged, data.inputs)).toBeAllclose(after, { rtol: 1e-4, atol: 1e-5 });
    // As a difference, put into the base.
    const difference = differenceOfAdditions({ base, additions }, low.paths);
    expect(hashParameters(applyDifference(base, difference))).toBe(hashParameters(merged));
  });
});

describe("differences", () => {
  const model = normNetwork(dataset([4, 6]), { name: "mlp", hidden: [5] });
  const base = model.init(new Random(0));

  it("hold what was trained and the statistics, swap in any order, and leave the base as it was", () => {
    const own = hashParameters(base);
    const one = shaken(model);
    const norm = differenceOf(one, pathsOf(base, "norm"));
    expect(Object.keys(norm).sort()).toEqual([
      "0.runningDeviation",
      "0.runningMean",
      "2.bias",
      "2.runningMean",
      "2.runningVariance",
      "2.weight",
    ]);
    const head = differenceOf(one, pathsOf(base, "head"));
    const first = hashParameters(applyDifference(base, norm));
    applyDifference(base, head);
    expect(hashParameters(applyDifference(base, norm))).toBe(first);
    expect(hashParameters(base)).toBe(own);
    const leaves = Object.fromEntries(flattenTree(applyDifference(base, head) as Tree<HostTensor>));
    const theirs = Object.fromEntries(flattenTree(one as Tree<HostTensor>));
    expect(leaves["4.weight"]).toEqual(theirs["4.weight"]);
    expect(leaves["1.weight"]).toEqual(Object.fromEntries(flattenTree(base as Tree<HostTensor>))["1.weight"]);
  });

  it("refuse another network's", () => {
    expect(() => applyDifference(base, { "9.weight": hostTensor(new Float32Array(5), [5]) })).toThrow(
      "difference at 9.weight: expected a parameter of the network, found none there",
    );
    expect(() => applyDifference(base, { "2.weight": hostTensor(new Float32Array(6), [6]) })).toThrow(
      "difference at 2.weight: expected shape [5], as the network has it, found [6]",
    );
  });
});
