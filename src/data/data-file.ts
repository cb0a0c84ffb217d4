/**
 * Reading data files as streams: decompressed where they are gzip (told by their first bytes, not their names), hashed as
 * they lie on disk, and checked to be whole.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline as pipe } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { DataError, TenfoldError } from "../core/index.ts";
import { readFailure, sha256 } from "../storage/index.ts";

/** What is known of a file once it is read to its end. */
export interface DataFile {
  /** SHA-256 of the bytes on disk, compressed as they are. */
  readonly sha256: string;
  /** Whether the file is gzip. */
  readonly gzip: boolean;
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b;
  } finally {
    await file.close();
  }
}

function dataFileFailure(path: string, error: unknown): TenfoldError {
  if (error instanceof TenfoldError) return error;
  if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) {
    const hint = "the file is damaged or cut short: fetch it again";
    return new DataError({ where: path, expected: "a whole gzip file", found: error.message, hint, cause: error });
  }
  return readFailure(path, error);
}

/**
 * The (decompressed) bytes of a file as far as they are asked for: the file is closed where reading stops early.
 *
 * @throws {DataError} where the file cannot be read, or is gzip that is damaged or cut short
 */
export async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    const gzip = await isGzip(path);
    const file = createReadStream(path, { highWaterMark: 1 << 18 });
    // An error of the file is handed on, and thrown by whoever reads.
    const source = gzip ? pipe(file, createGunzip({ chunkSize: 1 << 18 }), () => {}) : file;
    yield* source as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw dataFileFailure(path, error);
  }
}

/**
 * Hands the (decompressed) bytes of a file to `consume`, which must read them to their end.
 *
 * @throws {DataError} where the file cannot be read, or is gzip that is damaged or cut short
 */
export async function streamDataFile(
  path: string,
  consume: (chunks: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<DataFile> {
  const hash = createHash("sha256");
  async function* hashed(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  }
  try {
    const gzip = await isGzip(path);
    const source = createReadStream(path, { highWaterMark: 1 << 18 });
    if (gzip) await pipeline(source, hashed, createGunzip({ chunkSize: 1 << 18 }), consume);
    else await pipeline(source, hashed, consume);
    return { sha256: hash.digest("hex"), gzip };
  } catch (error) {
    throw dataFileFailure(path, error);
  }
}

/**
 * All (decompressed) bytes of a file.
 *
 * @throws {DataError} where the file cannot be read, or is gzip that is damaged or cut short
 */
export async function readDataFile(path: string): Promise<DataFile & { bytes: Uint8Array }> {
  const chunks: Uint8Array[] = [];
  const file = await streamDataFile(path, async (source) => {
    for await (const chunk of source) chunks.push(chunk);
  });
  return { ...file, bytes: Buffer.concat(chunks) };
}

/** The lines of UTF-8 text, a batch per chunk, without their line ends; the last line may be empty. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield lines;
  }
  yield [rest + decoder.decode()];
}

/** The hash that names several files together: the files' own hash where there is one, else SHA-256 of their list. */
export function combineHashes(hashes: readonly string[]): string {
  return hashes.length === 1 ? hashes[0]! : sha256(hashes.join("\n"));
}
