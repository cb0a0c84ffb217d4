import { ConfigError } from "../core/index.ts";
import type { Dataset } from "./dataset.ts";
import { type LoadOptions, loadDataset } from "./load.ts";
import { splitDataset } from "./split.ts";

/**
 * What to train on and what to test on: the dataset's own parts, or of a table a seeded fifth for the test.
 *
 * @param nameOrPath - as for {@link loadDataset}
 * @throws {ConfigError} where a label column is asked of images; otherwise as {@link loadDataset}
 */
export async function loadParts(
  nameOrPath: string,
  { seed = 0, ...options }: Omit<LoadOptions, "split" | "like"> & { readonly seed?: number } = {},
): Promise<{ train: Dataset; test: Dataset }> {
  const train = await loadDataset(nameOrPath, { ...options, split: "train" });
  if (train.inputs.shape.length === 2) {
    const all = await loadDataset(nameOrPath, { ...options, split: "all" });
    const [most, rest] = splitDataset(all, { seed, stratify: all.classes !== undefined });
    return { train: most!, test: rest! };
  }
  if (options.label !== undefined) {
    throw new ConfigError({
      where: "--label",
      expected: "a table to take the column from",
      found: `images (${train.name})`,
      hint: "images carry their labels: leave --label out",
    });
  }
  return { train, test: await loadDataset(nameOrPath, { ...options, split: "test" }) };
}
