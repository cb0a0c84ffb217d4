/** Words as how they go with images: which are visual, what is kept of them, and which pairs of two languages they give. @module */

import { DataError } from "../../core/index.ts";
import { type Rows, scaleToUnit, takeRows } from "../../linalg/index.ts";
import { cslsScoring, densities, type Space } from "./csls.ts";
import { aboveQuantile, bestPairs, mutualPairs, type Pairs, quantile } from "./pairs.ts";
import { selectBest, type Work } from "./similarity.ts";

/** How visual words are told from others. */
export const visualRules = ["auto", "images", "top2"] as const;

export interface FingerprintOptions {
  /**
   * `images`: words with a similarity other than 0 to at least `minImages` images, for counts from captions. `top2`: words
   * whose two best images are above a quantile of all words, the paper's rule for CLIP. `auto`: the first where more than half
   * of a matrix is zeros, else the second.
   */
  readonly visual: (typeof visualRules)[number];
  readonly minImages: number;
  /** Of `top2`. The paper's is 0.5. */
  readonly visualQuantile: number;
  /** Similarities up to this quantile of a language's matrix become 0. The paper's is 0.9. */
  readonly sparsify: number;
}

/** Fingerprints of both languages over the same images, a row a word of the vocabulary. */
export interface FingerprintPair {
  readonly source: Rows;
  readonly target: Rows;
}

/** The words of one language that images tell something of. */
export interface ImagedWords {
  /** Positions in the vocabulary, ascending. */
  readonly words: Int32Array;
  /** Their fingerprints, of length 1. */
  readonly rows: Rows;
}

/** Values that the quantile of a matrix is taken over, about: all where there are no more. */
const mostSampled = 500_000;

function sampled(data: Float32Array): Float32Array {
  const step = Math.max(1, Math.floor(data.length / mostSampled));
  return step === 1 ? data : Float32Array.from({ length: Math.floor(data.length / step) }, (_, i) => data[i * step]);
}

/** Fingerprints of a language with what is small set to 0, and the rule that tells which words are visual. */
export interface SparseFingerprints {
  readonly rows: Rows;
  readonly rule: "images" | "top2";
}

/** Sets what is at most the quantile of all values, or negative, to 0; a copy. */
export function sparsify({ data, ...rest }: Rows, { visual, sparsify: share }: FingerprintOptions): SparseFingerprints {
  const floor = Math.max(0, quantile(sampled(data), share));
  const zeros = data.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
  const rule = visual === "auto" ? (2 * zeros > data.length ? "images" : "top2") : visual;
  return { rows: { ...rest, data: data.map((value) => (value > floor ? value : 0)) }, rule };
}

function isVisual({ rows, rule }: SparseFingerprints, { minImages, visualQuantile }: FingerprintOptions) {
  const { data, count, dim } = rows;
  const rowOf = (word: number) => data.subarray(word * dim, (word + 1) * dim);
  if (rule === "images") {
    return (word: number) => rowOf(word).reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0) >= minImages;
  }
  const scores = Float64Array.from({ length: count }, (_, word) => {
    let [first, second] = [0, 0];
    for (const value of rowOf(word)) {
      if (value > first) [first, second] = [value, first];
      else if (value > second) second = value;
    }
    return first + second;
  });
  const least = quantile(scores, visualQuantile);
  return (word: number) => scores[word] > least;
}

/** The words with a fingerprint other than zeros, among `candidates`. */
function withFingerprint({ data, dim }: Rows, candidates: readonly number[]): Int32Array {
  const any = (word: number) => data.subarray(word * dim, (word + 1) * dim).some((value) => value !== 0);
  return Int32Array.from(candidates.filter(any));
}

const firstNumbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/**
 * The visual words of a language, with sparse fingerprints of length 1: what pairs to start from are found among.
 *
 * @throws {DataError} where no word is visual, as with fingerprints that are all the same
 */
export function selectVisualWords(sparse: SparseFingerprints, options: FingerprintOptions, where: string): ImagedWords {
  const { rows } = sparse;
  const words = withFingerprint(rows, firstNumbers(rows.count).filter(isVisual(sparse, options)));
  if (words.length === 0) {
    throw new DataError({
      where,
      expected: "words that go with some images more than with others",
      found: "none",
      hint: "look at the matrix, or lower --min-images, --visual-quantile and --sparsify",
    });
  }
  const out = takeRows(rows, words);
  scaleToUnit(out);
  return { words, rows: out };
}

/**
 * All words that go with any image, their fingerprints the shorter the less is known of them: f / sqrt(|f|² + m), where m is the mean
 * square of all entries that are not 0. A word of n images has length sqrt(n / (n + 1)), so that one shared image is weak evidence.
 *
 * @param mostWords - words that are looked at, the most frequent
 * @remarks Source: ours. The paper uses fingerprints for the first pairs alone.
 */
export function imagedWords({ rows }: SparseFingerprints, mostWords: number): ImagedWords {
  const words = withFingerprint(rows, firstNumbers(Math.min(rows.count, mostWords)));
  const out = takeRows(rows, words);
  let [squares, count] = [0, 0];
  for (const value of out.data) {
    squares += value * value;
    if (value !== 0) count++;
  }
  const meanSquare = squares / Math.max(1, count);
  for (let i = 0; i < out.count; i++) {
    const row = out.data.subarray(i * out.dim, (i + 1) * out.dim);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, meanSquare));
    for (let j = 0; j < out.dim; j++) row[j] /= length;
  }
  return { words, rows: out };
}

/**
 * Images in an order that depends on their columns alone: the same whatever order they came in, so that the same images give
 * the same bytes.
 */
export function orderImages({ source, target }: FingerprintPair): FingerprintPair {
  const { dim } = source;
  const keys = new Float64Array(dim);
  for (const { data, count } of [source, target]) {
    for (let word = 0; word < count; word++) {
      const weight = Math.sin(1 + word) + 1.5;
      for (let image = 0; image < dim; image++) keys[image] += weight * data[word * dim + image];
    }
  }
  const order = Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b]);
  const reorder = (rows: Rows): Rows => {
    const data = new Float32Array(rows.data.length);
    for (let i = 0; i < data.length; i += dim) for (let j = 0; j < dim; j++) data[i + j] = rows.data[i + order[j]];
    return { ...rows, data };
  };
  return { source: reorder(source), target: reorder(target) };
}

/** Words that go with images, of both languages, as a space of their own. */
export async function fingerprintSpace(
  source: ImagedWords,
  target: ImagedWords,
  neighbours: number,
  weight: number,
  work: Work,
): Promise<Space> {
  return {
    source: source.rows,
    target: target.rows,
    words: { source: source.words, target: target.words },
    densities: await densities(source.rows, target.rows, neighbours, work),
    weight,
  };
}

/** Pairs of visual words by fingerprints alone, and those among them to start from. */
export interface FingerprintPairs {
  /** Each visual source word with its best target by CSLS. */
  readonly all: Pairs;
  /** Those above the quantile of CSLS. */
  readonly start: Pairs;
  /** Those that are each other's best. */
  readonly mutual: Pairs;
}

/**
 * Pairs of words whose fingerprints are alike.
 *
 * @param keepAbove - the quantile of CSLS that a pair to start from is above; the paper's is 0.7
 * @remarks Source: WALIP, section 3: CSLS between sparse fingerprints, best target of each source word, top 30% kept.
 */
export async function fingerprintPairs(space: Space, keepAbove: number, work: Work): Promise<FingerprintPairs> {
  const { words: _, ...alone } = space;
  const best = await selectBest(cslsScoring([{ ...alone, weight: 1 }]), { sourceK: 1, targetK: 1 }, work);
  const inVocabulary = (pairs: Pairs): Pairs => ({
    ...pairs,
    source: pairs.source.map((i) => space.words?.source[i] ?? i),
    target: pairs.target.map((i) => space.words?.target[i] ?? i),
  });
  const all = inVocabulary(bestPairs(best));
  return { all, start: aboveQuantile(all, keepAbove), mutual: inVocabulary(mutualPairs(best)) };
}

/** Fingerprints on some of the images. */
export function takeImages(rows: Rows, keep: (image: number) => boolean): Rows {
  const images = Array.from({ length: rows.dim }, (_, i) => i).filter(keep);
  const data = new Float32Array(rows.count * images.length);
  for (let word = 0; word < rows.count; word++) {
    images.forEach((image, i) => {
      data[word * images.length + i] = rows.data[word * rows.dim + image];
    });
  }
  return { data, count: rows.count, dim: images.length };
}
