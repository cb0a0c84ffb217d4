/**
 * The files of a tar archive, as far as data sets need it.
 *
 * @module
 */
import { DataError } from "../core/index.ts";

const blockBytes = 512;

function text(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.subarray(start, start + length))
    .toString("latin1")
    .replace(/\0.*$/s, "");
}

/**
 * The regular files of a tar archive by their names without folders.
 *
 * @param bytes - the archive, decompressed; the files are views of it
 * @param where - its name for errors
 * @throws {DataError} where a header's checksum is wrong or the archive ends within a file
 */
export function readTar(bytes: Uint8Array, where: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + blockBytes <= bytes.length; ) {
    const header = bytes.subarray(at, at + blockBytes);
    if (header.every((byte) => byte === 0)) break;
    const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    if (sum !== Number.parseInt(text(header, 148, 8), 8)) {
      throw new DataError({ where, expected: `a tar header at byte ${at}`, found: "a wrong checksum" });
    }
    const name = text(header, 0, 100);
    const size = Number.parseInt(text(header, 124, 12), 8);
    const type = text(header, 156, 1);
    const start = at + blockBytes;
    if (start + size > bytes.length) {
      throw new DataError({ where, expected: `${size} bytes for ${name}`, found: `${bytes.length - start}` });
    }
    if (type === "" || type === "0") files.set(name.replace(/^.*\//, ""), bytes.subarray(start, start + size));
    at = start + Math.ceil(size / blockBytes) * blockBytes;
  }
  return files;
}
