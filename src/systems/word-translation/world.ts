/** A small world that two peoples talk about: texts that are not translations of each other, and images that both describe. @module */
import { Random } from "../../core/index.ts";
import { type Rows, svd } from "../../linalg/index.ts";
import type { AlignInput, Language } from "./align.ts";

export interface WorldOptions {
  /** Things there are words for, one a language. */
  readonly concepts: number;
  /** Images that people of both languages describe. */
  readonly images: number;
  /** Scenes that the texts of one language tell of, different ones for each language. */
  readonly scenes: number;
  /** Length of the word vectors. */
  readonly dim: number;
}

/** Two languages, and the target word of each source word, by position. */
export interface World {
  readonly input: AlignInput & { readonly fingerprints: { readonly source: Rows; readonly target: Rows } };
  readonly gold: { readonly source: Int32Array; readonly target: Int32Array };
}

/** Numbers that say where a concept belongs. */
const latentDim = 8;
/** Things in a scene, things that one sentence names, and sentences about an image. */
const thingsInScene = 8;
const thingsInSentence = 5;
const sentences = 5;
/** How much closer to a scene's centre things are likely to be. */
const sharpness = 6;

/** Draws scenes: sets of concepts that lie near a random centre, common ones more often. */
class Scenes {
  readonly #places: Float64Array;
  readonly #frequencies: Float64Array;
  readonly #random: Random;

  constructor(concepts: number, random: Random) {
    this.#random = random;
    this.#places = Float64Array.from({ length: concepts * latentDim }, () => random.normal() / Math.sqrt(latentDim));
    this.#frequencies = Float64Array.from({ length: concepts }, (_, rank) => 1 / Math.sqrt(1 + rank / 10));
  }

  /** The concepts of a scene, each once. */
  draw(random = this.#random): number[] {
    const centre = Array.from({ length: latentDim }, () => random.normal() / Math.sqrt(latentDim));
    // Gumbel's trick: the largest of log weight + noise are a draw without replacement.
    const keys = this.#frequencies.map((frequency, concept) => {
      let near = 0;
      for (let j = 0; j < latentDim; j++) near += centre[j] * this.#places[concept * latentDim + j];
      return Math.log(frequency) + sharpness * near - Math.log(-Math.log(random.uniform(1e-12, 1)));
    });
    return Array.from(keys.keys())
      .sort((a, b) => keys[b] - keys[a])
      .slice(0, thingsInScene);
  }
}

/** Vectors from texts: positive pointwise mutual information within a sentence, then the largest singular directions. */
function vectorsFromText(scenes: Scenes, { concepts, scenes: count, dim }: WorldOptions, random: Random): Rows {
  const together = new Float64Array(concepts * concepts);
  const times = new Float64Array(concepts);
  for (let scene = 0; scene < count; scene++) {
    const named = random.shuffle(scenes.draw(random)).slice(0, thingsInSentence);
    for (const a of named) for (const b of named) if (a !== b) together[a * concepts + b]++;
  }
  for (let i = 0; i < together.length; i++) times[Math.floor(i / concepts)] += together[i];
  const total = times.reduce((sum, value) => sum + value, 0);
  const information = together.map((pairs, i) => {
    const expected = (times[Math.floor(i / concepts)] * times[i % concepts]) / total;
    return pairs > 0 ? Math.max(0, Math.log(pairs / expected)) : 0;
  });
  const { u, s } = svd(information, concepts, concepts);
  const data = new Float32Array(concepts * dim);
  for (let i = 0; i < concepts; i++)
    for (let k = 0; k < dim; k++) data[i * dim + k] = u[i * concepts + k] * Math.sqrt(s[k]);
  return { data, count: concepts, dim };
}

/** The share of an image's sentences that name each concept. */
function describe(images: readonly (readonly number[])[], concepts: number, random: Random): Rows {
  const data = new Float32Array(concepts * images.length);
  images.forEach((things, image) => {
    for (let sentence = 0; sentence < sentences; sentence++) {
      const named = random.shuffle([...things]).slice(0, thingsInSentence);
      for (const concept of named) data[concept * images.length + image] += 1 / sentences;
    }
  });
  return { data, count: concepts, dim: images.length };
}

function reorder({ data, dim }: Rows, order: Int32Array): Rows {
  const out = new Float32Array(data.length);
  order.forEach((from, to) => {
    out.set(data.subarray(from * dim, (from + 1) * dim), to * dim);
  });
  return { data: out, count: order.length, dim };
}

/**
 * Makes a world from a seed. Word forms share nothing between the languages, and the target's words come in another order.
 *
 * @param seed - the same seed gives the same world
 */
export function makeWorld(options: WorldOptions, seed: number): World {
  const { concepts } = options;
  const scenes = new Scenes(concepts, new Random(seed, "translate", "world"));
  const images = Array.from({ length: options.images }, () => scenes.draw());
  const order = new Random(seed, "translate", "world", "order").permutation(concepts);
  const language = (name: "source" | "target"): { language: Language; fingerprints: Rows } => {
    const rows = vectorsFromText(scenes, options, new Random(seed, "translate", "world", name, "text"));
    const seen = describe(images, concepts, new Random(seed, "translate", "world", name, "images"));
    const words = Array.from({ length: concepts }, (_, concept) => (name === "source" ? `w${concept}` : `v${concept}`));
    if (name === "source") return { language: { words, rows }, fingerprints: seen };
    return {
      language: { words: Array.from(order, (concept) => words[concept]), rows: reorder(rows, order) },
      fingerprints: reorder(seen, order),
    };
  };
  const [source, target] = [language("source"), language("target")];
  return {
    input: {
      source: source.language,
      target: target.language,
      fingerprints: { source: source.fingerprints, target: target.fingerprints },
    },
    gold: { source: order, target: Int32Array.from({ length: concepts }, (_, i) => i) },
  };
}
