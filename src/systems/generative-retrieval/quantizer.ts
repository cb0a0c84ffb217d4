/** From contents to codes: the paper's RQ-VAE, and what it is compared with. @module */

import { flattenTree, type HostTensor, hostTensor, Random, type Tree, unflattenTree } from "../../core/index.ts";
import type { Rows } from "../../linalg/index.ts";
import { ResidualCoder, stackCodebooks, unstackCodebooks } from "./residual-quantization.ts";
import { fitRqVae, LatentEncoder, type RqVaeOptions, type RqVaeReport, type RqVaeWork, rqVae } from "./rq-vae.ts";

/** The ways to make IDs. */
export const quantizerKinds = ["rq-vae", "rq-kmeans", "lsh", "random"] as const;
export type QuantizerKind = (typeof quantizerKinds)[number];

/** A fitted quantiser: frozen, so that later items get codes as the first did. */
export interface Quantizer {
  readonly kind: QuantizerKind;
  readonly seed: number;
  readonly options: RqVaeOptions;
  /** What it learned, by name. */
  readonly tensors: Readonly<Record<string, HostTensor>>;
  readonly report?: RqVaeReport | undefined;
}

const kMeansIterations = 20;

/** The mean of each column, and one scale for all, so that the content has mean 0 and variance 1 on average. */
function fitScaling({ data, count, dim }: Rows): { mean: HostTensor; scale: HostTensor } {
  const mean = new Float64Array(dim);
  for (let i = 0; i < data.length; i++) mean[i % dim] += data[i] / count;
  let variance = 0;
  for (let i = 0; i < data.length; i++) variance += (data[i] - mean[i % dim]) ** 2 / data.length;
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 1;
  return { mean: hostTensor(Float32Array.from(mean), [dim]), scale: hostTensor(Float32Array.of(scale), [1]) };
}

function standardise(content: Rows, { mean, scale }: Readonly<Record<string, HostTensor>>): Rows {
  const data = content.data.map((value, i) => (value - mean.data[i % content.dim]) * scale.data[0]);
  return { ...content, data };
}

/** Fits a quantiser to contents. */
export async function fitQuantizer(
  kind: QuantizerKind,
  content: Rows,
  options: RqVaeOptions,
  seed: number,
  work: RqVaeWork = {},
): Promise<Quantizer> {
  const scaling = fitScaling(content);
  const made = { kind, seed, options };
  const random = new Random(seed, "recommend", kind);
  switch (kind) {
    case "rq-vae": {
      const { params, report } = await fitRqVae(standardise(content, scaling), options, seed, work);
      const tensors = Object.fromEntries(flattenTree(params as unknown as Tree<HostTensor>));
      return { ...made, tensors: { ...scaling, ...tensors }, report };
    }
    case "rq-kmeans": {
      const coder = new ResidualCoder();
      const rows = standardise(content, scaling);
      const { levels, codebookSize } = options;
      const codebooks = await coder.fitCodebooks(rows, levels, codebookSize, kMeansIterations, random);
      await coder.dispose();
      return { ...made, tensors: { ...scaling, codebooks: stackCodebooks(codebooks) } };
    }
    case "lsh": {
      const planes = options.levels * Math.log2(options.codebookSize);
      const data = Float32Array.from({ length: planes * content.dim }, () => random.normal());
      return { ...made, tensors: { ...scaling, planes: hostTensor(data, [planes, content.dim]) } };
    }
    case "random":
      return { ...made, tensors: {} };
  }
}

/**
 * Codes of items, by a fitted quantiser: int32[items, levels].
 *
 * @param content - of the items
 * @param ids - of the items: random codes follow from them, and from nothing else
 */
export async function quantize(quantizer: Quantizer, content: Rows, ids: readonly string[]): Promise<Int32Array> {
  const { kind, tensors, options, seed } = quantizer;
  const { levels, codebookSize } = options;
  switch (kind) {
    case "random":
      return Int32Array.from(
        ids.flatMap((id) => {
          const random = new Random(seed, "recommend", "random-id", id);
          return Array.from({ length: levels }, () => random.integer(codebookSize));
        }),
      );
    case "lsh":
      return signCodes(standardise(content, tensors), tensors.planes, options);
    case "rq-kmeans":
      return encodeResiduals(standardise(content, tensors), tensors.codebooks);
    case "rq-vae": {
      const like = rqVae(content.dim, options).init(new Random(0));
      const leaves = flattenTree(like as unknown as Tree<HostTensor>).map(([path]) => tensors[path]);
      const params = unflattenTree(like as unknown as Tree<HostTensor>, leaves) as unknown as typeof like;
      const encoder = new LatentEncoder(content.dim, options);
      const latent = await encoder.latent(params, standardise(content, tensors));
      await encoder.dispose();
      return encodeResiduals(latent, params.codebooks);
    }
  }
}

async function encodeResiduals(rows: Rows, codebooks: HostTensor): Promise<Int32Array> {
  const coder = new ResidualCoder();
  const { codes } = await coder.encode(rows, unstackCodebooks(codebooks));
  await coder.dispose();
  return codes;
}

/** A bit a plane: on which side of it the content lies. */
function signCodes({ data, count, dim }: Rows, planes: HostTensor, { levels, codebookSize }: RqVaeOptions): Int32Array {
  const bits = Math.log2(codebookSize);
  return Int32Array.from({ length: count * levels }, (_, i) => {
    const [item, level] = [Math.floor(i / levels), i % levels];
    let code = 0;
    for (let bit = 0; bit < bits; bit++) {
      let side = 0;
      const plane = (level * bits + bit) * dim;
      for (let j = 0; j < dim; j++) side += data[item * dim + j] * planes.data[plane + j];
      code = 2 * code + Number(side > 0);
    }
    return code;
  });
}
