/** The mask on disk: compressed sparse rows in safetensors, and no signs. @module */
import { DataError, type HostTensor, hostTensor } from "../../core/index.ts";
import { decodeSafetensors, encodeSafetensors } from "../../storage/index.ts";
import type { MaskLayer } from "./construct.ts";

/**
 * The bytes of mask.safetensors: for every layer `layers.0.rowOffsets` int32[width + 1] and `layers.0.columns` int32[edges].
 *
 * @param seed - kept in the metadata, for the reader's sake
 */
export function encodeMask(layers: readonly MaskLayer[], seed: number): Uint8Array {
  const tensors: Record<string, HostTensor> = {};
  for (const [l, { width, rowOffsets, sources }] of layers.entries()) {
    tensors[`layers.${l}.rowOffsets`] = hostTensor(rowOffsets, [width + 1]);
    tensors[`layers.${l}.columns`] = hostTensor(sources, [sources.length]);
  }
  return encodeSafetensors(tensors, { format: "tenfold-binary-subnetwork", version: "1", seed: `${seed}` });
}

/**
 * The layers of a mask's bytes, checked against the widths that the certificate gives.
 *
 * @param widths - units of every layer, the inputs first
 * @throws {DataError} where they are not the mask of such a network
 */
export function decodeMask(bytes: Uint8Array, widths: readonly number[], where: string): MaskLayer[] {
  const { tensors } = decodeSafetensors(bytes, where);
  const names = widths.slice(1).flatMap((_, l) => [`layers.${l}.rowOffsets`, `layers.${l}.columns`]);
  const unknown = Object.keys(tensors).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new DataError({ where, expected: `${widths.length - 1} layers`, found: unknown });
  return widths.slice(1).map((width, l) => {
    const read = (part: string): Int32Array => {
      const tensor = tensors[`layers.${l}.${part}`];
      if (tensor?.dtype === "int32" && tensor.shape.length === 1) return tensor.data as Int32Array;
      const found = tensor ? `${tensor.dtype}[${tensor.shape.join(", ")}]` : "none";
      throw new DataError({ where: `${where}, layers.${l}.${part}`, expected: "int32 numbers", found });
    };
    const [rowOffsets, sources] = [read("rowOffsets"), read("columns")];
    const refuse = (part: string, expected: string, found: string): never => {
      throw new DataError({ where: `${where}, layers.${l}.${part}`, expected, found });
    };
    if (rowOffsets.length !== width + 1) refuse("rowOffsets", `${width + 1} offsets`, `${rowOffsets.length}`);
    if (rowOffsets[0] !== 0 || rowOffsets[width] !== sources.length) {
      refuse("rowOffsets", `offsets from 0 to ${sources.length}`, `${rowOffsets[0]} to ${rowOffsets[width]}`);
    }
    for (let unit = 0; unit < width; unit++) {
      const [start, end] = [rowOffsets[unit]!, rowOffsets[unit + 1]!];
      if (end < start) refuse("rowOffsets", "offsets that never fall", `${end} after ${start} at unit ${unit}`);
      for (let e = start; e < end; e++) {
        const source = sources[e]!;
        if (source < 0 || source >= widths[l]!)
          refuse("columns", `units below ${widths[l]}`, `${source} at unit ${unit}`);
        if (e > start && source <= sources[e - 1]!) {
          refuse("columns", "units in ascending order, each once", `${source} after ${sources[e - 1]} at unit ${unit}`);
        }
      }
    }
    return { width, rowOffsets, sources };
  });
}
