/** Rotary positions: each pair of a head's channels turned by an angle that grows with the position. @module */
import { type HostTensor, hostTensor } from "../../core/index.ts";
import { add, concat, mul, neg, slice, type Tensor } from "../../engine/index.ts";
import type { RotaryOptions } from "./config.ts";

/** Radians a position of each pair of channels. */
function frequencies(headDim: number, { base, scaling }: RotaryOptions): number[] {
  const plain = Array.from({ length: headDim / 2 }, (_, pair) => base ** ((-2 * pair) / headDim));
  if (!scaling) return plain;
  if (scaling.kind === "linear") return plain.map((frequency) => frequency / scaling.factor);
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength: length } = scaling;
  return plain.map((frequency) => {
    const turns = (length * frequency) / (2 * Math.PI);
    if (turns > high) return frequency;
    if (turns < low) return frequency / factor;
    const smooth = (turns - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/**
 * Cosines and sines of all angles: float32 [contextLength, headDim] each, the second half of the channels as the first.
 *
 * @remarks Source: Su et al. (2021), eq. 15, with channel i paired with i + headDim / 2 as in Hugging Face's models.
 */
export function rotaryTables(
  contextLength: number,
  headDim: number,
  options: RotaryOptions,
): { cos: HostTensor; sin: HostTensor } {
  const rates = frequencies(headDim, options);
  const table = (fn: (angle: number) => number) =>
    hostTensor(
      Float32Array.from({ length: contextLength * headDim }, (_, i) =>
        fn(Math.floor(i / headDim) * (rates[i % rates.length] as number)),
      ),
      [contextLength, headDim],
    );
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/**
 * x turned by the angles of its positions.
 *
 * @param x - float [batch, head, seq, headDim]
 * @param cos - float [batch, 1, seq, headDim], the rows of {@link rotaryTables} at the positions
 * @param sin - likewise
 */
export function applyRotary(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const headDim = x.shape.at(-1) as number;
  const half = headDim / 2;
  const [first, second] = [slice(x, [null, null, null, [0, half]]), slice(x, [null, null, null, [half, headDim]])];
  return add(mul(x, cos), mul(concat([neg(second), first], -1), sin));
}
