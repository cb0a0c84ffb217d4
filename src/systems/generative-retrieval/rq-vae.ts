/** The residual-quantised variational autoencoder that turns contents into codes. @module */

import { type HostTensor, hostTensor, Random, type Tree } from "../../core/index.ts";
import {
  add,
  compile,
  mean,
  mul,
  relu,
  reshape,
  slice,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  take,
} from "../../engine/index.ts";
import { type Rows, rowOf, rowsTensor, takeRows } from "../../linalg/index.ts";
import { type Layer, type LinearParams, linear, Mode, type Traced } from "../../nn/index.ts";
import { adamW } from "../../optim/index.ts";
import { compileTrainStep, gatherRows, initialState, type TrainState } from "../../train/index.ts";
import { nearest, ResidualCoder, stackCodebooks, unstackCodebooks } from "./residual-quantization.ts";

/** Sizes and training of an `RqVae`. */
export interface RqVaeOptions {
  /** Widths between the content and the latent vector; the decoder mirrors them. */
  readonly hiddenDims: readonly number[];
  readonly latentDim: number;
  readonly levels: number;
  readonly codebookSize: number;
  /** Weight of the encoder's part of the quantisation loss, the paper's beta. */
  readonly commitmentWeight: number;
  readonly learningRate: number;
  /** Items a step, at most an eighth of the catalogue. */
  readonly batchSize: number;
  readonly epochs: number;
}

/** The paper's sizes, and the training that does not collapse. */
export const rqVaeDefaults: RqVaeOptions = {
  hiddenDims: [512, 256, 128],
  latentDim: 32,
  levels: 3,
  codebookSize: 256,
  commitmentWeight: 0.25,
  learningRate: 1e-3,
  batchSize: 1024,
  epochs: 60,
};

/** Parameters: linear layers with ReLU between, and code vectors float32 [levels, size, latentDim]. */
export interface RqVaeParams {
  readonly encoder: readonly LinearParams[];
  readonly decoder: readonly LinearParams[];
  readonly codebooks: HostTensor;
}

const widthsOf = (dim: number, { hiddenDims, latentDim }: RqVaeOptions) => [dim, ...hiddenDims, latentDim];

function layersOf(widths: readonly number[]): Layer<LinearParams>[] {
  return widths.slice(1).map((width, i) => linear(widths[i], width));
}

function applyLayers(
  layers: readonly Layer<LinearParams>[],
  params: readonly Traced<LinearParams>[],
  x: Tensor,
  mode: Mode,
): Tensor {
  return layers.reduce((h, layer, i) => {
    const y = layer.apply(params[i], h, mode);
    return i + 1 < layers.length ? relu(y) : y;
  }, x);
}

/** ‖x‖² of each row, averaged over rows. */
const meanSquaredNorm = (x: Tensor) => mean(sum(square(x), -1));

/**
 * The RQ-VAE as a layer: [batch, dim] to its reconstruction, with the quantisation loss as a penalty.
 *
 * @remarks Source: Rajput et al. (2023), section 3.1: ‖x - x̂‖² + Σ ‖sg[r] - e‖² + beta ‖r - sg[e]‖², straight through.
 */
export function rqVae(dim: number, options: RqVaeOptions): Layer<RqVaeParams> {
  const widths = widthsOf(dim, options);
  const encoder = layersOf(widths);
  const decoder = layersOf([...widths].reverse());
  const { levels, codebookSize, latentDim, commitmentWeight } = options;
  return {
    init: (random) => ({
      encoder: encoder.map((layer) => layer.init(random)),
      decoder: decoder.map((layer) => layer.init(random)),
      codebooks: hostTensor(new Float32Array(levels * codebookSize * latentDim), [levels, codebookSize, latentDim]),
    }),
    apply(params, x, mode) {
      const latent = applyLayers(encoder, params.encoder as readonly Traced<LinearParams>[], x, mode);
      let residual = latent;
      let quantised: Tensor | undefined;
      for (let level = 0; level < levels; level++) {
        const codebook = reshape(slice(params.codebooks, [[level, level + 1]]), [codebookSize, latentDim]);
        const code = take(codebook, nearest(stopGradient(residual), stopGradient(codebook)));
        mode.penalize(meanSquaredNorm(sub(stopGradient(residual), code)));
        mode.penalize(mul(meanSquaredNorm(sub(residual, stopGradient(code))), commitmentWeight));
        residual = sub(residual, stopGradient(code));
        quantised = quantised ? add(quantised, code) : code;
      }
      const through = quantised ? add(latent, stopGradient(sub(quantised, latent))) : latent;
      return applyLayers(decoder, params.decoder as readonly Traced<LinearParams>[], through, mode);
    },
  };
}

/** Steps an epoch at least: small catalogues are cut into smaller batches. */
const fewestSteps = 8;

/** What training an RQ-VAE came to. */
export interface RqVaeReport {
  /** ‖x - x̂‖² over ‖x‖² at the end: 1 is the mean's. */
  readonly reconstruction: number;
  /** Codes that nothing was nearest to and that were moved, over all epochs. */
  readonly resets: number;
}

/** How far training is, and what stops it. */
export interface RqVaeWork {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((fraction: number) => void) | undefined;
}

/**
 * Trains an RQ-VAE: code vectors start as the k-means of the latent vectors, and those that no item is nearest to after an epoch move
 * onto a random item's residual, in the first three quarters of the epochs.
 *
 * @param content - standardised
 */
export async function fitRqVae(
  content: Rows,
  options: RqVaeOptions,
  seed: number,
  work: RqVaeWork = {},
): Promise<{ params: RqVaeParams; report: RqVaeReport }> {
  const random = new Random(seed, "recommend", "rq-vae");
  const layer = rqVae(content.dim, options);
  const coder = new ResidualCoder();
  const encode = new LatentEncoder(content.dim, options);
  const fresh = layer.init(random);
  const first = takeRows(content, random.permutation(content.count).subarray(0, Math.max(options.batchSize, 4096)));
  const latent = await encode.latent(fresh, first);
  const started = await coder.fitCodebooks(latent, options.levels, options.codebookSize, 10, random);
  const stepOptions = {
    model: layer,
    loss: (output: Tensor, targets: Tensor) => meanSquaredNorm(sub(output, targets)),
    optimizer: adamW({ weightDecay: 0.01 }),
  };
  const step = compileTrainStep(
    stepOptions,
    initialState(stepOptions, { ...fresh, codebooks: stackCodebooks(started) }),
  );
  const batch = Math.max(1, Math.min(options.batchSize, Math.floor(content.count / fewestSteps)));
  const perEpoch = Math.max(1, Math.floor(content.count / batch));
  const whole = rowsTensor(content);
  let resets = 0;
  try {
    for (let epoch = 0; epoch < options.epochs; epoch++) {
      const order = random.permutation(content.count);
      for (let position = 0; position < perEpoch; position++) {
        work.signal?.throwIfAborted();
        const inputs = gatherRows(whole, order.subarray(position * batch, (position + 1) * batch));
        const count = epoch * perEpoch + position;
        await step.run({ inputs, targets: inputs }, { learningRate: options.learningRate, step: count, seed });
      }
      if (epoch < 0.75 * options.epochs) {
        const { state, moved } = await resetDeadCodes(step.state(), content, encode, coder, random);
        if (moved > 0) await step.load(state);
        resets += moved;
      }
      work.progress?.((epoch + 1) / options.epochs);
    }
    const params = step.state().params as unknown as RqVaeParams;
    return { params, report: { reconstruction: await reconstructionOf(layer, params, content), resets } };
  } finally {
    await step.dispose();
    await coder.dispose();
    await encode.dispose();
  }
}

/** Latent vectors of contents. */
export class LatentEncoder {
  readonly #encode;

  constructor(dim: number, options: RqVaeOptions) {
    const layers = layersOf(widthsOf(dim, options));
    this.#encode = compile((params: readonly Traced<LinearParams>[], x: Tensor) =>
      applyLayers(layers, params, x, new Mode(false)),
    );
  }

  async latent({ encoder }: RqVaeParams, content: Rows): Promise<Rows> {
    const latent = await this.#encode(encoder as never, rowsTensor(content));
    return { data: latent.data as Float32Array, count: content.count, dim: latent.shape[1] };
  }

  dispose(): Promise<void> {
    return this.#encode.dispose();
  }
}

async function resetDeadCodes(
  state: TrainState,
  content: Rows,
  encode: LatentEncoder,
  coder: ResidualCoder,
  random: Random,
): Promise<{ state: TrainState; moved: number }> {
  const params = state.params as unknown as RqVaeParams;
  const codebooks = unstackCodebooks(params.codebooks);
  let residual = await encode.latent(params, content);
  let moved = 0;
  for (const codebook of codebooks) {
    const { codes, residual: left } = await coder.encode(residual, [codebook]);
    const used = new Uint8Array(codebook.count);
    for (const code of codes) used[code] = 1;
    for (let code = 0; code < codebook.count; code++) {
      if (used[code]) continue;
      rowOf(codebook, code).set(rowOf(residual, random.integer(residual.count)));
      moved++;
    }
    residual = left;
  }
  return { state: { ...state, params: params as unknown as Tree<HostTensor> }, moved };
}

async function reconstructionOf(layer: Layer<RqVaeParams>, params: RqVaeParams, content: Rows): Promise<number> {
  const error = compile((p: Traced<RqVaeParams>, x: Tensor) => {
    return [meanSquaredNorm(sub(layer.apply(p, x, new Mode(false)), x)), meanSquaredNorm(x)];
  });
  const [of, total] = await error(params as never, rowsTensor(content));
  await error.dispose();
  return of.data[0] / total.data[0];
}
