/** Texts of different lengths as rows of one length, for language models. @module */
import { max } from "simple-statistics";
import { DataError, type HostTensor, hostTensor } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import { cast, reshape, slice, type Tensor } from "../engine/index.ts";
import { type CausalLanguageModel, crossEntropy, type LanguageModelParams, type Layer } from "../nn/index.ts";

/** A text to learn from: the completion is learned, the prompt only read. */
export interface TextExample {
  /** Tokens, at least one. */
  readonly prompt: readonly number[];
  /** Tokens, at least one; the end of the text is one of them where it is to be learned. */
  readonly completion: readonly number[];
}

/** Sizes of a packed row. */
export interface PackedShape {
  /** Tokens a row. */
  readonly seq: number;
  /** Places a row whose next token is learned, at most. */
  readonly reads: number;
}

/** Texts in rows. */
export interface PackedTexts extends PackedShape {
  /**
   * inputs int32 [rows, 3 · seq + reads]: tokens, positions in their text, number of their text in the row, places that are read;
   * targets int32 [rows, 2 · reads]: the token learned at each place, and 1, or 0 at places that only fill the row.
   */
  readonly dataset: Dataset;
  /** The share of tokens that belong to texts. */
  readonly filled: number;
}

/** Puts each text, the longest first, into the first row that has room. */
function firstFit(lengths: readonly number[], seq: number): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const rows: { items: number[]; room: number }[] = [];
  let [first, length] = [0, 0];
  for (const item of order) {
    // Rows without room for a text have none for the next one of its length.
    if (lengths[item] !== length) [first, length] = [0, lengths[item]!];
    while (first < rows.length && rows[first]!.room < length) first++;
    if (first === rows.length) rows.push({ items: [], room: seq });
    const row = rows[first]!;
    row.items.push(item);
    row.room -= length;
  }
  return rows.map(({ items }) => items);
}

/**
 * Packs texts into rows of one length; several short ones share a row, in which they do not see one another.
 *
 * @param options.seq - tokens a row; default those of the longest text
 * @param options.name - of the dataset, for messages
 * @param options.sha256 - of what the texts were made from, for run folders
 * @throws {DataError} where there is no text, or one is longer than a row
 */
export function packTexts(
  examples: readonly TextExample[],
  options: { readonly seq?: number; readonly name: string; readonly sha256: string },
): PackedTexts {
  // The last token is only predicted, never read.
  const lengths = examples.map(({ prompt, completion }) => prompt.length + completion.length - 1);
  const longest = max([0, ...lengths]);
  const seq = options.seq ?? longest;
  if (examples.length === 0 || longest > seq) {
    const found = examples.length === 0 ? "none" : `text ${lengths.indexOf(longest) + 1} of ${longest + 1}`;
    throw new DataError({ where: options.name, expected: `texts of at most ${seq + 1} tokens`, found });
  }
  const rows = firstFit(lengths, seq);
  const readsOf = (items: readonly number[]) => items.reduce((sum, i) => sum + examples[i]!.completion.length, 0);
  const reads = max(rows.map(readsOf));
  const width = 3 * seq + reads;
  const inputs = new Int32Array(rows.length * width);
  const targets = new Int32Array(rows.length * 2 * reads);
  rows.forEach((items, row) => {
    const [input, target] = [inputs.subarray(row * width, (row + 1) * width), targets.subarray(row * 2 * reads)];
    let [at, read] = [0, 0];
    items.forEach((item, number) => {
      const { prompt, completion } = examples[item]!;
      const tokens = [...prompt, ...completion.slice(0, -1)];
      tokens.forEach((token, i) => {
        input[at + i] = token;
        input[seq + at + i] = i;
        input[2 * seq + at + i] = number;
      });
      completion.forEach((token, i) => {
        input[3 * seq + read] = at + prompt.length - 1 + i;
        target[read] = token;
        target[reads + read] = 1;
        read++;
      });
      at += tokens.length;
    });
    // What fills the row is a text of its own.
    for (let i = at; i < seq; i++) input[2 * seq + i] = items.length;
  });
  const ints = (data: Int32Array, columns: number): HostTensor => hostTensor(data, [rows.length, columns]);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  return {
    seq,
    reads,
    filled: total / (rows.length * seq),
    dataset: {
      name: options.name,
      inputs: ints(inputs, width),
      targets: ints(targets, 2 * reads),
      sha256: options.sha256,
    },
  };
}

/** A language model over packed rows: int32 [batch, 3 · seq + reads] -> logits float [batch, reads, vocabSize]. */
export function packedModel(model: CausalLanguageModel, { seq, reads }: PackedShape): Layer<LanguageModelParams> {
  return {
    init: (random) => model.init(random),
    apply(params, rows, mode) {
      const part = (from: number, to: number) => slice(rows, [null, [from, to]]);
      const [tokens, positions] = [part(0, seq), part(seq, 2 * seq)];
      const [segments, readAt] = [part(2 * seq, 3 * seq), part(3 * seq, 3 * seq + reads)];
      return model.apply(params, { tokens, positions, segments, readAt }, mode);
    },
  };
}

/**
 * Mean cross-entropy of the tokens that are learned, in nats.
 *
 * @param logits - float [batch, reads, vocabSize], of {@link packedModel}
 * @param targets - int32 [batch, 2 · reads], of {@link packTexts}
 */
export function completionLoss(logits: Tensor, targets: Tensor): Tensor {
  const [batch, reads] = logits.shape as [number, number];
  const labels = reshape(slice(targets, [null, [0, reads]]), [batch, reads]);
  return crossEntropy(logits, labels, { weights: cast(slice(targets, [null, [reads, 2 * reads]]), logits.dtype) });
}
