/** Two languages brought into one space, from a start to the map that agrees best with what was held out. @module */

import { Random } from "../../core/index.ts";
import type { Rows } from "../../linalg/index.ts";
import { cslsScoring, type Space } from "./csls.ts";
import type { WordPair } from "./dictionary-file.ts";
import {
  type FingerprintOptions,
  type FingerprintPair,
  fingerprintPairs,
  fingerprintSpace,
  imagedWords,
  orderImages,
  selectVisualWords,
  sparsify,
  takeImages,
} from "./fingerprints.ts";
import type { InductionRule } from "./induction.ts";
import type { Mapping, MapRecipe } from "./mapping.ts";
import { normalizeRows } from "./normalize-rows.ts";
import { holdOut, type Pairs } from "./pairs.ts";
import { agreementOf, type Iteration, type Refinement, refine } from "./refine.ts";
import type { Scoring, Work } from "./similarity.ts";
import {
  identicalNumerals,
  identicalWords,
  pairsInVocabulary,
  randomPairs,
  requirePairs,
  type StartKind,
} from "./starts.ts";

/** One language: words in order of frequency, and their vectors as they come. */
export interface Language {
  readonly words: readonly string[];
  readonly rows: Rows;
}

export interface AlignInput {
  readonly source: Language;
  readonly target: Language;
  /** Needed for the start `images`; evidence with any start. */
  readonly fingerprints?: FingerprintPair | undefined;
  /** Needed for the start `dictionary`. */
  readonly dictionary?: readonly WordPair[] | undefined;
}

export interface AlignOptions extends FingerprintOptions {
  readonly start: StartKind;
  readonly seed: number;
  /** Neighbours of CSLS. */
  readonly neighbours: number;
  /** Quantile of CSLS that fingerprint pairs to start from are above. */
  readonly pairQuantile: number;
  /** Maps to choose from at the first two iterations; the choice stays. */
  readonly recipes: readonly MapRecipe[];
  readonly induction: InductionRule;
  /** Times that pairs are found anew, at most. */
  readonly iterations: number;
  /** Words of each language, the most frequent, among which pairs are found. */
  readonly cutoff: number;
  /** Words of each language, the most frequent, whose fingerprints count beside the vectors; 0 for none. */
  readonly imageWords: number;
  /** Weight of fingerprints beside vectors; chosen where undefined. */
  readonly imageWeight?: number | undefined;
  /** Whether to hold something out, choose by it, and begin again with everything. */
  readonly choose: boolean;
}

export interface Alignment {
  readonly mapping: Mapping;
  /** All words by their mapped vectors; then, where images count, words by their fingerprints. */
  readonly spaces: readonly Space[];
  readonly startPairs: Pairs;
  readonly finalPairs: Pairs;
  /** What was chosen, and by what. */
  readonly chosen: Choice;
  /** The refinement with all that is known, which is judged by nothing. */
  readonly history: readonly Iteration[];
  /** Words that images tell much of, where there are fingerprints: positions in the vocabulary, ascending. */
  readonly visual?: { readonly source: Int32Array; readonly target: Int32Array };
}

/** What a trial with less than everything decided. */
export interface Choice {
  readonly iterations: number;
  readonly recipes: readonly MapRecipe[];
  readonly imageWeight: number;
  /** What was held out. */
  readonly heldOut: "images" | "words" | "nothing";
  /** Pairs to judge by. */
  readonly judged: number;
  /** The share of held-out pairs found by vectors alone, and by all evidence. */
  readonly agreement: number;
  readonly agreementWithImages: number;
  /** The trial, iteration by iteration. */
  readonly trial: readonly Iteration[];
}

interface Hooks {
  readonly progress?: (fraction: number) => void;
}

/** Weights of fingerprints that are tried. */
const imageWeights = [0.25, 0.5, 1, 2];
const defaultImageWeight = 1;
/** Images below which none are held out: halves would show too little. */
const leastImages = 20;
/** Share of the words of pairs without images that are held out. */
const heldOutShare = 0.2;

const noPairs: Pairs = { source: new Int32Array(), target: new Int32Array() };

/** What fingerprints give: the pairs they find, and a space beside that of the vectors. */
async function readImages(input: AlignInput, pair: FingerprintPair, options: AlignOptions, work: Work) {
  const sparse = { source: sparsify(pair.source, options), target: sparsify(pair.target, options) };
  const [source, target] = [
    selectVisualWords(sparse.source, options, "source fingerprints"),
    selectVisualWords(sparse.target, options, "target fingerprints"),
  ];
  const visualSpace = await fingerprintSpace(source, target, options.neighbours, 1, work);
  const found = await fingerprintPairs(visualSpace, options.pairQuantile, work);
  const most = Math.min(options.imageWords, Math.max(input.source.words.length, input.target.words.length));
  const weight = options.imageWeight ?? defaultImageWeight;
  const space =
    most > 0 && weight > 0
      ? await fingerprintSpace(
          imagedWords(sparse.source, most),
          imagedWords(sparse.target, most),
          options.neighbours,
          weight,
          work,
        )
      : undefined;
  return { found, space, visual: { source: source.words, target: target.words } };
}

type Images = Awaited<ReturnType<typeof readImages>>;

function startPairs({ source, target, dictionary }: AlignInput, images: Images | undefined, options: AlignOptions) {
  const makers: Readonly<Record<StartKind, () => Pairs>> = {
    images: () => images?.found.start ?? noPairs,
    dictionary: () => pairsInVocabulary(dictionary ?? [], source.words, target.words),
    identical: () => identicalWords(source.words, target.words),
    numerals: () => identicalNumerals(source.words, target.words),
    random: () => randomPairs(source.words, target.words, new Random(options.seed, "translate", "random-start")),
  };
  return requirePairs(makers[options.start](), options.start);
}

/** Recipes to choose from: all at the first two iterations, then the one that was chosen. */
const firstChoices = (recipes: readonly MapRecipe[]) => (iteration: number, before: MapRecipe | undefined) =>
  iteration < 2 || !before ? recipes : [before];

/** The weight of fingerprints that agrees best with pairs of other images. */
async function chooseImageWeight(space: Space, images: Space, judge: Pairs, work: Work) {
  let best = { weight: 0, ...(await agreementOf([space], judge, work)) };
  for (const weight of imageWeights) {
    const found = await agreementOf([space, { ...images, weight }], judge, work);
    if (found.agreementMrr > best.agreementMrr) best = { weight, ...found };
  }
  return best;
}

/** Vectors as the refinement wants them, and what of its setting does not depend on what is held out. */
type Ground = Pick<Refinement, "x" | "y" | "rule" | "neighbours" | "cutoff">;

/** Tries with half of the images, judged by the pairs that the other half finds; or with most words, judged by the others. */
async function makeChoice(input: AlignInput, ground: Ground, options: AlignOptions, work: Work, hooks: Hooks) {
  const { fingerprints } = input;
  const half = async (odd: number, imageWords: number) => {
    if (!fingerprints) return undefined;
    const keep = (image: number) => image % 2 === odd;
    const pair = { source: takeImages(fingerprints.source, keep), target: takeImages(fingerprints.target, keep) };
    // Half of the images show a word half as often.
    const minImages = Math.ceil(options.minImages / 2);
    return readImages(input, pair, { ...options, minImages, imageWords }, work);
  };
  const [images, others] = [await half(0, options.imageWords), await half(1, 0)];
  const start = startPairs(input, images, options);
  const random = new Random(options.seed, "translate", "held-out");
  const { learned, heldOut } = others
    ? { learned: start, heldOut: others.found.mutual }
    : holdOut(start, heldOutShare, random);
  const setting: Refinement = {
    ...ground,
    images: images?.space,
    trusted: options.start === "dictionary" ? learned : noPairs,
    judge: heldOut,
    judgeIsHeldOut: !others,
  };
  const { best, history } = await refine(
    setting,
    requirePairs(learned, options.start),
    firstChoices(options.recipes),
    options.iterations,
    work,
    (iteration) => hooks.progress?.((0.5 * (iteration + 1)) / (options.iterations + 1)),
  );
  const weighed =
    images?.space && options.imageWeight === undefined
      ? await chooseImageWeight(best.space, images.space, heldOut, work)
      : { weight: options.imageWeight ?? 0, agreement: best.agreement };
  return {
    iterations: best.iteration,
    recipes: history.slice(0, best.iteration + 1).map(({ recipe }) => recipe),
    imageWeight: weighed.weight,
    heldOut: others ? ("images" as const) : ("words" as const),
    judged: new Set(heldOut.source).size,
    agreement: best.agreement,
    agreementWithImages: weighed.agreement,
    trial: history,
  };
}

/** Without a trial: all iterations, the first recipe. */
function withoutTrial({ iterations, recipes, imageWeight }: AlignOptions): Choice {
  return {
    iterations,
    recipes: Array.from({ length: iterations + 1 }, () => recipes[0]),
    imageWeight: imageWeight ?? defaultImageWeight,
    heldOut: "nothing",
    judged: 0,
    agreement: 0,
    agreementWithImages: 0,
    trial: [],
  };
}

/**
 * Brings two languages into one space.
 *
 * First a trial with half of the images (or four fifths of the pairs of another start) chooses the kind of map, the number of
 * iterations and the weight of images: by how many pairs of the held-out half it finds. Then everything is used.
 *
 * @throws {DataError} where the start has no pairs, or no word is visual
 * @remarks Source: Dinh et al. (2022), WALIP. Ours: the choice by held-out images, fingerprints as evidence beside the vectors
 * while pairs are found and in the end, and whitened maps (Artetxe, Labaka, Agirre 2018) in place of Procrustes alone.
 * @example
 * ```ts
 * const alignment = await alignLanguages({ source, target, fingerprints }, options, { products: new Products() });
 * const best = await selectBest(scoringOf(alignment), { sourceK: 1, targetK: 1 }, work);
 * ```
 */
export async function alignLanguages(
  input: AlignInput,
  options: AlignOptions,
  { products, signal, progress }: Work & Hooks,
): Promise<Alignment> {
  const work = { products, signal };
  const ordered = input.fingerprints && { ...input, fingerprints: orderImages(input.fingerprints) };
  const known = ordered ?? input;
  const ground: Ground = {
    x: normalizeRows(input.source.rows),
    y: normalizeRows(input.target.rows),
    rule: options.induction,
    neighbours: options.neighbours,
    cutoff: options.cutoff,
  };
  const canChoose = !known.fingerprints || known.fingerprints.source.dim >= leastImages;
  const chosen =
    options.choose && canChoose ? await makeChoice(known, ground, options, work, { progress }) : withoutTrial(options);
  const images = known.fingerprints && (await readImages(known, known.fingerprints, options, work));
  const start = startPairs(known, images, options);
  const setting: Refinement = {
    ...ground,
    images: images?.space,
    trusted: options.start === "dictionary" ? start : noPairs,
    // Everything is chosen: the last iteration is the one wanted.
    judge: noPairs,
    judgeIsHeldOut: false,
  };
  const recipeOf = (iteration: number) => [chosen.recipes[iteration]];
  const told = (iteration: number) => progress?.(0.5 + (0.5 * (iteration + 1)) / (chosen.iterations + 1));
  const { best, history } = await refine(setting, start, recipeOf, chosen.iterations, work, told);
  const weighed = images?.space && chosen.imageWeight > 0 ? { ...images.space, weight: chosen.imageWeight } : undefined;
  return {
    mapping: best.mapping,
    spaces: weighed ? [best.space, weighed] : [best.space],
    startPairs: start,
    finalPairs: best.pairs,
    chosen,
    history,
    ...(images && { visual: images.visual }),
  };
}

/** The scoring of all pairs of words by what an alignment found. */
export function scoringOf({ spaces }: Pick<Alignment, "spaces">): Scoring {
  return cslsScoring(spaces);
}
