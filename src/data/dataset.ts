import type { HostTensor } from "../core/index.ts";

/** Examples to learn from: row `i` of `inputs` goes with row `i` of `targets`. */
export interface Dataset {
  /** Name for reports, such as `digits` or the file's base name. */
  readonly name: string;
  /** float32 [n, ...]: images are [n, channels, height, width] in [0, 1]; tables are [n, features]. */
  readonly inputs: HostTensor;
  /** int32 [n] class numbers, or float32 [n] values where `classes` is absent. */
  readonly targets: HostTensor;
  /** Names of the classes, in the order of their numbers. Absent for regression. */
  readonly classes?: readonly string[];
  /** Names of the columns of a table. */
  readonly features?: readonly string[];
  /** SHA-256 of the bytes that were read, as hex: the identity of the data in run folders. */
  readonly sha256: string;
}
