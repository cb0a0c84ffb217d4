/** Byte-pair encoding by scores, as SentencePiece trains it and llama2.c runs it. @module */
import type { Tokenizer } from "./tokenizer.ts";

/** A token's text, and how gladly two pieces are merged to it. */
export interface ScoredPiece {
  readonly text: string;
  readonly score: number;
}

/** Tokens 0, 1 and 2 are unknown, start and end; then come the 256 bytes. */
const firstByte = 3;
const startToken = 1;
const endToken = 2;

/**
 * A tokenizer from pieces with scores: characters, or their bytes where there is no such piece, are merged, the pair with the best score
 * first. A text is read as if a space stood before it.
 */
export function scoredTokenizer(pieces: readonly ScoredPiece[]): Tokenizer {
  const idOf = new Map(pieces.map(({ text }, id) => [text, id]));
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const byteOf = (token: number) => (token >= firstByte && token < firstByte + 256 ? token - firstByte : undefined);

  function encode(text: string): number[] {
    if (text === "") return [];
    const tokens = Array.from(` ${text}`).flatMap((character) => {
      const id = idOf.get(character);
      return id === undefined ? Array.from(encoder.encode(character), (byte) => byte + firstByte) : [id];
    });
    for (;;) {
      let best = { score: Number.NEGATIVE_INFINITY, at: -1, id: -1 };
      for (let i = 0; i + 1 < tokens.length; i++) {
        const id = idOf.get(pieces[tokens[i]!]!.text + pieces[tokens[i + 1]!]!.text);
        if (id !== undefined && pieces[id]!.score > best.score) best = { score: pieces[id]!.score, at: i, id };
      }
      if (best.at < 0) return tokens;
      tokens.splice(best.at, 2, best.id);
    }
  }

  function bytesOf(token: number): Uint8Array {
    if (token === startToken || token === endToken) return new Uint8Array();
    const byte = byteOf(token);
    return byte === undefined ? encoder.encode(pieces[token]!.text) : Uint8Array.of(byte);
  }

  return {
    vocabSize: pieces.length,
    startTokens: [startToken],
    endToken,
    encode,
    decode(tokens) {
      const bytes = tokens.flatMap((token) => Array.from(bytesOf(token)));
      const text = decoder.decode(Uint8Array.from(bytes));
      return tokens[0] === startToken ? text.replace(/^ /, "") : text;
    },
    tokenText: (token) => decoder.decode(bytesOf(token)),
  };
}
