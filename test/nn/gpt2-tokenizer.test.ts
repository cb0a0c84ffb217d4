import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { readTokenizer, type Tokenizer } from "../../src/data/index.ts";
import { describeWithShared } from "../shared.ts";

const hard = [
  "Hello, world!",
  "<|endoftext|> between <|endoftext|>texts",
  "don't won't I'LL they've it's IT'S o'clock ''s",
  " leading, trailing ",
  "many    spaces\t\ttabs \n\n lines\r\n  \r ends   ",
  "3.14159 1e-5 -007 1,234,567.89 0x1F ½ Ⅷ ٣",
  "x1=5.1, x2=3.5 ### petal@@@ When we have age 39 ... what is it? ###",
  "naïve café — “quotes” … ﬁne Straße İstanbul ΑΩ",
  "combining e\u0301 a\u030a; zero\u200bwidth \u00a0no break\u00ad soft",
  "日本語のテキスト 中文字符 한국어 ไทย हिन्दी",
  "שלום العربية ‏mixed‎ directions",
  "👍🏽 👨‍👩‍👧‍👦 🇩🇪 🏳️‍🌈 \u{1d54f}",
  "\u0000\u0001\u007f\u0080\ufeff control",
  "https://example.org/a_b?c=%20d#e user@example.org C:\\path\\file.txt",
  "if (a[i] != b->c) { return ~x ^ y; } // comment",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism",
  "",
  " ",
  "\n",
];

/** Byte-pair encoding as GPT-2's encoder.py has it, which reads nothing but the two files. */
function encoderOf(vocab: ReadonlyMap<string, number>, merges: readonly string[]): (text: string) => number[] {
  const ranks = new Map(merges.map((merge, rank) => [merge, rank]));
  const visible = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const shown = new Set([...visible(0x21, 0x7e), ...visible(0xa1, 0xac), ...visible(0xae, 0xff)]);
  let moved = 0;
  const letters = Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(shown.has(byte) ? byte : 256 + moved++),
  );
  const pieces = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
  const joinPairs = (piece: string): string[] => {
    let word = Array.from(new TextEncoder().encode(piece), (byte) => letters[byte]!);
    for (;;) {
      const pairs = word.slice(1).map((right, i) => ranks.get(`${word[i]} ${right}`) ?? Number.POSITIVE_INFINITY);
      const best = Math.min(...pairs);
      if (!Number.isFinite(best)) return word;
      const joined: string[] = [];
      for (let i = 0; i < word.length; i++) joined.push(pairs[i] === best ? `${word[i]}${word[++i]}` : word[i]!);
      word = joined;
    }
  };
  return (text) =>
    text
      .split(/(<\|endoftext\|>)/)
      .flatMap((part) => (part === "<|endoftext|>" ? [part] : (part.match(pieces) ?? []).flatMap(joinPairs)))
      .map((token) => vocab.get(token)!);
}

describeWithShared("GPT-2's tokenizer", (path) => {
  const folder = mkdtempSync(join(tmpdir(), "tenfold-gpt2-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const text = (name: string) => gunzipSync(readFileSync(path(`gpt2-bpe/${name}`))).toString("utf8");

  async function read(): Promise<{ tokenizer: Tokenizer; encode: (text: string) => number[] }> {
    const vocab = JSON.parse(text("vocab.json.gz")) as Record<string, number>;
    const merges = text("merges.txt.gz")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#version"));
    const special = { id: 50256, content: "<|endoftext|>", special: true, normalized: true };
    const content = {
      version: "1.0",
      added_tokens: [{ ...special, single_word: false, lstrip: false, rstrip: false }],
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true },
      post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true },
      model: { type: "BPE", continuing_subword_prefix: "", end_of_word_suffix: "", fuse_unk: false, vocab, merges },
    };
    writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(content));
    const names = { bos_token: special.content, eos_token: special.content, tokenizer_class: "GPT2Tokenizer" };
    writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(names));
    return { tokenizer: await readTokenizer(folder), encode: encoderOf(new Map(Object.entries(vocab)), merges) };
  }

  test("gives the ids of GPT-2's own encoder on hard texts, and reads them back", { timeout: 120_000 }, async () => {
    const { tokenizer, encode } = await read();
    expect(tokenizer.encode("Hello, world!")).toEqual([15496, 11, 995, 0]);
    expect(tokenizer.endToken).toBe(50256);
    for (const one of hard) {
      expect(tokenizer.encode(one), one).toEqual(encode(one));
      if (!one.includes("<|")) expect(tokenizer.decode(tokenizer.encode(one)), one).toBe(one);
    }
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (one) => {
        expect(tokenizer.encode(one)).toEqual(encode(one));
      }),
      { numRuns: 300 },
    );
  });
});
