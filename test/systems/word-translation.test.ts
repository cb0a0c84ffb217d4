import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HostTensor, hostTensor, Random } from "../../src/core/index.ts";
import { readNpy } from "../../src/data/index.ts";
import { encodeNpy } from "../../src/storage/index.ts";
import {
  claims,
  type Diagnosis,
  type Evaluation,
  encodeWordVectors,
  type LookedUp,
  makeWorld,
  type Rows,
  readWordVectors,
  wordTranslation,
} from "../../src/systems/word-translation/index.ts";
import { describeWith, pythonOnnx } from "../programs.ts";
import { roomCommand } from "../room-command.ts";
import { describeWithShared } from "../shared.ts";

const { printed, run, runJson } = roomCommand(wordTranslation);
let folder = "";
const path = (name: string) => join(folder, name);
const write = async (name: string, content: string | Uint8Array) => {
  await writeFile(path(name), content);
  return path(name);
};

/** What a command that must fail says. */
async function problem(...words: string[]): Promise<string> {
  await run(...words);
  expect(process.exitCode).toBe(2);
  expect(printed.errors.trimEnd().split("\n")).toHaveLength(1);
  return printed.errors.replaceAll(folder, "");
}

const world = makeWorld({ concepts: 120, images: 200, scenes: 2000, dim: 20 }, 5);
const { source, target, fingerprints } = world.input;
const tensorOf = ({ data, count, dim }: Rows): HostTensor => hostTensor(data, [count, dim]);
const goldText = (targetName = (word: string) => word) =>
  Array.from(
    world.gold.target,
    (t, i) => `${source.words[world.gold.source[i]!]}\t${targetName(target.words[t]!)}`,
  ).join("\n");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-translate-"));
  await write("s.vec", encodeWordVectors(source.words, source.rows.data, source.rows.dim));
  await write("t.vec.gz", gzipSync(encodeWordVectors(target.words, target.rows.data, target.rows.dim)));
  await write("s.npy", encodeNpy(tensorOf(fingerprints.source)));
  await write("t.npy.gz", gzipSync(encodeNpy(tensorOf(fingerprints.target))));
  await write("gold.txt", goldText());
});
afterAll(() => rm(folder, { recursive: true }));

const files = () => ["--source", path("s.vec"), "--target", path("t.vec.gz")];
const images = () => ["--source-fingerprints", path("s.npy"), "--target-fingerprints", path("t.npy.gz")];

interface Aligned {
  start: string;
  notes: string[];
  choice: { map: string; iterations: number; imageWeight: number; heldOut: string; agreement: number };
  diagnosis: Diagnosis;
}

async function align(out: string, ...more: string[]): Promise<Aligned> {
  return runJson<Aligned>("align", "--out", path(out), ...more);
}

const evaluate = (out: string, gold = "gold.txt") => runJson<Evaluation>("evaluate", path(out), "--gold", path(gold));
const tensorsOf = (out: string) => readFile(join(path(out), "translations.safetensors"));

describe("from vectors and fingerprints to a dictionary", () => {
  it("finds nearly all words of the small world, tells what it chose, and the same again from the same seed", async () => {
    const found = await align("run", ...files(), ...images());
    expect(found.start).toBe("images");
    expect(found.choice.heldOut).toBe("images");
    expect(found.choice.agreement).toBeGreaterThan(0.3);
    expect(found.choice.imageWeight).toBeGreaterThan(0);
    expect(found.diagnosis.mutualRate).toBeGreaterThan(0.8);
    expect(found.notes.join()).toContain("no lists of images");
    const score = await evaluate("run");
    expect(score["p@1"]).toBeGreaterThan(0.9);
    expect(score).toMatchObject({ coverage: 1, candidates: 120, goldWords: 120, words: 120 });
    expect(score.visual!["p@1"]).toBeGreaterThan(0.9);
    await align("again", ...files(), ...images());
    expect(await tensorsOf("again")).toEqual(await tensorsOf("run"));
  });

  it("looks words up in both directions, and knows a misspelt one", async () => {
    const { words } = await runJson<{ words: LookedUp[] }>("lookup", path("run"), "W3", "v3", "--k", "20");
    expect(words[0]!.toTarget![0]!.word).toBe("v3");
    expect(words[0]!.toSource).toBeNull();
    expect(words[0]!.toTarget).toHaveLength(10);
    expect(words[1]!.toSource![0]!.word).toBe("w3");
    expect(await problem("lookup", path("run"), "w3x")).toMatch(
      /"w3x": expected a word of the 120 source .* Hint: did you mean w3/,
    );
  });

  it("exports TSV, MUSE, TEI and vectors, and does not overwrite", async () => {
    const names = ["--tsv", path("d.tsv"), "--muse", path("d.txt"), "--tei", path("d.xml"), "--vec", path("mapped")];
    await run("export", path("run"), "--mutual", ...names);
    const tsv = (await readFile(path("d.tsv"), "utf8")).trimEnd().split("\n");
    expect(tsv[0]).toBe("source\ttarget\tscore\trank\tmutual");
    expect(tsv[1]).toMatch(/^w0\tv0\t-?\d\.\d{4}\t1\t1$/);
    const muse = (await readFile(path("d.txt"), "utf8")).trimEnd().split("\n");
    expect(muse).toHaveLength(tsv.length - 1);
    expect(muse[0]).toBe("w0 v0");
    expect(await readFile(path("d.xml"), "utf8")).toContain("<orth>w0</orth>");
    const mapped = await readWordVectors(path("mapped.target.vec"));
    expect(mapped.words).toEqual(target.words);
    expect(await problem("export", path("run"), "--tsv", path("d.tsv"))).toMatch(/expected a new file.*--force/);
    expect(await problem("export", path("run"))).toContain("--tsv FILE, --muse FILE, --tei FILE or --vec NAME");
  });

  it("compares starts, with a gold dictionary and without", async () => {
    interface Row {
      name: string;
      "p@1": number | null;
      agreement: number | null;
      sameAsRun: number | null;
    }
    const { rows } = await runJson<{ rows: Row[] }>("compare", path("run"), "--gold", path("gold.txt"), "--folds", "3");
    const byName = new Map(rows.map((row) => [row.name, row]));
    expect([...byName.keys()]).toEqual([
      "this run",
      "start from images, vectors alone",
      "start from random, vectors alone",
      "fingerprints alone",
      "seed dictionary, 3 folds, vectors alone",
    ]);
    expect(byName.get("this run")!["p@1"]).toBeGreaterThan(byName.get("start from images, vectors alone")!["p@1"]!);
    expect(byName.get("start from random, vectors alone")!["p@1"]).toBeLessThan(0.1);
    expect(byName.get("start from random, vectors alone")!.agreement).toBeLessThan(0.05);
    const without = await runJson<{ rows: Row[] }>("compare", path("run"));
    expect(without.rows.every((row) => row["p@1"] === null)).toBe(true);
    expect(without.rows[1]!.sameAsRun).toBeGreaterThan(0.5);
  });

  it("refuses a folder that has something in it, and a run whose words were changed", async () => {
    expect(await problem("align", ...files(), ...images(), "--out", path("run"))).toMatch(
      /a new or empty folder.*--force/,
    );
    await align("changed", ...files(), "--start", "random", "--no-choose", "--iterations", "1");
    await writeFile(join(path("changed"), "target.words.txt"), "other\n");
    expect(await problem("evaluate", path("changed"), "--gold", path("gold.txt"))).toContain("the words of the run");
    expect(await problem("evaluate", folder, "--gold", path("gold.txt"))).toMatch(/run.json: expected a readable file/);
  });
});

describe("what must not matter, and what must", () => {
  const quick = ["--no-choose", "--iterations", "2"];
  const shuffledImages = (rows: Rows, random: Random): Rows => {
    const order = random.permutation(rows.dim);
    const data = rows.data.map((_, i) => rows.data[i - (i % rows.dim) + order[i % rows.dim]!]!);
    return { ...rows, data };
  };

  it("images in another order, the same for both, give the same bytes; for one alone, chance", async () => {
    await align("plain", ...files(), ...images(), ...quick);
    await write("s2.npy", encodeNpy(tensorOf(shuffledImages(fingerprints.source, new Random(1)))));
    await write("t2.npy", encodeNpy(tensorOf(shuffledImages(fingerprints.target, new Random(1)))));
    const both = ["--source-fingerprints", path("s2.npy"), "--target-fingerprints", path("t2.npy")];
    await align("both", ...files(), ...both, ...quick);
    expect(await tensorsOf("both")).toEqual(await tensorsOf("plain"));
    await align("one", ...files(), ...both.with(3, path("t.npy.gz")), ...quick);
    expect((await evaluate("one"))["p@1"]).toBeLessThan(0.1);
  });

  it("names of words do not matter: renamed and put in another order, each word has the same translation", async () => {
    const order = new Random(2).permutation(target.words.length);
    const move = ({ data, count, dim }: Rows): Rows => {
      const moved = new Float32Array(data.length);
      order.forEach((from, to) => {
        moved.set(data.subarray(from * dim, (from + 1) * dim), to * dim);
      });
      return { data: moved, count, dim };
    };
    const renamed = (word: string) => `語${word.slice(1)}`;
    const words = Array.from(order, (from) => renamed(target.words[from]!));
    await write("renamed.vec", encodeWordVectors(words, move(target.rows).data, target.rows.dim));
    await write("renamed.npy", encodeNpy(tensorOf(move(fingerprints.target))));
    await write("renamed.txt", goldText(renamed));
    const inputs = [...files().with(3, path("renamed.vec")), ...images().with(3, path("renamed.npy"))];
    await align("renamed", ...inputs, ...quick);
    const [before, after] = [await evaluate("plain"), await evaluate("renamed", "renamed.txt")];
    expect(after["p@1"]).toBeCloseTo(before["p@1"], 2);
    expect(after.mrr).toBeCloseTo(before.mrr, 2);
  });

  it("a gold dictionary may have several targets a word, words that are not known, and capitals", async () => {
    await write("some.txt", "W0\tv0\nw0\tv7\r\nw1 v1\nnowhere\tv2\nw2\tnowhere\n\n");
    const found = await evaluate("plain", "some.txt");
    expect(found).toMatchObject({ goldWords: 4, words: 2, coverage: 0.5 });
    expect(found["p@1OfAll"]).toBeCloseTo(found["p@1"] / 2, 9);
    await write("none.txt", "x\ty\n");
    expect(await evaluate("plain", "none.txt")).toMatchObject({ words: 0, coverage: 0, "p@1": 0 });
  });

  it("starts from a dictionary, from identical words and from numerals", async () => {
    await write("seeds.txt", goldText().split("\n").slice(0, 60).join("\n"));
    const seeded = await align("seeded", ...files(), "--seed-dictionary", path("seeds.txt"));
    expect(seeded).toMatchObject({ start: "dictionary", choice: { heldOut: "words", imageWeight: 0 } });
    expect((await evaluate("seeded"))["p@1"]).toBeGreaterThan(0.5);
    expect((await evaluate("seeded")).visual).toBeNull();
    const shared = target.words.map((word, i) => (i % 2 === 0 ? word.replace("v", "w") : `${100 + i}`));
    await write("shared.vec", encodeWordVectors(shared, target.rows.data, target.rows.dim));
    const inputs = [...files().with(3, path("shared.vec")), ...quick];
    expect((await align("identical", ...inputs, "--start", "identical")).diagnosis.startPairs).toBe(60);
    expect(await problem("align", ...inputs, "--start", "numerals", "--out", path("x"))).toContain(
      "start from numerals: expected at least one pair",
    );
    expect(existsSync(join(path("x"), "run.json"))).toBe(false);
  });

  it("says when a start has found nothing, and when pairs are few", async () => {
    const { diagnosis } = await align(
      "lost",
      ...files(),
      ...images(),
      "--start",
      "random",
      "--image-words",
      "0",
      "--iterations",
      "1",
    );
    expect(diagnosis.warnings.join("\n")).toMatch(/of \d+ words held out .*(not aligned|many wrong)/);
    await write("two.txt", goldText().split("\n").slice(0, 5).join("\n"));
    const few = await align("few", ...files(), "--seed-dictionary", path("two.txt"), ...quick);
    expect(few.diagnosis.warnings.join("\n")).toContain(
      "5 pairs to start from are few for 20 dimensions (fewer than 40)",
    );
  });

  it("each option for the map, the schedule and retrieval makes a dictionary", async () => {
    const variants = [
      ["--map", "orthogonal", "--compat"],
      ["--map", "ridge"],
      ["--refine", "paper"],
      ["--retrieval", "cosine"],
      ["--visual", "top2"],
    ];
    for (const [at, variant] of variants.entries()) {
      await align(`variant${at}`, ...files(), ...images(), ...quick, ...variant);
      expect((await evaluate(`variant${at}`))["p@1"]).toBeGreaterThan(0.4);
    }
  });
});

describe("bad input", () => {
  const complain = async (name: string, content: string | Uint8Array, ...more: string[]) =>
    problem(
      "align",
      "--source",
      await write(name, content),
      "--target",
      path("t.vec.gz"),
      "--start",
      "random",
      "--out",
      path("bad"),
      ...more,
    );

  it.each([
    ["more rows than the header says", "1 2\na 1 2\nb 1 2\n", /expected 1 rows, as its header says, found 2/],
    ["fewer rows than the header says", "3 2\na 1 2\nb 1 2\n", /expected 3 rows, as its header says, found 2/],
    ["a row cut short", "2 3\na 1 2 3\nb 1 2\n", /line 3: expected a word and 3 numbers, found 3 fields/],
    ["a word for a number", "1 2\na 1 two\n", /line 2: expected a word and 2 numbers, found "two"/],
    ["NaN", "2 2\na 1 2\nb nan 2\n", /row 2 \("b"\): expected finite numbers, found NaN at position 1/],
    ["infinity", "1 2\na 1 Infinity\n", /found Infinity at position 2/],
    ["zeros alone", "2 2\na 0 0\nb 0 0\n", /expected at least one word with a vector, found none/],
    ["nothing", "", /expected at least one word with a vector, found none/],
    ["no vectors", "hello\nworld\n", /line 1: expected word vectors as text/],
    ["other dimensions", "1 2\na 1 2\n", /expected vectors of the same length, found 2 and 20/],
  ])("vectors: %s", async (_, content, message) => {
    expect(await complain("bad.vec", content)).toMatch(message);
    expect(existsSync(join(path("bad"), "run.json"))).toBe(false);
  });

  it("damaged gzip, and no file at all", async () => {
    const whole = gzipSync(encodeWordVectors(source.words, source.rows.data, source.rows.dim));
    expect(await complain("cut.vec.gz", whole.subarray(0, whole.length / 2))).toContain("a whole gzip file");
    expect(
      await problem(
        "align",
        "--source",
        path("none.vec"),
        "--target",
        path("t.vec.gz"),
        "--start",
        "random",
        "--out",
        path("bad"),
      ),
    ).toContain("none.vec: expected a readable file, found nothing there");
  });

  it("words: duplicates after lower-casing, phrases, NFD, CJK, right to left, CRLF, bytes that are no text", async () => {
    const text =
      "9 2\r\nHaus 1 2\r\nhaus 3 4\r\nNew York 5 6\r\ncafe\u0301 1 1\r\ncaf\u00e9 2 2\r\n日本語 1 0\r\nשלום 0 1\r\nzero 0 0\r\n";
    const bytes = Buffer.concat([Buffer.from(text), Buffer.from([0x66, 0xff, 0x20, 0x31, 0x20, 0x31, 0x0d, 0x0a])]);
    const read = await readWordVectors(await write("words.vec", bytes));
    expect(read.words).toEqual(["haus", "new york", "café", "日本語", "שלום"]);
    expect([...read.vectors.subarray(0, 4)]).toEqual([1, 2, 5, 6]);
    expect(read).toMatchObject({ leftOut: { duplicates: 2, zeros: 1, unreadable: 1 }, rowsRead: 9, dim: 2 });
    expect([...read.rows]).toEqual([0, 2, 3, 5, 6]);
    expect((await readWordVectors(path("words.vec"), { keepCase: true })).words).toContain("Haus");
    expect((await readWordVectors(path("words.vec"), { maxWords: 3 })).words).toEqual(["haus", "new york"]);
  });

  it("vectors in NumPy files need the list of their words", async () => {
    await write("v.npy", encodeNpy(tensorOf(source.rows)));
    await write("v.words", `${source.words.join("\n")}\n`);
    const read = await readWordVectors(path("v.npy"), { words: path("v.words") });
    expect(read.words).toEqual(source.words);
    expect(read.vectors).toBeAllclose(source.rows.data);
    await expect(readWordVectors(path("v.npy"))).rejects.toThrow("expected the words of the rows, found numbers alone");
    await write("few.words", "a\nb\n");
    await expect(readWordVectors(path("v.npy"), { words: path("few.words") })).rejects.toThrow(
      "[2, dim], a row for each word",
    );
  });

  it.each([
    ["one field", "dog\n", /line 1: expected two words, .*found 1 field: "dog"/],
    ["three words without a tab", "ice cream eis\n", /found 3 fields.*write a tab/],
    ["nothing", "\n", /expected pairs of words, found none/],
  ])("dictionaries: %s", async (_, content, message) => {
    await write("bad.txt", content);
    expect(await problem("align", ...files(), "--seed-dictionary", path("bad.txt"), "--out", path("bad"))).toMatch(
      message,
    );
  });

  it.each([
    ["rows", [100, 200], /expected \[120, images\], a row for each row of .*found \[100, 200\]/],
    ["images", [120, 150], /expected fingerprints over the same images, found 150 images for the source and 200/],
    ["axes", [24000], /expected \[120, images\]/],
  ])("fingerprints: other numbers of %s", async (_, shape, message) => {
    const size = shape.reduce((product, length) => product * length, 1);
    await write("bad.npy", encodeNpy(hostTensor(new Float32Array(size).fill(0.5), shape)));
    expect(await problem("align", ...files(), ...images().with(1, path("bad.npy")), "--out", path("bad"))).toMatch(
      message,
    );
  });

  it("fingerprints: NaN, all the same, and images in another order", async () => {
    const bad = fingerprints.source.data.slice();
    bad[205] = Number.NaN;
    await write("nan.npy", encodeNpy(hostTensor(bad, [120, 200])));
    const using = (name: string) => [...files(), ...images().with(1, path(name)), "--out", path("bad")];
    expect(await problem("align", ...using("nan.npy"))).toMatch(
      /row 2: expected finite float32 numbers, found NaN at column 6/,
    );
    await write("same.npy", encodeNpy(hostTensor(bad.fill(0.3), [120, 200])));
    expect(await problem("align", ...using("same.npy"))).toContain(
      "words that go with some images more than with others",
    );
    await write("s3.npy", encodeNpy(tensorOf(fingerprints.source)));
    await write("t3.npy", encodeNpy(tensorOf(fingerprints.target)));
    const names = Array.from({ length: 200 }, (_, i) => `${i}.jpg`);
    await write("s3.images.txt", names.join("\n"));
    await write("t3.images.txt", `${names.with(4, "5.jpg").with(5, "4.jpg").join("\n")}\n`);
    const listed = [
      ...files(),
      "--source-fingerprints",
      path("s3.npy"),
      "--target-fingerprints",
      path("t3.npy"),
      "--out",
      path("bad"),
    ];
    expect(await problem("align", ...listed)).toMatch(
      /the same images in the same order, found image 5 is 4.jpg .* 5.jpg/,
    );
    await write("t3.images.txt", "1.jpg\n");
    expect(await problem("align", ...listed)).toContain("expected 200 names of images, found 1");
  });

  it("options that do not belong together", async () => {
    const out = ["--out", path("bad")];
    expect(await problem("align", ...files(), ...out)).toContain(
      "expected something to start from, found nothing. Hint: give --source-fingerprints",
    );
    expect(await problem("align", ...files(), ...images().slice(0, 2), ...out)).toContain("no --target-fingerprints");
    expect(await problem("align", ...files(), "--start", "images", ...out)).toContain("--start images: expected");
    expect(await problem("align", ...files(), "--start", "image", ...out)).toContain("did you mean --start images?");
    expect(await problem("align", ...files(), "--start", "random")).toContain("--out: expected a folder for the run");
  });

  it.each<[string, string[], RegExp]>([
    ["no number", ["--shrinkage", ""], /--shrinkage: expected a number from 0 to 1000, found ""/],
    ["a weight without end", ["--image-weight", "1e308"], /--image-weight: expected a number from 0 to 1000/],
    ["words beside text vectors", ["--source-words", "w.txt"], /--source-words: expected --source FILE.npy beside it/],
    ["--compat beside ridge", ["--compat", "--map", "ridge"], /--compat: expected --map orthogonal beside it/],
    ["iterations without end", ["--iterations", "5000000000"], /--iterations: expected a whole number from 1 to 1000/],
  ])("options: %s", async (_, options, message) => {
    expect(await problem("align", ...files(), "--start", "random", "--out", path("bad"), ...options)).toMatch(message);
  });

  it("replaces a run by a whole one only, and no folder that is not a run", async () => {
    const random = [...files(), "--start", "random", "--no-choose", "--iterations", "1"];
    await align("replaced", ...random);
    const before = await tensorsOf("replaced");
    await write("replaced/notes.txt", "precious");
    await align("replaced", ...random, "--force", "--seed", "3");
    expect(await tensorsOf("replaced")).not.toEqual(before);
    expect(existsSync(path("replaced/notes.txt"))).toBe(false);
    await mkdir(path("inputs"));
    await write("inputs/notes.txt", "precious");
    expect(await problem("align", ...random, "--force", "--out", path("inputs"))).toMatch(
      /inputs: expected a folder that is safe to replace, found one without run.json/,
    );
    expect(await readFile(path("inputs/notes.txt"), "utf8")).toBe("precious");
  });

  it("a run whose files are another's, or whose record lacks something", async () => {
    const random = [...files(), "--start", "random", "--no-choose", "--iterations", "1"];
    await align("exchanged", ...random);
    await align("exchanged-other", ...random, "--seed", "9");
    await writeFile(join(path("exchanged"), "translations.safetensors"), await tensorsOf("exchanged-other"));
    expect(await problem("lookup", path("exchanged"), "w1")).toMatch(
      /expected the translations of the run, found others/,
    );
    await write("exchanged-other/run.json", '{"kind":"word-translation"}');
    expect(await problem("lookup", path("exchanged-other"), "w1")).toMatch(
      /run.json, "seed": expected a run .*, found nothing/,
    );
  });

  it("exports to one file twice, or into the run", async () => {
    await align("exported", ...files(), "--start", "random", "--no-choose", "--iterations", "1");
    const file = path("twice.txt");
    expect(await problem("export", path("exported"), "--tsv", file, "--muse", file)).toContain("a file of its own");
    const own = join(path("exported"), "run.json");
    expect(await problem("export", path("exported"), "--tsv", own, "--force")).toContain("or the run's");
    expect(existsSync(file)).toBe(false);
  });

  it("words that a list of lines cannot hold, and spaces around", async () => {
    const read = await readWordVectors(await write("odd.vec", "5 2\n a  1 2\nb\u0001c 3 4\n\u00a0 1 1\n 2 2\nd 5 6\n"));
    expect(read.words).toEqual(["a", "d"]);
    expect(read.leftOut.unreadable).toBe(3);
    await expect(readWordVectors(await write("odd.vec", "1 2\na 1 2 3\n"))).rejects.toThrow(
      "expected rows of 2 numbers, as its header says, found 3",
    );
  });

  it("dictionaries: gzip is read, other bytes than UTF-8 are refused", async () => {
    await write("gold.txt.gz", gzipSync(goldText()));
    await align("from-gzip", ...files(), "--seed-dictionary", path("gold.txt.gz"), "--no-choose", "--iterations", "1");
    const latin = await write("latin.txt", Buffer.from("dog\thund\nbread\tbr\u00f6tchen\n", "latin1"));
    expect(await problem("align", ...files(), "--seed-dictionary", latin, "--out", path("bad"))).toMatch(
      /line 2: expected UTF-8 text, found other bytes\. Hint: iconv/,
    );
  });

  it("fingerprints: numbers beyond float32, and more rows than words", async () => {
    const huge = Float64Array.from(fingerprints.source.data);
    huge[3] = 1e300;
    await write("huge.npy", encodeNpy(hostTensor(huge, [120, 200])));
    const using = (name: string) => [...files(), ...images().with(1, path(name)), "--out", path("bad")];
    expect(await problem("align", ...using("huge.npy"))).toMatch(/expected finite float32 numbers, found 1e\+300/);
    await write("many.npy", encodeNpy(hostTensor(new Float32Array(121 * 200).fill(0.5), [121, 200])));
    expect(await problem("align", ...using("many.npy"))).toMatch(/expected \[120, images\], .*found \[121, 200\]/);
  });

  it("comparisons that cannot be made", async () => {
    await align("compared", ...files(), "--start", "random", "--no-choose", "--iterations", "1");
    await write("few.txt", "w1\tv1\n");
    expect(await problem("compare", path("compared"), "--gold", path("few.txt"))).toMatch(
      /--gold: expected at least 5 words of the vocabularies, for --folds 5, found 1/,
    );
    const record = JSON.parse(await readFile(path("compared/run.json"), "utf8"));
    await write("compared/run.json", JSON.stringify({ ...record, config: { ...record.config, target: "gone.vec" } }));
    expect(await problem("compare", path("compared"))).toMatch(
      /"config.target": expected the file that the run was made from, found none at gone.vec\. Hint: call it from/,
    );
  });

  it("more translations and neighbours than there are words", async () => {
    const two = (name: string, words: string[]) =>
      write(name, encodeWordVectors(words, Float32Array.of(1, 2, 2, 1, 5, 0), 2));
    await two("three.vec", ["a", "b", "c"]);
    const inputs = ["--source", path("three.vec"), "--target", path("three.vec"), "--start", "identical"];
    await write("abc.txt", "a a\nb b\nc c\n");
    await align(
      "tiny",
      ...inputs.with(5, "dictionary"),
      "--seed-dictionary",
      path("abc.txt"),
      "--no-choose",
      "--neighbours",
      "50",
    );
    expect((await evaluate("tiny", "abc.txt"))["p@10"]).toBe(1);
    const { words } = await runJson<{ words: LookedUp[] }>("lookup", path("tiny"), "a", "--k", "9");
    expect(words[0]!.toTarget).toHaveLength(3);
  });
});

describeWith(pythonOnnx, "fingerprints by a model", () => {
  beforeAll(() => {
    execFileSync(pythonOnnx.probe[0], [fileURLToPath(new URL("tiny-clip.py", import.meta.url)), folder]);
  });

  it("are cosines of words and images, the mean over prompts, with the list of images beside them", async () => {
    await write("colours.txt", "red\nGruen\nblue\n");
    const given = ["--words", path("colours.txt"), "--images", path("images"), "--model", path("model")];
    await run("fingerprint", ...given, "--prompts", "{},a photo of {}", "--batch", "2", "--out", path("f.npy"));
    expect(printed.errors).toBe("");
    const half = Math.SQRT1_2;
    expect(await readNpy(path("f.npy"))).toBeAllclose(
      hostTensor(Float32Array.of(1, 0, 0, half, 0, 1, 0, half, 0, 0, 1, 0), [3, 4]),
      { atol: 1e-6 },
    );
    expect(await readFile(path("f.images.txt"), "utf8")).toBe("1-red.png\n2-green.png\n3-blue.png\n4-yellow.png\n");
    expect((await readNpy(path("f.text.npy"))).shape).toEqual([3, 3]);
    expect(await problem("fingerprint", ...given, "--out", path("f.npy"))).toMatch(/a new file.*--force/);
  });

  it("refuse prompts without a place for the word, folders without images and models without files", async () => {
    const given = (images: string, model: string) => [
      "--words",
      path("colours.txt"),
      "--images",
      images,
      "--model",
      model,
      "--out",
      path("g.npy"),
    ];
    expect(await problem("fingerprint", ...given(path("images"), path("model")), "--prompts", "a photo")).toContain(
      "texts with {} for the word",
    );
    expect(await problem("fingerprint", ...given(path("model"), path("model")))).toContain("none of them an image");
    expect(await problem("fingerprint", ...given(path("images"), path("images")))).toContain("found no config.json");
    expect(await problem("fingerprint", ...given(path("nowhere"), path("model")))).toContain(
      "nowhere: expected a readable file",
    );
    await write(join("images", "5-broken.png"), "no image");
    expect(await problem("fingerprint", ...given(path("images"), path("model")))).toContain(
      "5-broken.png: expected an image",
    );
  });
});

describeWithShared("real vectors", (shared) => {
  const data = (set: string, name: string) => shared(join(set, name));

  it("image-pivot-en-de: at least 16% of all and 36% of visual words, without any known pair", async () => {
    const set = "image-pivot-en-de";
    const vectors = ["--source", data(set, "en.vec.gz"), "--target", data(set, "de.vec.gz")];
    const prints = [
      "--source-fingerprints",
      data(set, "en.fingerprints.npy.gz"),
      "--target-fingerprints",
      data(set, "de.fingerprints.npy.gz"),
    ];
    await align("captions", ...vectors, ...prints, "--no-choose", "--iterations", "1");
    const score = await runJson<Evaluation>("evaluate", path("captions"), "--gold", data(set, "gold.en-de.txt"));
    expect(score.words).toBe(2231);
    expect(score.candidates).toBe(4000);
    expect(score["p@1"]).toBeGreaterThan(0.16);
    expect(score.visual!.words).toBe(703);
    expect(score.visual!["p@1"]).toBeGreaterThan(0.36);
  }, 120_000);

  it("emb-en-de-multi30k: at least 34.5% by CSLS and 30% by cosine from the training dictionary", async () => {
    const set = "emb-en-de-multi30k";
    const given = [
      "--source",
      data(set, "en.vec.gz"),
      "--target",
      data(set, "de.vec.gz"),
      "--seed-dictionary",
      data(set, "dict_train.txt"),
    ];
    for (const [retrieval, least] of [
      ["csls", 0.345],
      ["cosine", 0.3],
    ] as const) {
      await align(
        retrieval,
        ...given,
        "--refine",
        "none",
        "--map",
        "whitened",
        "--no-choose",
        "--retrieval",
        retrieval,
      );
      const score = await runJson<Evaluation>("evaluate", path(retrieval), "--gold", data(set, "dict_test.txt"));
      expect(score.words).toBe(696);
      expect(score["p@1"]).toBeGreaterThanOrEqual(least);
    }
  }, 120_000);

  it("emb-en-it-top1000: at least 25.6% with fewer pairs than dimensions", async () => {
    const set = "emb-en-it-top1000";
    const vectors = [
      "--source",
      data(set, "en_word2vec_googlenews_1000.vec.gz"),
      "--target",
      data(set, "it_wikipedia_w2v_1000.vec.gz"),
    ];
    const found = await align(
      "it",
      ...vectors,
      "--seed-dictionary",
      data(set, "dict_train.txt"),
      "--refine",
      "none",
      "--map",
      "orthogonal",
      "--no-choose",
    );
    expect(found.diagnosis.warnings.join("\n")).toContain("are few for 300 dimensions");
    const score = await runJson<Evaluation>("evaluate", path("it"), "--gold", data(set, "dict_test.txt"));
    expect(score.words).toBe(82);
    expect(score["p@1"]).toBeGreaterThanOrEqual(0.256);
  }, 120_000);

  it("emb-en-ca: vectors of 400 and 300 numbers do not go together", async () => {
    const vectors = ["--source", data("emb-en-ca", "en.vec.gz"), "--target", data("emb-en-ca", "ca.vec.gz")];
    const message = await problem(
      "align",
      ...vectors,
      "--seed-dictionary",
      data("emb-en-ca", "pairs.txt"),
      "--out",
      path("ca"),
    );
    expect(message).toContain("expected vectors of the same length, found 400 and 300");
  });
});

describe("claims", () => {
  // A seed that nothing was tuned on.
  it.each(["W2", "W3", "W4", "W7"])(
    "%s holds",
    async (id) => {
      const claim = claims.find((one) => one.id === id)!;
      const signal = new AbortController().signal;
      const finding = await claim.measure({ scale: "quick", seed: 4711, progress: () => {}, signal });
      expect(finding.found).not.toBe("");
      expect(finding.holds).toBe(true);
    },
    60_000,
  );

  it("W7 says what it misses where there is no data at full scale", async () => {
    const claim = claims.find((one) => one.id === "W7")!;
    const before = process.env.TENFOLD_DATA;
    delete process.env.TENFOLD_DATA;
    const signal = new AbortController().signal;
    await expect(claim.measure({ scale: "full", seed: 0, progress: () => {}, signal })).rejects.toThrow(
      "set TENFOLD_DATA",
    );
    if (before !== undefined) process.env.TENFOLD_DATA = before;
  });
});
