import { DataError } from "../../core/index.ts";
import { chunksOf } from "../../data/index.ts";
import { sha256File } from "../../storage/index.ts";
import { Vocabulary, type WordVectors } from "./vocabulary.ts";

/** Bytes of a file, taken a piece at a time. */
class ByteReader {
  readonly #chunks: AsyncGenerator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncGenerator<Uint8Array>) {
    this.#chunks = chunks;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done) return false;
    this.#rest = Buffer.concat([this.#rest, value]);
    return true;
  }

  /** The next `count` bytes; undefined where the file ends before. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#rest.length < count) if (!(await this.#more())) return undefined;
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  /** The bytes up to `end`, which is taken and left out; undefined where it does not come within `limit` bytes. */
  async until(end: number, limit: number): Promise<Buffer | undefined> {
    let at = this.#rest.indexOf(end);
    while (at < 0 && this.#rest.length <= limit && (await this.#more())) at = this.#rest.indexOf(end);
    if (at < 0 || at > limit) return undefined;
    const taken = this.#rest.subarray(0, at);
    this.#rest = this.#rest.subarray(at + 1);
    return taken;
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}

const [space, lineEnd] = [0x20, 0x0a];
/** Longest word, in bytes: what is longer is not a file of word2vec. */
const longestWord = 4096;

/**
 * Word vectors as word2vec writes them with `-binary 1`: a line with the numbers of words and of dimensions, then for each
 * word its bytes, a space, its float32 numbers (little-endian), and in some files a line end.
 */
export async function readBinaryVectors(path: string, maxWords: number, keepCase: boolean): Promise<WordVectors> {
  const bytes = new ByteReader(chunksOf(path));
  try {
    const header = (await bytes.until(lineEnd, 64))?.toString("latin1");
    const counts = /^(\d+) (\d+)\r?$/.exec(header ?? "");
    const [rows, dim] = [Number(counts?.[1]), Number(counts?.[2])];
    if (!counts || dim < 1) {
      const expected = "word2vec's binary vectors: a first line with the numbers of words and dimensions";
      throw new DataError({ where: path, expected, found: `"${(header ?? "").slice(0, 40)}"` });
    }
    const vocabulary = new Vocabulary(path, keepCase);
    for (let row = 0; row < Math.min(rows, maxWords); row++) {
      const word = await bytes.until(space, longestWord);
      const numbers = word && (await bytes.take(4 * dim));
      if (!numbers) {
        const hint = "the file is cut short, or is not of word2vec: fetch it again";
        throw new DataError({ where: path, expected: `${rows} rows, as its header says`, found: `${row}`, hint });
      }
      const vector = Float32Array.from({ length: dim }, (_, i) => numbers.readFloatLE(4 * i));
      vocabulary.add(word.toString("utf8").replace(/^\n/, ""), vector);
    }
    const cut = rows > maxWords;
    const rest = cut ? undefined : await bytes.take(2);
    if (rest) {
      const hint = "the file was put together from others, or is text: name text .vec";
      throw new DataError({
        where: path,
        expected: `${rows} rows of ${dim} numbers, as its header says`,
        found: "more",
        hint,
      });
    }
    return vocabulary.finish(dim, await sha256File(path), cut);
  } finally {
    await bytes.close();
  }
}
