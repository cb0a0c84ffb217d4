import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeWithShared } from "../../test/shared.ts";
import type { Dataset } from "./dataset.ts";
import { loadDataset } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "tenfold-load-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  vi.stubEnv("TENFOLD_DATA", "");
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
});
afterEach(() => vi.unstubAllEnvs());

async function put(name: string, text: string): Promise<string> {
  await mkdir(join(folder, name, ".."), { recursive: true });
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

const countOf = ({ targets, classes }: Dataset) =>
  classes!.map((_, number) => targets.data.filter((target) => target === number).length);

describe("bundled sets", () => {
  it("digits are images in [0, 1], split 80/20 with every class's share", { timeout: 30_000 }, async () => {
    const all = await loadDataset("digits");
    expect(all).toMatchObject({ name: "digits", inputs: { shape: [1797, 1, 8, 8], dtype: "float32" } });
    expect(all.features).toBeUndefined();
    expect(all.classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect([...all.inputs.data.subarray(0, 5)]).toEqual([0, 0, 5 / 16, 13 / 16, 9 / 16]);
    expect(Math.max(...all.inputs.data)).toBe(1);
    const train = await loadDataset("digits", { split: "train" });
    const test = await loadDataset("digits", { split: "test" });
    expect([train, test].map(({ inputs }) => inputs.shape)).toEqual([
      [1438, 1, 8, 8],
      [359, 1, 8, 8],
    ]);
    for (const [number, count] of countOf(all).entries()) {
      expect(Math.abs(countOf(train)[number]! - 0.8 * count)).toBeLessThan(2);
      expect(countOf(train)[number]! + countOf(test)[number]!).toBe(count);
    }
    expect(train.sha256).toBe(all.sha256);
  });

  it("iris and wine are tables as measured", async () => {
    const iris = await loadDataset("iris", { split: "train" });
    expect(iris.inputs.shape).toEqual([120, 4]);
    expect(countOf(iris)).toEqual([40, 40, 40]);
    expect(iris.features).toEqual(["sepal_length", "sepal_width", "petal_length", "petal_width"]);
    const wine = await loadDataset("wine");
    expect(wine.inputs.shape).toEqual([178, 13]);
    expect(wine.classes).toEqual(["1", "2", "3"]);
    expect(wine.inputs.data[0]).toBeCloseTo(14.23);
  });
});

describe("files", () => {
  it("are tables by their ending, and need the label's name", async () => {
    const path = await put("fruit.csv", `weight,kind\n${"1,apple\n2,pear\n".repeat(10)}`);
    const dataset = await loadDataset(path, { split: "test", label: "kind" });
    expect(dataset).toMatchObject({ name: "fruit", classes: ["apple", "pear"], features: ["weight"] });
    expect(countOf(dataset)).toEqual([2, 2]);
    await expect(loadDataset(path)).rejects.toThrow(
      `${path}: expected the name of the column to predict (label), found none. Hint: its columns are weight, kind`,
    );
    const like = await loadDataset(path, { label: "kind" });
    const other = await put("more.csv", "kind,weight\npear,5\n");
    expect([...(await loadDataset(other, { label: "kind", like })).targets.data]).toEqual([1]);
  });

  it("are LIBSVM by their ending or by what is in them", async () => {
    for (const name of ["a.libsvm", "b.svm", "c.txt", "d"]) {
      const path = await put(name, "+1 1:1 3:2\n-1 2:1\n");
      expect(await loadDataset(path)).toMatchObject({
        inputs: { shape: [2, 3] },
        targets: { data: new Int32Array([1, 0]) },
        classes: ["-1", "1"],
      });
    }
    const values = await put("v.svm", "0.5 1:1\n1.5 2:1\n");
    const train = await loadDataset(values);
    expect(train.targets).toEqual({ shape: [2], dtype: "float32", data: new Float32Array([0.5, 1.5]) });
    const narrow = await put("n.svm", "2 1:1\n");
    expect(await loadDataset(narrow, { like: train })).toMatchObject({
      inputs: { shape: [1, 2] },
      targets: { dtype: "float32" },
    });
  });

  it("that are neither are refused", async () => {
    const path = await put("notes.txt", "Dear diary\n1 1:1\n");
    await expect(loadDataset(path)).rejects.toThrow(
      `${path}: expected a .csv, .tsv, .jsonl, .parquet or LIBSVM file, found another ending, and no LIBSVM text`,
    );
  });
});

describe("names and folders", () => {
  it("says of a path that nothing is there", async () => {
    await expect(loadDataset("folder/digitz")).rejects.toThrow(
      "folder/digitz: expected a readable file, found nothing there. Hint: check the path",
    );
  });

  it("does not take another label for a bundled set", async () => {
    await expect(loadDataset("wine", { label: "price" })).rejects.toThrow(
      "wine: expected the label column cultivar, found price. Hint: leave the label out, or give cultivar",
    );
    expect((await loadDataset("wine", { label: "cultivar" })).classes).toHaveLength(3);
  });

  it("lists what there is where a name is not known", async () => {
    await expect(loadDataset("digitz")).rejects.toThrow(
      "data set: expected one of digits, iris, wine, mnist, fashion-mnist, cifar10, a9a, or the path of a file or folder, found digitz. Hint: no file or folder of this name is here either",
    );
  });

  it("says where it looked for a set that is not there, and how to get it", async () => {
    vi.stubEnv("TENFOLD_DATA", join(folder, "env"));
    await expect(loadDataset("mnist", { dataDir: join(folder, "dir") })).rejects.toThrow(
      `mnist: expected its files in a folder mnist of one of ${join(folder, "dir")}, ${join(folder, "env")}, ${join(folder, "cache", "tenfold")}, found none. Hint: fetch it with \`tenfold data get mnist\`, or name a folder with --data-dir or $TENFOLD_DATA`,
    );
  });

  it("looks in dataDir, then $TENFOLD_DATA, then the cache", async () => {
    const row = (label: number) => `${label} 1:1\n${-label} 1:1\n`;
    await put("cache/tenfold/a9a/a9a", row(1));
    await put("env/a9a.txt", row(1) + row(1));
    await put("dir/libsvm/a9a", row(1) + row(1) + row(1));
    const rows = async (dataDir?: string) =>
      (await loadDataset("a9a", { split: "train", ...(dataDir ? { dataDir } : {}) })).inputs.shape;
    expect(await rows()).toEqual([2, 123]);
    vi.stubEnv("TENFOLD_DATA", join(folder, "env"));
    expect(await rows()).toEqual([4, 123]);
    expect(await rows(join(folder, "dir"))).toEqual([6, 123]);
    await expect(loadDataset("a9a", { split: "test" })).rejects.toThrow(
      `${join(folder, "env")}: expected a9a.t, found no such file in the folder`,
    );
  });

  it("does not take one set's files for another's of the same names", async () => {
    await put("mnist/train-images-idx3-ubyte", "");
    await expect(loadDataset("fashion-mnist", { dataDir: join(folder, "mnist") })).rejects.toThrow(
      "fashion-mnist: expected its files in a folder fashion-mnist of one of",
    );
  });

  it("refuses a folder of other things", async () => {
    await put("things/train.csv", "a\n1\n");
    await expect(loadDataset(join(folder, "things"))).rejects.toThrow(
      `${join(folder, "things")}: expected idx files (train-images-idx3-ubyte, …) or CIFAR-10 files (data_batch_1.bin, train*.bin, …), found neither. Hint: name a file rather than the folder?`,
    );
  });
});

describeWithShared("real data sets", (path) => {
  it("MNIST has its published counts", { timeout: 30_000 }, async () => {
    const train = await loadDataset("mnist", { split: "train", dataDir: path("") });
    expect(train.inputs.shape).toEqual([60000, 1, 28, 28]);
    expect(countOf(train)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(train.inputs.data.indexOf(1)).toBeGreaterThan(0);
    const test = await loadDataset(path("mnist"), { split: "test" });
    expect(test.inputs.shape).toEqual([10000, 1, 28, 28]);
    expect(countOf(test)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  it("CIFAR-10 images have their classes and colours", { timeout: 30_000 }, async () => {
    const test = await loadDataset(path("cifar10-subset"), { split: "test" });
    expect(test).toMatchObject({ name: "cifar10-subset", inputs: { shape: [1000, 3, 32, 32] } });
    expect([...test.targets.data.subarray(0, 4)].map((target) => test.classes![target])).toEqual([
      "cat",
      "ship",
      "ship",
      "airplane",
    ]);
    const sums = [0, 0, 0];
    for (let i = 0; i < test.inputs.data.length; i++) sums[Math.floor(i / 1024) % 3]! += test.inputs.data[i]!;
    const means = sums.map((sum) => sum / (1000 * 1024));
    // The published channel means of the whole set are 0.491, 0.482, 0.447.
    for (const [channel, published] of [0.491, 0.482, 0.447].entries())
      expect(means[channel]).toBeCloseTo(published, 1);
  });

  it("a9a is as wide in its test part as in its training part", async () => {
    const test = await loadDataset("a9a", { split: "test", dataDir: path("libsvm") });
    expect(test).toMatchObject({ inputs: { shape: [16281, 123] }, classes: ["-1", "1"] });
  });

  it("tables of all kinds load", { timeout: 30_000 }, async () => {
    const boston = await loadDataset(path("tabular/boston_housing.csv"), { label: "class", split: "test" });
    expect(boston).toMatchObject({ inputs: { shape: [101, 13] }, targets: { dtype: "float32" } });
    const cars = await loadDataset(path("tabular/car_evaluation.csv"), { label: "class" });
    expect(cars).toMatchObject({ inputs: { shape: [1728, 21] }, classes: ["acc", "good", "unacc", "vgood"] });
  });
});
