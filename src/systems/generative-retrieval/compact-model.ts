/** The compact model: an item-level causal trunk and a depth decoder, trained on every position of every history. @module */
import { reshape, slice } from "../../engine/index.ts";
import type { Layer, Traced } from "../../nn/index.ts";
import { type DepthDecoder, type DepthDecoderParams, depthDecoder } from "./depth-decoder.ts";
import { positionFeatures } from "./packing.ts";
import { type TrunkOptions, type TrunkParams, trunk } from "./trunk.ts";

/** Sizes of a compact model. */
export interface CompactOptions extends TrunkOptions {
  readonly levels: number;
  readonly codebookSize: number;
}

/** Parameters of a compact model. */
export interface CompactParams {
  readonly trunk: TrunkParams;
  readonly decoder: DepthDecoderParams;
}

/** A compact model: packed examples int32 [rows, length, 2 + 2 levels] to logits float32 [levels, positions, codebookSize]. */
export interface CompactModel extends Layer<CompactParams> {
  readonly trunk: Layer<TrunkParams>;
  readonly decoder: DepthDecoder;
}

/**
 * Makes a compact model.
 *
 * @remarks Our own layout of Rajput et al. (2023): the history is read once an item, not once a code, and one pass trains on every
 * position.
 */
export function compactModel(options: CompactOptions): CompactModel {
  const { levels, codebookSize, dim, hiddenDim, dropout } = options;
  const read = trunk(levels, codebookSize, options);
  const decoder = depthDecoder({ levels, codebookSize, dim, hiddenDim, dropout });
  return {
    trunk: read,
    decoder,
    init: (random) => ({ trunk: read.init(random), decoder: decoder.init(random) }),
    apply(params, inputs, mode) {
      const states = read.apply(params.trunk as Traced<TrunkParams>, inputs, mode);
      const next = slice(inputs, [null, null, [positionFeatures + levels, positionFeatures + 2 * levels]]);
      const input = { states: reshape(states, [-1, dim]), codes: reshape(next, [-1, levels]) };
      return decoder.apply(params.decoder as Traced<DepthDecoderParams>, input, mode);
    },
  };
}
