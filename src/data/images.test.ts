import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { imageLayout, readCifarFolder, readIdxFolder } from "./images.ts";

const folder = mkdtempSync(join(tmpdir(), "tenfold-images-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  await rm(folder, { recursive: true });
  await mkdir(folder);
});

const put = (name: string, bytes: Uint8Array) => writeFile(join(folder, name), bytes);

/** An idx file of unsigned bytes. */
function idx(shape: readonly number[], values: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((size) => [0, 0, 0, size]), ...values]);
}

/** A CIFAR file of images that are all one value. */
function cifar(...images: [label: number, value: number][]): Uint8Array {
  return Buffer.concat(images.map(([label, value]) => Uint8Array.from([label, ...new Uint8Array(3072).fill(value)])));
}

describe("readIdxFolder", () => {
  it("joins images and labels, scaled to [0, 1], with the numbers there are as classes", async () => {
    await put("train-images-idx3-ubyte.gz", gzipSync(idx([2, 1, 2], [0, 255, 51, 102])));
    await put("train-labels-idx1-ubyte", idx([2], [2, 0]));
    await put("t10k-images.idx3-ubyte", idx([1, 1, 2], [255, 0]));
    await put("t10k-labels.idx1-ubyte", idx([1], [1]));
    const train = await readIdxFolder(folder, ["train"], "x");
    expect(train.inputs.shape).toEqual([2, 1, 1, 2]);
    expect([...train.inputs.data]).toEqual([0, 1, 51 / 255, 102 / 255].map(Math.fround));
    expect([...train.targets.data]).toEqual([2, 0]);
    expect(train.classes).toEqual(["0", "1", "2"]);
    const all = await readIdxFolder(folder, ["train", "test"], "x", ["a", "b", "c"]);
    expect(all.inputs.shape).toEqual([3, 1, 1, 2]);
    expect([...all.targets.data]).toEqual([2, 0, 1]);
    expect(all.classes).toEqual(["a", "b", "c"]);
    expect(all.sha256).not.toBe(train.sha256);
  });

  it("says which file is absent, or does not fit", async () => {
    await put("train-images-idx3-ubyte", idx([2, 1, 1], [0, 1]));
    await expect(readIdxFolder(folder, ["train"], "x")).rejects.toThrow(
      `${folder}: expected the train labels, an idx1-ubyte file, found no such file in the folder`,
    );
    await put("train-labels-idx1-ubyte", idx([3], [0, 1, 2]));
    await expect(readIdxFolder(folder, ["train"], "x")).rejects.toThrow(
      `${join(folder, "train-labels-idx1-ubyte")}: expected 2 labels, one per image of ${join(folder, "train-images-idx3-ubyte")}, found 3`,
    );
    await put("train-labels-idx1-ubyte", idx([2, 1], [0, 1]));
    await expect(readIdxFolder(folder, ["train"], "x")).rejects.toThrow(
      "expected unsigned bytes of rank 1, found rank 2",
    );
    await put("train-labels-idx1-ubyte", idx([2], [0, 2]));
    await expect(readIdxFolder(folder, ["train"], "x", ["a", "b"])).rejects.toThrow(
      `${folder}: expected labels of the 2 classes, found 2`,
    );
    await expect(readIdxFolder(folder, ["test"], "x")).rejects.toThrow("expected the test images, an idx3-ubyte file");
  });

  it("refuses parts of different sizes", async () => {
    await put("train-images-idx3-ubyte", idx([1, 1, 2], [0, 1]));
    await put("train-labels-idx1-ubyte", idx([1], [0]));
    await put("test-images-idx3-ubyte", idx([1, 2, 1], [0, 1]));
    await put("test-labels-idx1-ubyte", idx([1], [0]));
    await expect(readIdxFolder(folder, ["train", "test"], "x")).rejects.toThrow(
      `${folder}: expected images of one size, 1x1x2, found 1x2x1`,
    );
  });
});

describe("readCifarFolder", () => {
  it("joins the files of a part in order, each once, with class names", async () => {
    await put("data_batch_2.bin", cifar([2, 255]));
    await put("data_batch_1.bin", cifar([1, 0], [0, 51]));
    await put("data_batch_1.bin.gz", gzipSync(cifar([9, 9])));
    await put("test_batch.bin.gz", gzipSync(cifar([3, 102])));
    const train = await readCifarFolder(folder, ["train"], "c");
    expect(train.inputs.shape).toEqual([3, 3, 32, 32]);
    expect([...train.targets.data]).toEqual([1, 0, 2]);
    expect([0, 3072, 2 * 3072].map((at) => train.inputs.data[at])).toEqual([0, Math.fround(0.2), 1]);
    expect(train.classes![3]).toBe("cat");
    await put("classes.txt", Buffer.from("a\r\nb\nc\nd\n\n"));
    const test = await readCifarFolder(folder, ["test"], "c");
    expect(test.classes).toEqual(["a", "b", "c", "d"]);
    expect([...test.targets.data]).toEqual([3]);
  });

  it("says that a part is absent", async () => {
    await put("data_batch_1.bin", cifar([1, 0]));
    await expect(readCifarFolder(folder, ["test"], "c")).rejects.toThrow(
      `${folder}: expected test*.bin, found no such file in the folder`,
    );
  });
});

it("tells layouts by the files' names", () => {
  expect(imageLayout(["README", "t10k-images-idx3-ubyte.gz"])).toBe("idx");
  expect(imageLayout(["data_batch_1.bin", "batches.meta.txt"])).toBe("cifar");
  expect(imageLayout(["train_4000.bin.gz"])).toBe("cifar");
  expect(imageLayout(["train.csv", "test.csv"])).toBeUndefined();
});
