/** Files: atomic writes, hashes, safetensors, TensorBoard events. @module */
export {
  /** Makes sure that a folder exists and is empty. */
  ensureEmptyDirectory,
  /** Makes a folder and those it lies in. */
  makeFolder,
  /** The error for a file that cannot be read. */
  readFailure,
  /** All bytes of a file. */
  readFileBytes,
  replaceFolder,
  /** Makes sure that a file would be a new one. */
  requireNewFile,
  /** Makes sure that a run is not written over. */
  requireOutside,
  requireReplaceable,
  /** SHA-256 of bytes or text, as hex. */
  sha256,
  /** SHA-256 of a file, as hex. */
  sha256File,
  /** The error for a file that cannot be written. */
  writeFailure,
  /** Writes a file whole or not at all. */
  writeFileAtomic,
} from "./files.ts";
/** Writes NumPy's array files. */
export { encodeNpy, writeNpy } from "./npy.ts";
export {
  /** Tensors from the bytes of a safetensors file. */
  decodeSafetensors,
  /** The bytes of a safetensors file. */
  encodeSafetensors,
  /** Reads a safetensors file. */
  readSafetensors,
  /** What a safetensors file holds. */
  type Safetensors,
  /** Writes a safetensors file. */
  writeSafetensors,
} from "./safetensors.ts";
/** Appends scalars to a TensorBoard event file. */
export { TensorBoardWriter } from "./tensorboard.ts";
