/** A trained paper model, loaded for decoding: keys and values of the history once, then a code at a time for all beams. @module */
import { assert, type HostTensor, hostTensor } from "../../core/index.ts";
import { logSoftmax, type OnnxModel, openOnnx, reshape, type Tensor, toOnnx } from "../../engine/index.ts";
import { Mode, type Traced } from "../../nn/index.ts";
import type { DecoderGraphs } from "./compact-decoder.ts";
import type { BeamRows, DecoderRuntime, Decoding, LevelDecoder } from "./level-decoder.ts";
import { type PaperOptions, type PaperParams, paperModel, tokenCount, writeTokens } from "./paper-model.ts";

/** Names of one layer's tensors. */
const memoryNames = (layer: number) => [`memoryKey${layer}`, `memoryValue${layer}`];
const cacheNames = (layer: number) => [`cacheKey${layer}`, `cacheValue${layer}`];

/**
 * A paper model as two graphs of any batch.
 *
 * - encoder: `history` int32 [rows, 1 + length · levels] to `bias` and, a layer, `memoryKey` and `memoryValue` float32 [rows, heads, tokens, headDim]
 * - decoder: those, `code` int32 [rows, beams] (a row of the token table), `level` int32 scalar and, a layer, `cacheKey` and `cacheValue`
 *   float32 [rows, beams, heads, levels, headDim] to `logProbabilities` float32 [rows, beams, codebookSize] and the next caches
 *
 * @param beams - rows of the same history
 */
export function paperGraphs(params: PaperParams, options: PaperOptions, beams: number): DecoderGraphs {
  const { levels, dim, numLayers, numHeads, headDim, codebookSize } = options;
  const model = paperModel(options);
  type P = Traced<PaperParams>;
  const layers = Array.from({ length: numLayers }, (_, layer) => layer);
  const encode = (p: P, history: Tensor) => {
    const { memory, bias } = model.encode(p, history, new Mode(false));
    const projected = model.blocks.flatMap((block, i) => {
      const { key, value } = block.project(p.decoder[i] as never, memory);
      return [key, value];
    });
    return [bias, ...projected];
  };
  const step = (p: P, code: Tensor, level: Tensor, bias: Tensor, ...tensors: Tensor[]) => {
    const [rows] = code.shape;
    const caches: Tensor[] = [];
    let x = reshape(model.embed(p, code, level), [rows * beams, 1, dim]);
    for (const [i, block] of model.blocks.entries()) {
      const [key, value] = tensors.slice(2 * i, 2 * i + 2);
      const [cacheKey, cacheValue] = tensors.slice(2 * (numLayers + i), 2 * (numLayers + i) + 2);
      const flat = (cache: Tensor) => reshape(cache, [rows * beams, numHeads, levels, headDim]);
      const cache = { key: flat(cacheKey), value: flat(cacheValue) };
      const memory = { key, value };
      const read = block.step(p.decoder[i] as never, { x, cache, position: level, memory, memoryBias: bias });
      x = read.y;
      for (const next of [read.cache.key, read.cache.value]) caches.push(reshape(next, cacheKey.shape));
    }
    const logits = model.logits(p, reshape(x, [rows * beams, dim]), level, new Mode(false));
    return [reshape(logSoftmax(logits), [rows, beams, codebookSize]), ...caches];
  };
  const tokens = tokenCount(options);
  const signature = (shape: readonly number[], dtype: "int32" | "float32" = "float32") => ({ shape, dtype });
  const memories = layers.flatMap(() => [0, 1].map(() => signature([1, numHeads, tokens, headDim])));
  const caches = layers.flatMap(() => [0, 1].map(() => signature([1, beams, numHeads, levels, headDim])));
  return {
    encoder: toOnnx(encode, params as never, [signature([1, tokens], "int32")], {
      inputNames: ["history"],
      outputNames: ["bias", ...layers.flatMap(memoryNames)],
    }),
    decoder: toOnnx(
      step as never,
      params as never,
      [signature([1, beams], "int32"), signature([], "int32"), signature([1, 1, 1, tokens]), ...memories, ...caches],
      {
        inputNames: ["code", "level", "bias", ...layers.flatMap(memoryNames), ...layers.flatMap(cacheNames)],
        outputNames: ["logProbabilities", ...layers.flatMap((layer) => cacheNames(layer).map((name) => `${name}Next`))],
      },
    ),
  };
}

/**
 * Opens the graphs of a paper model.
 *
 * @param beams - as they were made for
 */
export async function openPaperDecoder(
  { encoder, decoder }: DecoderGraphs,
  options: PaperOptions,
  beams: number,
  runtime: DecoderRuntime = {},
): Promise<LevelDecoder> {
  const reader = await openOnnx(encoder, runtime);
  const stepper = await openOnnx(decoder, runtime);
  const { levels, codebookSize } = options;
  return {
    levels,
    codebookSize,
    maxBeams: beams,
    async begin(histories, ids, users) {
      const tokens = tokenCount(options);
      const table = { codes: ids.codes, width: levels };
      const history = new Int32Array(histories.length * tokens);
      for (const [i, own] of histories.entries()) {
        writeTokens(history.subarray(i * tokens, (i + 1) * tokens), own, users?.[i], table, options);
      }
      const memory = await reader.run({ history: hostTensor(history, [histories.length, tokens]) });
      return new PaperDecoding(stepper, memory, histories.length, beams, options);
    },
    async dispose() {
      await reader.release();
      await stepper.release();
    },
  };
}

/** Decoding with cached keys and values. Rows of a history fill its slots from the first on; slots left over repeat the first. */
class PaperDecoding implements Decoding {
  readonly #stepper: OnnxModel;
  readonly #memory: Readonly<Record<string, HostTensor>>;
  readonly #histories: number;
  readonly #beams: number;
  readonly #options: PaperOptions;
  #caches: Record<string, HostTensor>;
  /** The slot of each row of the step before. */
  #slots: Int32Array;
  #level = 0;

  constructor(
    stepper: OnnxModel,
    memory: Readonly<Record<string, HostTensor>>,
    histories: number,
    beams: number,
    options: PaperOptions,
  ) {
    this.#stepper = stepper;
    this.#memory = memory;
    this.#histories = histories;
    this.#beams = beams;
    this.#options = options;
    this.#slots = Int32Array.from({ length: histories }, (_, i) => i * beams);
    const { numLayers, numHeads, levels, headDim } = options;
    const shape = [histories, beams, numHeads, levels, headDim];
    const size = histories * beams * numHeads * levels * headDim;
    this.#caches = Object.fromEntries(
      Array.from({ length: numLayers }, (_, layer) => cacheNames(layer))
        .flat()
        .map((name) => [name, hostTensor(new Float32Array(size), shape)]),
    );
  }

  async first(): Promise<Float32Array> {
    // No code comes before the first level: which row of the table is read there does not count.
    return this.#run(new Int32Array(this.#histories * this.#beams));
  }

  async next({ users, parents, codes }: BeamRows): Promise<Float32Array> {
    const { codebookSize, levels, numHeads, headDim } = this.#options;
    const slots = new Int32Array(users.length);
    const from = new Int32Array(this.#histories * this.#beams);
    const rows = new Int32Array(from.length);
    let within = 0;
    for (let row = 0; row < users.length; row++) {
      within = row > 0 && users[row] === users[row - 1] ? within + 1 : 0;
      assert(within < this.#beams, `at most ${this.#beams} beams`);
      const slot = users[row] * this.#beams + within;
      slots[row] = slot;
      // The first row of a history also fills the slots that have none.
      const end = within === 0 ? (users[row] + 1) * this.#beams : slot + 1;
      from.fill(this.#slots[parents[row]], slot, end);
      rows.fill(this.#level * codebookSize + codes[row], slot, end);
    }
    this.#caches = reorder(this.#caches, from, numHeads * levels * headDim);
    this.#slots = slots;
    this.#level++;
    return this.#run(rows);
  }

  async #run(code: Int32Array): Promise<Float32Array> {
    const { codebookSize } = this.#options;
    const { logProbabilities, ...caches } = await this.#stepper.run({
      ...this.#memory,
      ...this.#caches,
      code: hostTensor(code, [this.#histories, this.#beams]),
      level: hostTensor(Int32Array.of(this.#level), []),
    });
    this.#caches = Object.fromEntries(Object.entries(caches).map(([name, cache]) => [name.slice(0, -4), cache]));
    const taken = new Float32Array(this.#slots.length * codebookSize);
    for (const [row, slot] of this.#slots.entries()) {
      const own = logProbabilities.data.subarray(slot * codebookSize, (slot + 1) * codebookSize);
      taken.set(own, row * codebookSize);
    }
    return taken;
  }
}

/** Caches with what was in slot `from[i]` in slot i. */
function reorder(caches: Readonly<Record<string, HostTensor>>, from: Int32Array, size: number) {
  return Object.fromEntries(
    Object.entries(caches).map(([name, { data, shape }]) => {
      const moved = new Float32Array(data.length);
      for (let slot = 0; slot < from.length; slot++) {
        moved.set(data.subarray(from[slot] * size, (from[slot] + 1) * size) as Float32Array, slot * size);
      }
      return [name, hostTensor(moved, shape)];
    }),
  );
}
