/** A trained compact model, loaded for decoding: two ONNX graphs, the same that a bundle holds. @module */
import { hostTensor } from "../../core/index.ts";
import { logSoftmax, type OnnxModel, openOnnx, type Tensor, toOnnx } from "../../engine/index.ts";
import { Mode, type Traced } from "../../nn/index.ts";
import { type CompactOptions, type CompactParams, compactModel } from "./compact-model.ts";
import type { BeamRows, DecoderRuntime, Decoding, LevelDecoder } from "./level-decoder.ts";
import { packHistories, positionFeatures } from "./packing.ts";

/** The graphs of a model: `encoder` reads histories, `decoder` gives the next code. */
export interface DecoderGraphs {
  readonly encoder: Uint8Array;
  readonly decoder: Uint8Array;
}

/**
 * A compact model as two graphs of any batch.
 *
 * - encoder: `history` int32 [rows, length, 2 + levels] (piece, place, codes) to `states` float32 [rows, length, dim]
 * - decoder: `states` float32 [rows, dim], `prefix` int32 [rows, levels - 1] (-1 where undecided) and `level` int32 scalar to
 *   `logProbabilities` float32 [rows, codebookSize]
 */
export function compactGraphs(params: CompactParams, options: CompactOptions): DecoderGraphs {
  const { levels, length, dim } = options;
  const model = compactModel(options);
  type P = Traced<CompactParams>;
  const encoder = toOnnx(
    (p: P, history: Tensor) => model.trunk.apply(p.trunk, history, new Mode(false)),
    params as never,
    [{ shape: [1, length, positionFeatures + levels], dtype: "int32" }],
    { inputNames: ["history"], outputNames: ["states"] },
  );
  const decoder = toOnnx(
    (p: P, states: Tensor, prefix: Tensor, level: Tensor) =>
      logSoftmax(model.decoder.step(p.decoder, states, prefix, level)),
    params as never,
    [
      { shape: [1, dim], dtype: "float32" },
      { shape: [1, levels - 1], dtype: "int32" },
      { shape: [], dtype: "int32" },
    ],
    { inputNames: ["states", "prefix", "level"], outputNames: ["logProbabilities"] },
  );
  return { encoder, decoder };
}

/** Opens the graphs of a compact model. */
export async function openCompactDecoder(
  { encoder, decoder }: DecoderGraphs,
  { levels, length, dim, codebookSize }: CompactOptions,
  runtime: DecoderRuntime = {},
): Promise<LevelDecoder> {
  const reader = await openOnnx(encoder, runtime);
  const stepper = await openOnnx(decoder, runtime);
  return {
    levels,
    codebookSize,
    maxBeams: Number.POSITIVE_INFINITY,
    async begin(histories, ids) {
      const { inputs, last } = packHistories(histories, length, { codes: ids.codes, width: levels });
      const { states } = await reader.run({ history: inputs });
      return new CompactDecoding(stepper, takeStates(states.data as Float32Array, last, dim), dim, levels);
    },
    async dispose() {
      await reader.release();
      await stepper.release();
    },
  };
}

function takeStates(states: Float32Array, rows: Int32Array, dim: number): Float32Array {
  const taken = new Float32Array(rows.length * dim);
  for (let i = 0; i < rows.length; i++) taken.set(states.subarray(rows[i] * dim, (rows[i] + 1) * dim), i * dim);
  return taken;
}

/** Decoding from the states of histories: a row is its codes, and nothing else is kept. */
class CompactDecoding implements Decoding {
  readonly #stepper: OnnxModel;
  readonly #states: Float32Array;
  readonly #dim: number;
  readonly #levels: number;
  #prefixes: Int32Array;
  #level = 0;

  constructor(stepper: OnnxModel, states: Float32Array, dim: number, levels: number) {
    this.#stepper = stepper;
    this.#states = states;
    this.#dim = dim;
    this.#levels = levels;
    this.#prefixes = new Int32Array((states.length / dim) * (levels - 1)).fill(-1);
  }

  first(): Promise<Float32Array> {
    return this.#run(this.#states);
  }

  next({ users, parents, codes }: BeamRows): Promise<Float32Array> {
    const width = this.#levels - 1;
    const prefixes = new Int32Array(users.length * width);
    for (let row = 0; row < users.length; row++) {
      prefixes.set(this.#prefixes.subarray(parents[row] * width, (parents[row] + 1) * width), row * width);
      prefixes[row * width + this.#level] = codes[row];
    }
    this.#prefixes = prefixes;
    this.#level++;
    return this.#run(takeStates(this.#states, users, this.#dim));
  }

  async #run(states: Float32Array): Promise<Float32Array> {
    const rows = states.length / this.#dim;
    const { logProbabilities } = await this.#stepper.run({
      states: hostTensor(states, [rows, this.#dim]),
      prefix: hostTensor(this.#prefixes, [rows, this.#levels - 1]),
      level: hostTensor(Int32Array.of(this.#level), []),
    });
    return logProbabilities.data as Float32Array;
  }
}
