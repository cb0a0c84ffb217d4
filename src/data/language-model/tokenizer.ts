/** Texts as tokens. @module */

/** What turns texts into tokens of a language model, and back. */
export interface Tokenizer {
  /** Tokens are in [0, vocabSize). */
  readonly vocabSize: number;
  /** What a text begins with; empty where the model needs nothing. */
  readonly startTokens: readonly number[];
  /** What ends a text. */
  readonly endToken: number;
  /** Tokens of a text, without start and end. */
  encode(text: string): number[];
  /** The text of tokens; start, end and other special tokens have none. */
  decode(tokens: readonly number[]): string;
  /** The text that a token adds to those before it. */
  tokenText(token: number): string;
}

/** Bytes, and what ends a text. */
const byteVocabSize = 257;

/**
 * A token for each byte of a text's UTF-8, and one, 256, for its end.
 *
 * @example
 * ```ts
 * byteTokenizer().encode("5.1"); // [53, 46, 49]
 * ```
 */
export function byteTokenizer(): Tokenizer {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const decode = (tokens: readonly number[]) => decoder.decode(Uint8Array.from(tokens.filter((token) => token < 256)));
  return {
    vocabSize: byteVocabSize,
    startTokens: [],
    endToken: 256,
    encode: (text) => Array.from(encoder.encode(text)),
    decode,
    tokenText: (token) => (token < 128 ? String.fromCharCode(token) : ""),
  };
}

/** The printable character that byte-level BPE writes for each byte. */
function byteCharacters(): string[] {
  const plain = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(plain(byte) ? byte : next++));
}

/** {@link byteTokenizer} as the content of a tokenizer.json, for other tools. */
export function byteTokenizerJson(): Readonly<Record<string, unknown>> {
  const end = "<|endoftext|>";
  const vocab = Object.fromEntries([...byteCharacters(), end].map((text, id) => [text, id]));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      { id: 256, content: end, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: "BPE", dropout: null, unk_token: null, fuse_unk: false, vocab, merges: [] },
  };
}
