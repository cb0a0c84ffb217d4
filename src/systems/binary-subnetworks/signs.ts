/** The signs of a random binary network: regenerated from the seed, never stored. @module */

/** The sign of the edge from a unit of the layer before to a unit of this layer: +1 or -1. */
export type EdgeSign = (from: number, to: number) => 1 | -1;

const rounds = 27;

/** The word of the key that neither the seed nor the layer fills: "sign" in ASCII. */
const keyTag = 0x7369676e;

/**
 * The round keys of Speck64/128.
 *
 * @param key - four 32-bit words k0, l0, l1, l2, the least significant first
 * @returns int32[27]
 */
export function speckRoundKeys([k0, l0, l1, l2]: readonly [number, number, number, number]): Int32Array {
  const keys = new Int32Array(rounds);
  const words = [l0 | 0, l1 | 0, l2 | 0];
  keys[0] = k0;
  for (let i = 0; i + 1 < rounds; i++) {
    const word = words[i]!;
    const next = ((keys[i]! + ((word >>> 8) | (word << 24))) | 0) ^ i;
    words.push(next);
    keys[i + 1] = ((keys[i]! << 3) | (keys[i]! >>> 29)) ^ next;
  }
  return keys;
}

/**
 * Speck64/128: a block of two 32-bit words under round keys.
 *
 * @returns the two words of the ciphertext, as integers in [0, 2^32)
 * @remarks Source: Beaulieu et al. (2013), "The SIMON and SPECK families of lightweight block ciphers".
 */
export function speckEncrypt(keys: Int32Array, x: number, y: number): [x: number, y: number] {
  let a = x | 0;
  let b = y | 0;
  for (let i = 0; i < rounds; i++) {
    a = ((((a >>> 8) | (a << 24)) + b) | 0) ^ keys[i]!;
    b = ((b << 3) | (b >>> 29)) ^ a;
  }
  return [a >>> 0, b >>> 0];
}

/**
 * The signs of one layer: bit 0 of the 64-bit block (from, to) encrypted by Speck64/128 under the key (seed, layer), where 1 stands
 * for +1. `docs/binary-subnetworks-format.md` has test vectors.
 *
 * @param seed - any safe integer; its two's complement of 64 bits makes two words of the key
 * @param layer - number of the layer, from 0
 * @example
 * ```ts
 * const sign = edgeSigns(0, 3);
 * sign(7, 12); // 1 or -1, and the same on every machine
 * ```
 */
export function edgeSigns(seed: number, layer: number): EdgeSign {
  const keys = speckRoundKeys([seed % 2 ** 32, Math.floor(seed / 2 ** 32), layer, keyTag]);
  return (from, to) => {
    // As speckEncrypt, without the pair it makes.
    let a = from | 0;
    let b = to | 0;
    for (let i = 0; i < rounds; i++) {
      a = ((((a >>> 8) | (a << 24)) + b) | 0) ^ keys[i]!;
      b = ((b << 3) | (b >>> 29)) ^ a;
    }
    return (b & 1) === 1 ? 1 : -1;
  };
}
