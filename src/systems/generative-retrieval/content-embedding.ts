/** What items are like, from what is written of them: words weighed by rarity, then truncated singular vectors. @module */
import { type HostTensor, hostTensor, Random } from "../../core/index.ts";
import { type Rows, svd } from "../../linalg/index.ts";

/** The most words that count, the most frequent ones. */
const maxWords = 20_000;
/** Directions beside those that are kept, and rounds of multiplication, of the randomised decomposition. */
const oversampling = 16;
const powerRounds = 3;

/** Words as they are compared: composed, small letters and digits. */
function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Sparse rows of weighed words. */
interface SparseRows {
  readonly offsets: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/** A fitted embedding of texts: frozen, so that later items are embedded as the first were. */
export class TextEmbedding {
  readonly words: readonly string[];
  /** float32[words]: weight by rarity. */
  readonly rarity: Float32Array;
  /** float32[words, dim]: right singular vectors. */
  readonly projection: Rows;
  readonly #placeOf: ReadonlyMap<string, number>;

  private constructor(words: readonly string[], rarity: Float32Array, projection: Rows) {
    this.words = words;
    this.rarity = rarity;
    this.projection = projection;
    this.#placeOf = new Map(words.map((word, place) => [word, place]));
  }

  /**
   * Fits the embedding to texts: TF-IDF, of unit length, projected onto its first `dim` right singular vectors.
   *
   * @param dim - fewer where the texts have fewer different words
   * @remarks Source: Deerwester et al. (1990), latent semantic analysis; Halko, Martinsson and Tropp (2011), Algorithm 4.4, for the
   * truncated decomposition.
   */
  static fit(texts: readonly string[], dim: number, seed: number): TextEmbedding {
    const { words, rarity } = weighWords(texts);
    // Without a word that two texts share, nothing tells contents apart.
    if (words.length === 0) return new TextEmbedding([], rarity, { data: new Float32Array(0), count: 0, dim: 1 });
    const unprojected = new TextEmbedding(words, rarity, { data: new Float32Array(0), count: words.length, dim: 0 });
    const rows = unprojected.#weigh(texts);
    const directions = rightSingularVectors(rows, words.length, dim, new Random(seed, "recommend", "text"));
    return new TextEmbedding(words, rarity, directions);
  }

  /** float32[texts, dim] */
  embed(texts: readonly string[]): Rows {
    const { dim } = this.projection;
    const { offsets, columns, values } = this.#weigh(texts);
    const data = new Float32Array(texts.length * dim);
    for (let row = 0; row < texts.length; row++) {
      for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) {
        const from = columns[entry] * dim;
        for (let j = 0; j < dim; j++) data[row * dim + j] += values[entry] * this.projection.data[from + j];
      }
    }
    return { data, count: texts.length, dim };
  }

  /** The embedding as tensors and words, to be saved. */
  save(): { readonly words: readonly string[]; readonly tensors: Readonly<Record<string, HostTensor>> } {
    const { count, dim, data } = this.projection;
    const tensors = { rarity: hostTensor(this.rarity, [count]), projection: hostTensor(data, [count, dim]) };
    return { words: this.words, tensors };
  }

  /** The embedding that was saved. */
  static load(words: readonly string[], { rarity, projection }: Readonly<Record<string, HostTensor>>): TextEmbedding {
    const [count, dim] = projection.shape;
    const rows = { data: projection.data as Float32Array, count, dim };
    return new TextEmbedding(words, rarity.data as Float32Array, rows);
  }

  #weigh(texts: readonly string[]): SparseRows {
    const offsets = new Int32Array(texts.length + 1);
    const columns: number[] = [];
    const values: number[] = [];
    for (const [row, text] of texts.entries()) {
      const counts = new Map<number, number>();
      for (const word of wordsOf(text)) {
        const place = this.#placeOf.get(word);
        if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
      }
      const weights = [...counts].map(([place, count]) => (1 + Math.log(count)) * this.rarity[place]);
      const length = Math.hypot(...weights);
      columns.push(...counts.keys());
      values.push(...weights.map((weight) => weight / length));
      offsets[row + 1] = columns.length;
    }
    return { offsets, columns: Int32Array.from(columns), values: Float64Array.from(values) };
  }
}

/** Words of at least two texts, and log((1 + texts) / (1 + texts with the word)) + 1 of each. */
function weighWords(texts: readonly string[]): { words: string[]; rarity: Float32Array } {
  const frequency = new Map<string, number>();
  for (const text of texts) {
    for (const word of new Set(wordsOf(text))) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  }
  const kept = [...frequency]
    .filter(([, count]) => count >= 2)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, maxWords);
  const rarity = kept.map(([, count]) => Math.log((1 + texts.length) / (1 + count)) + 1);
  return { words: kept.map(([word]) => word), rarity: Float32Array.from(rarity) };
}

/** The first right singular vectors in the columns of [columns, dim]. */
function rightSingularVectors(rows: SparseRows, width: number, dim: number, random: Random): Rows {
  const rank = Math.min(dim, width);
  const wide = Math.min(rank + oversampling, width);
  let basis: Float64Array = Float64Array.from({ length: width * wide }, () => random.normal());
  for (let round = 0; round < powerRounds; round++) {
    basis = orthonormalColumns(multiplyTransposed(rows, multiply(rows, basis, wide), width, wide), width, wide);
  }
  // With the rows' images of the basis b, a ≈ b basisᵀ, and the right singular vectors of b turn the basis.
  const image = multiply(rows, basis, wide);
  const { v } = svd(image, rows.offsets.length - 1, wide);
  const data = new Float32Array(width * rank);
  for (let i = 0; i < width; i++) {
    for (let k = 0; k < Math.min(rank, v.length / wide); k++) {
      let sum = 0;
      for (let j = 0; j < wide; j++) sum += basis[i * wide + j] * v[k * wide + j];
      data[i * rank + k] = sum;
    }
  }
  return { data, count: width, dim: rank };
}

/** rows · dense: [rows, wide]. */
function multiply({ offsets, columns, values }: SparseRows, dense: Float64Array, wide: number): Float64Array {
  const out = new Float64Array((offsets.length - 1) * wide);
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) {
      const from = columns[entry] * wide;
      for (let j = 0; j < wide; j++) out[row * wide + j] += values[entry] * dense[from + j];
    }
  }
  return out;
}

/** rowsᵀ · dense: [width, wide]. */
function multiplyTransposed(rows: SparseRows, dense: Float64Array, width: number, wide: number): Float64Array {
  const { offsets, columns, values } = rows;
  const out = new Float64Array(width * wide);
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) {
      const to = columns[entry] * wide;
      for (let j = 0; j < wide; j++) out[to + j] += values[entry] * dense[row * wide + j];
    }
  }
  return out;
}

/** Columns turned into an orthonormal basis of what they span, by their singular vectors. */
function orthonormalColumns(a: Float64Array, rows: number, columns: number): Float64Array {
  return svd(a, rows, columns).u;
}
