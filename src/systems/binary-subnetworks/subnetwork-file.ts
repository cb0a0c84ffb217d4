/** A masked network on disk: one bit for every weight, and the seed that the weights follow from. @module */
import { DataError, type HostTensor, hostTensor } from "../../core/index.ts";
import { decodeSafetensors, encodeSafetensors } from "../../storage/index.ts";
import {
  deployedWeight,
  frozenWeight,
  type MaskedLayer,
  type MaskMethod,
  maskMethods,
  type WeightKind,
  weightKinds,
} from "./masked-model.ts";

/** A masked network: all that its weights follow from. */
export interface Subnetwork {
  readonly method: MaskMethod;
  readonly weights: WeightKind;
  readonly seed: number;
  readonly layers: readonly MaskedLayer[];
  /** 0 or 1 for every element of every layer's weight. */
  readonly masks: readonly Uint8Array[];
}

/** Eight to a byte, the first in the lowest bit. */
function packBits(mask: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(mask.length / 8));
  for (let i = 0; i < mask.length; i++) packed[i >> 3]! |= mask[i]! << (i & 7);
  return packed;
}

/** The first `size` bits of {@link packBits}. */
function unpackBits(packed: Uint8Array, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (packed[i >> 3]! >> (i & 7)) & 1);
}

/** The weights of a subnetwork as they are deployed, in the order of its layers. */
export function subnetworkWeights({ method, weights, seed, layers, masks }: Subnetwork): HostTensor[] {
  return layers.map((layer, l) => deployedWeight(frozenWeight(layer, weights, seed, l), masks[l]!, method));
}

/** The bytes of subnetwork.safetensors: `PATH.mask` in packed bits for every layer, the rest in the metadata. */
export function encodeSubnetwork({ method, weights, seed, layers, masks }: Subnetwork): Uint8Array {
  const tensors = Object.fromEntries(
    layers.map(({ path }, l) => {
      const packed = packBits(masks[l]!);
      return [`${path}.mask`, hostTensor(packed, [packed.length])];
    }),
  );
  const facts = { method, weights, seed, layers: layers.map(({ path, shape, gain }) => ({ path, shape, gain })) };
  return encodeSafetensors(tensors, { format: "tenfold-masked-network", version: "1", facts: JSON.stringify(facts) });
}

/**
 * Reads the bytes of {@link encodeSubnetwork}.
 *
 * @throws {DataError} where they are something else
 */
export function decodeSubnetwork(bytes: Uint8Array, where: string): Subnetwork {
  const { tensors, metadata } = decodeSafetensors(bytes, where);
  const refuse = (expected: string, found: string): never => {
    throw new DataError({ where, expected, found });
  };
  if (metadata.format !== "tenfold-masked-network" || metadata.version !== "1") {
    refuse("a masked network of version 1", metadata.format ?? "a file of another kind");
  }
  const facts = JSON.parse(metadata.facts ?? "{}") as Partial<Pick<Subnetwork, "method" | "weights" | "seed">> & {
    readonly layers?: readonly Pick<MaskedLayer, "path" | "shape" | "gain">[];
  };
  const { method, weights, seed, layers: given } = facts;
  if (!maskMethods.includes(method!) || !weightKinds.includes(weights!) || !Number.isSafeInteger(seed) || !given) {
    refuse("method, weights, seed and layers in the metadata", metadata.facts ?? "none");
  }
  const masks: Uint8Array[] = [];
  const layers = given!.map(({ path, shape, gain }): MaskedLayer => {
    const size = shape.reduce((product, axis) => product * axis, 1);
    const packed = tensors[`${path}.mask`];
    if (packed?.data.length !== Math.ceil(size / 8)) {
      refuse(`${path}.mask of ${Math.ceil(size / 8)} bytes`, packed ? `${packed.data.length}` : "none");
    }
    const mask = unpackBits(packed!.data as Uint8Array, size);
    masks.push(mask);
    return { path, shape, size, gain, kept: mask.reduce((sum, bit) => sum + bit, 0) };
  });
  return { method: method!, weights: weights!, seed: seed!, layers, masks };
}

/** Bytes of a file with the mask beside those of dense float32 weights, and what the mask's entropy would allow. */
export function sizesOf(subnetwork: Subnetwork) {
  const elements = subnetwork.layers.reduce((sum, { size }) => sum + size, 0);
  const entropyBits = subnetwork.masks.reduce((sum, mask) => {
    const share = mask.reduce((count, bit) => count + bit, 0) / mask.length;
    const bits = (p: number) => (p === 0 ? 0 : -p * Math.log2(p));
    return sum + mask.length * (bits(share) + bits(1 - share));
  }, 0);
  const fileBytes = encodeSubnetwork(subnetwork).length;
  const denseBytes = 4 * elements;
  return {
    weights: elements,
    fileBytes,
    maskBytes: subnetwork.masks.reduce((sum, { length }) => sum + Math.ceil(length / 8), 0),
    entropyBytes: Math.ceil(entropyBits / 8),
    denseBytes,
    ratio: denseBytes / fileBytes,
  };
}
