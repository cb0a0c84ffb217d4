/** The digits that come with the package, as the page fetches them. @module */
import { core, data } from "../../../browser/index.ts";

/** Pixels of an image, and the largest value of one in the file. */
const [pixels, highest] = [64, 16];

/** Text of a file, unpacked where it still is a gzip: some servers unpack `.gz` files on the way. */
async function readText(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new core.DataError({ where: url, expected: "the digits", found: `status ${response.status}` });
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return new TextDecoder().decode(bytes);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

/**
 * Training and test part of `digits.csv.gz`: the same rows as `loadDataset("digits", { split })` has.
 *
 * @returns inputs float32 [n, 1, 8, 8] in [0, 1], targets int32 [n]
 */
export async function fetchDigits(url: string): Promise<{ train: data.Dataset; test: data.Dataset }> {
  const rows = (await readText(url)).trim().split("\n").slice(1);
  const inputs = new Float32Array(rows.length * pixels);
  const targets = new Int32Array(rows.length);
  for (const [i, row] of rows.entries()) {
    const values = row.split(",").map(Number);
    for (let p = 0; p < pixels; p++) inputs[i * pixels + p] = values[p]! / highest;
    targets[i] = values[pixels]!;
  }
  const all: data.Dataset = {
    name: "digits",
    inputs: core.hostTensor(inputs, [rows.length, 1, 8, 8]),
    targets: core.hostTensor(targets, [rows.length]),
    classes: Array.from({ length: 10 }, (_, digit) => `${digit}`),
    sha256: "",
  };
  const [train, test] = data.splitDataset(all, { fractions: [0.8, 0.2], seed: 0 });
  return { train: train!, test: test! };
}
