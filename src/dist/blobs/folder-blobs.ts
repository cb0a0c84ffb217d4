import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../../core/index.ts";
import { makeFolder, readFileBytes, writeFileAtomic } from "../../storage/index.ts";
import type { BlobStore } from "./blob-store.ts";

/** Blobs as files in a folder that all machines see. */
export function folderBlobs(folder: string): BlobStore {
  const remove = (key: string) => rm(join(folder, key), { force: true });
  return {
    async write(key, bytes) {
      const path = join(folder, key);
      await makeFolder(dirname(path));
      await writeFileAtomic(path, bytes);
    },
    async read(key) {
      try {
        return await readFileBytes(join(folder, key));
      } catch (error) {
        if (error instanceof DataError) return undefined;
        throw error;
      }
    },
    async remove(keys) {
      await Promise.all(keys.map(remove));
    },
    // Files stay until they are removed.
    async renew() {},
    clear: (name) => rm(join(folder, name), { recursive: true, force: true }),
  };
}
