import { expect, test } from "vitest";
import { flattenTree, type HostTensor, hostTensor, mapTree, Random, type Tree } from "../../src/core/index.ts";
import { compile, constant, type Tensor, type Tensors, valueAndGrad } from "../../src/engine/index.ts";
import {
  addLora,
  causalLanguageModel,
  freezeRest,
  gpt2Config,
  isLora,
  type LanguageModelParams,
  Mode,
} from "../../src/nn/index.ts";
import { accumulate, adamW, sgd } from "../../src/optim/index.ts";
import {
  compileTrainStep,
  completionLoss,
  fit,
  initialState,
  packedModel,
  packTexts,
  type TextExample,
} from "../../src/train/index.ts";

const config = gpt2Config({ vocabSize: 12, contextLength: 16, dim: 8, numLayers: 2, numHeads: 2 });
const model = causalLanguageModel(config);
const params = model.init(new Random(3, "init"));
const source = { name: "texts", sha256: "none" };

const examples: TextExample[] = [
  { prompt: [1, 2, 3], completion: [4, 0] },
  { prompt: [5], completion: [6, 7, 0] },
  { prompt: [8, 9, 10, 11, 1, 2], completion: [3, 0] },
  { prompt: [2, 2], completion: [0] },
];

const range = (length: number) => Array.from({ length }, (_, i) => i);
const asTree = (value: LanguageModelParams) => value as unknown as Tree<HostTensor>;

/** The mean loss of packed texts. */
async function lossOf(texts: readonly TextExample[], seq?: number): Promise<number> {
  const packed = packTexts(texts, { ...source, ...(seq !== undefined && { seq }) });
  const layer = packedModel(model, packed);
  const run = compile((inputs: Tensor, targets: Tensor) => {
    const fixed = mapTree(asTree(params), (leaf) => constant(leaf)) as never;
    return completionLoss(layer.apply(fixed, inputs, new Mode(false)), targets);
  });
  const { inputs, targets } = packed.dataset;
  const loss = (await run(inputs, targets)).data[0] ?? Number.NaN;
  await run.dispose();
  return loss;
}

test("packed texts have the loss that each has alone", async () => {
  const alone = await Promise.all(examples.map((example) => lossOf([example])));
  const tokens = examples.map(({ completion }) => completion.length);
  const mean = alone.reduce((sum, loss, i) => sum + loss * (tokens[i] ?? 0), 0) / tokens.reduce((a, b) => a + b);
  expect(await lossOf(examples)).toBeCloseTo(mean, 5);
  expect(await lossOf(examples, 15)).toBeCloseTo(mean, 5);
});

test("rows are filled, every text is in one of them, and what is read lies in completions", () => {
  const random = new Random(1);
  const many = Array.from({ length: 60 }, (): TextExample => {
    const length = 1 + random.integer(9);
    return { prompt: Array.from({ length }, () => 1 + random.integer(11)), completion: [1 + random.integer(11), 0] };
  });
  const { seq, reads, filled, dataset } = packTexts(many, { ...source, seq: 20 });
  expect(filled).toBeGreaterThan(0.9);
  const rows = dataset.inputs.shape[0] ?? 0;
  const found: string[] = [];
  for (let row = 0; row < rows; row++) {
    const input = dataset.inputs.data.subarray(row * (3 * seq + reads), (row + 1) * (3 * seq + reads));
    const target = dataset.targets.data.subarray(row * 2 * reads, (row + 1) * 2 * reads);
    for (let read = 0; read < reads; read += 2) {
      if (target[reads + read] !== 1) continue;
      const end = input[3 * seq + read] ?? 0;
      const start = end - (input[seq + end] ?? 0);
      found.push([...input.subarray(start, end + 1), target[read], target[read + 1]].join());
    }
  }
  expect(found.sort()).toEqual(many.map(({ prompt, completion }) => [...prompt, ...completion].join()).sort());
});

test("hundreds of thousands of texts are packed, each row as full as the texts allow", () => {
  const many = range(200_000).map((i): TextExample => ({ prompt: range(1 + (i % 7)), completion: [0] }));
  const { filled, dataset } = packTexts(many, { ...source, seq: 14 });
  expect(filled).toBeGreaterThan(0.999);
  expect(dataset.inputs.shape[0]).toBeLessThan((200_000 * 4) / 14 + 10);
});

test("gradients at a few places are those of all places with weights on the few", async () => {
  const long = [0, 1].map((i) => ({ prompt: [1, 2, 3, 4, 5, 6, 7 + i], completion: [8 + i, 0] }));
  const few = packTexts(long, source);
  expect(few.reads * 2).toBeLessThan(few.seq);
  const { seq } = few;
  const rows = long.map(({ prompt, completion }) => [...prompt, ...completion]);
  const ints = (values: number[][]) => hostTensor(Int32Array.from(values.flat()), [values.length, values[0]!.length]);
  const all = {
    inputs: ints(rows.map((row) => row.slice(0, -1).concat(range(seq), range(seq).fill(0), range(seq)))),
    targets: ints(rows.map((row) => row.slice(1).concat(range(seq).map((i) => Number(i >= seq - few.reads))))),
  };
  const gradientOf = async (reads: number, { inputs, targets }: { inputs: HostTensor; targets: HostTensor }) => {
    const layer = packedModel(model, { seq, reads });
    const run = compile((own: Tensors, i: Tensor, t: Tensor) =>
      valueAndGrad((p) => completionLoss(layer.apply(p as never, i, new Mode(false)), t))(own),
    ) as unknown as (own: Tree<HostTensor>, ...data: HostTensor[]) => Promise<{ gradient: Tree<HostTensor> }>;
    const { gradient } = await run(asTree(params), inputs, targets);
    return flattenTree(gradient).flatMap(([, leaf]) => Array.from(leaf.data));
  };
  const whole = await gradientOf(seq, all);
  expect(Math.max(...whole.map(Math.abs))).toBeGreaterThan(0.01);
  expect(await gradientOf(few.reads, few.dataset)).toBeAllclose(whole, { rtol: 1e-3, atol: 1e-5 });
});

test("a text that is too long is named", () => {
  expect(() => packTexts(examples, { ...source, seq: 5 })).toThrow(
    "texts: expected texts of at most 6 tokens, found text 3 of 8",
  );
  expect(() => packTexts([], source)).toThrow("texts: expected texts of at most");
});

test("tokens of the prompt are not learned: another target there changes nothing, a token of it does", async () => {
  const change = (prompt: number[]): TextExample[] => [{ prompt, completion: [4, 0] }];
  expect(packTexts(change([1, 2, 3]), source).dataset.targets).toEqual(
    packTexts(change([9, 8, 7]), source).dataset.targets,
  );
  expect(await lossOf(change([1, 2, 3]))).not.toBe(await lossOf(change([9, 2, 3])));
});

test("gradients of low-rank additions are those of finite differences", async () => {
  const adapted = causalLanguageModel(config, { scale: 2 });
  const start = addLora(params, { rank: 2, targets: (path) => /\.(qkv|down)$/.test(path) }, new Random(1));
  const random = new Random(2);
  const filled = mapTree(asTree(start), (leaf, path) => {
    const data = Float64Array.from(leaf.data, (value) => (path.endsWith("lora.up") ? random.normal(0, 0.3) : value));
    return hostTensor(data, leaf.shape);
  });
  const packed = packTexts(examples, source);
  const frozen = freezeRest(packedModel(adapted, packed), filled as unknown as LanguageModelParams, isLora);
  const { inputs, targets } = packed.dataset;
  const run = compile((own: Record<string, Tensor>, i: Tensor, t: Tensor) =>
    valueAndGrad((leaves: Record<string, Tensor>) =>
      completionLoss(frozen.layer.apply(leaves as never, i, new Mode(false)), t),
    )(own),
  );
  const { gradient } = await run(frozen.trained, inputs, targets);
  const epsilon = 1e-5;
  for (const [path, leaf] of Object.entries(frozen.trained)) {
    for (const place of [0, leaf.data.length - 1]) {
      const moved = async (by: number) => {
        const data = leaf.data.slice();
        data[place] = (data[place] ?? 0) + by;
        const { value } = await run({ ...frozen.trained, [path]: { ...leaf, data } }, inputs, targets);
        return value.data[0] ?? Number.NaN;
      };
      const slope = ((await moved(epsilon)) - (await moved(-epsilon))) / (2 * epsilon);
      expect(gradient[path]?.data[place]).toBeCloseTo(slope, 7);
    }
  }
  await run.dispose();
});

test("training additions lowers the loss and leaves the frozen weights' bytes as they were", async () => {
  const adapted = addLora(params, { rank: 4, targets: (path) => path.startsWith("blocks.") }, new Random(1));
  const before = JSON.stringify(flattenTree(asTree(params)).map(([, leaf]) => Array.from(leaf.data)));
  const packed = packTexts(examples, source);
  const frozen = freezeRest(packedModel(model, packed), adapted, isLora);
  const losses: number[] = [];
  let trained = frozen.trained;
  const options = { loss: completionLoss, optimizer: adamW(), epochs: 60, batchSize: 2, learningRate: 0.02 };
  for await (const event of fit({ ...options, model: frozen.layer, data: packed.dataset, params: frozen.trained })) {
    if (event.type === "epoch") losses.push(event.loss);
    if (event.type === "end") trained = event.params as typeof trained;
  }
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) - 0.1);
  const whole = frozen.restore(trained);
  const base = flattenTree(asTree(whole)).filter(([path]) => !isLora(path));
  expect(JSON.stringify(base.map(([, leaf]) => Array.from(leaf.data)))).toBe(before);
  expect(
    flattenTree(asTree(whole)).some(([path, leaf]) => path.endsWith("lora.up") && leaf.data.some((v) => v !== 0)),
  ).toBe(true);
  expect(() => freezeRest(packedModel(model, packed), params, isLora)).toThrow(
    "expected parameters to train, found none",
  );
});

test("a batch in parts moves the parameters as the whole batch does", async () => {
  // Two texts of equal length, so that the parts weigh the same.
  const pair = [examples[0], { prompt: [9, 8, 7], completion: [1, 0] }] as TextExample[];
  const rowsOf = (texts: TextExample[]) => packTexts(texts, { ...source, seq: 4 }).dataset;
  const packed = packTexts(pair, { ...source, seq: 4 });
  const layer = packedModel(model, packed);
  const train = async (parts: number) => {
    const options = { model: layer, loss: completionLoss, optimizer: accumulate(sgd({ momentum: 0.9 }), parts) };
    const step = compileTrainStep(options, initialState(options, params));
    const batches = parts === 1 ? [rowsOf(pair)] : pair.map((text) => rowsOf([text]));
    for (let round = 0; round < 3; round++) {
      for (const [i, { inputs, targets }] of batches.entries()) {
        await step.run({ inputs, targets }, { learningRate: 0.1, step: round * parts + i, seed: 0 });
      }
    }
    const { params: after } = step.state();
    await step.dispose();
    return flattenTree(after).flatMap(([, leaf]) => Array.from(leaf.data));
  };
  const whole = await train(1);
  expect(whole).not.toEqual(flattenTree(asTree(params)).flatMap(([, leaf]) => Array.from(leaf.data)));
  expect(await train(2)).toBeAllclose(whole, { rtol: 1e-3, atol: 2e-5 });
});
