/** Weights outside of messages: bytes by key, whose SHA-256 travels with the key. @module */
import { RunError } from "../../core/index.ts";
import { sha256 } from "../../storage/index.ts";

/** Where blobs lie. Keys are paths of letters, digits, `-`, `.` and `/`. */
export interface BlobStore {
  /** @throws {RunError} where the bytes cannot be kept: disk or memory full, no permission, no connection */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, or undefined where there are none. */
  read(key: string): Promise<Uint8Array | undefined>;
  remove(keys: readonly string[]): Promise<void>;
  /** Puts off the end of blobs that would go by themselves: their run lives. */
  renew(keys: readonly string[]): Promise<void>;
  /** Removes every key that begins with `folder` and a slash. */
  clear(folder: string): Promise<void>;
}

/** A blob, as messages name it. */
export interface BlobReference {
  readonly key: string;
  readonly sha256: string;
  /** Length. */
  readonly bytes: number;
}

/** Writes `bytes` under a key that begins with `path` and ends with their hash: writing the same twice changes nothing. */
export async function putBlob(store: BlobStore, path: string, bytes: Uint8Array): Promise<BlobReference> {
  const hash = sha256(bytes);
  const key = `${path}-${hash.slice(0, 16)}`;
  await store.write(key, bytes);
  return { key, sha256: hash, bytes: bytes.byteLength };
}

/**
 * The bytes that `reference` names.
 *
 * @throws {RunError} where they are gone, or others than those that were written
 */
export async function getBlob(store: BlobStore, reference: BlobReference): Promise<Uint8Array> {
  const bytes = await store.read(reference.key);
  const found = bytes && sha256(bytes);
  if (bytes && found === reference.sha256) return bytes;
  throw new RunError({
    where: `blob ${reference.key}`,
    expected: `${reference.bytes} bytes with sha256 ${reference.sha256.slice(0, 12)}…`,
    found: bytes ? `${bytes.byteLength} bytes with ${found!.slice(0, 12)}…` : "nothing",
    hint: "it was removed or damaged: go on from the run's last checkpoint",
  });
}
