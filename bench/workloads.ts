/** The four training steps that the engine is measured on, defined as in the PyTorch peer. */
import { type HostTensor, hostTensor, type Random, sizeOf } from "../src/core/index.ts";
import { add, relu as reluOf, slice, type Tensor } from "../src/engine/index.ts";
import {
  type AnyLayer,
  batchNorm,
  conv2d,
  crossEntropy,
  embedding,
  globalAveragePool2d,
  type Layer,
  layerNorm,
  lenet,
  linear,
  mlp,
  sequential,
  transformerBlock,
} from "../src/nn/index.ts";
import { adamW, type Optimizer, sgd } from "../src/optim/index.ts";

export interface Workload {
  readonly name: string;
  readonly model: Layer;
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  /** A batch of random inputs and labels. */
  batch(random: Random): { inputs: HostTensor; targets: HostTensor };
}

const floats = (random: Random, shape: number[]) =>
  hostTensor(
    Float32Array.from({ length: sizeOf(shape) }, () => random.uniform()),
    shape,
  );
const integers = (random: Random, below: number, shape: number[]) =>
  hostTensor(
    Int32Array.from({ length: sizeOf(shape) }, () => random.integer(below)),
    shape,
  );

/** Decoder-only, norm first, causal, learned positions, untied head. */
function decoder({
  vocabSize = 1024,
  dim = 128,
  numLayers = 4,
  numHeads = 4,
  hiddenDim = 512,
  seqLen = 64,
} = {}): Layer {
  const tokens = embedding(vocabSize, dim);
  const positions = embedding(seqLen, dim);
  const blocks = Array.from({ length: numLayers }, () => transformerBlock({ dim, numHeads, hiddenDim, causal: true }));
  const norm = layerNorm(dim);
  const head = linear(dim, vocabSize);
  return {
    init: (random) =>
      ({
        tokens: tokens.init(random),
        positions: positions.init(random),
        blocks: blocks.map((block) => block.init(random)),
        norm: norm.init(random),
        head: head.init(random),
      }) as never,
    apply(tree, ids, mode) {
      const params = tree as never as Record<string, never>;
      const where = (params.positions as { weight: Tensor }).weight;
      const embedded = add(tokens.apply(params.tokens!, ids, mode), slice(where, [[0, ids.shape[1]!]]));
      const x = blocks.reduce((y, block, i) => block.apply((params.blocks as never[])[i]!, { x: y }, mode), embedded);
      return head.apply(params.head!, norm.apply(params.norm!, x, mode), mode);
    },
  };
}

function residual(channels: number): Layer {
  const convolution = () => conv2d(channels, channels, 3, { padding: 1, bias: false });
  const [c1, c2, b1, b2] = [convolution(), convolution(), batchNorm(channels), batchNorm(channels)];
  return {
    init: (random) => ({ c1: c1.init(random), c2: c2.init(random), b1: b1.init(random), b2: b2.init(random) }) as never,
    apply(tree, x, mode) {
      const p = tree as never as Record<string, never>;
      const inner = reluOf(b1.apply(p.b1!, c1.apply(p.c1!, x, mode), mode));
      return reluOf(add(x, b2.apply(p.b2!, c2.apply(p.c2!, inner, mode), mode)));
    },
  };
}

const layers = (...list: AnyLayer[]) => sequential(list);

export const workloads: readonly Workload[] = [
  {
    name: "mlp",
    model: mlp(784, [512, 512], 10),
    optimizer: adamW(),
    learningRate: 1e-3,
    batch: (random) => ({ inputs: floats(random, [128, 784]), targets: integers(random, 10, [128]) }),
  },
  {
    name: "transformer",
    model: decoder(),
    optimizer: adamW(),
    learningRate: 1e-3,
    batch: (random) => ({ inputs: integers(random, 1024, [32, 64]), targets: integers(random, 1024, [32, 64]) }),
  },
  {
    name: "lenet",
    model: lenet({ channels: 1, height: 28, width: 28 }, 10),
    optimizer: sgd({ momentum: 0.9 }),
    learningRate: 0.1,
    batch: (random) => ({ inputs: floats(random, [128, 1, 28, 28]), targets: integers(random, 10, [128]) }),
  },
  {
    name: "resnet",
    model: layers(
      conv2d(3, 32, 3, { padding: 1, bias: false }),
      ...Array.from({ length: 6 }, () => residual(32)),
      globalAveragePool2d(),
      linear(32, 10),
    ),
    optimizer: sgd({ momentum: 0.9 }),
    learningRate: 0.1,
    batch: (random) => ({ inputs: floats(random, [32, 3, 32, 32]), targets: integers(random, 10, [32]) }),
  },
];

/** The loss of every workload. */
export const loss = (logits: Tensor, labels: Tensor): Tensor => crossEntropy(logits, labels);
