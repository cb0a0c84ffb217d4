/** The studio's pages of word translation, recommendations and language-interfaced models, over small runs made here. @module */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Listening, listen } from "../../src/http/index.ts";
import { createStudio } from "../../src/studio/index.ts";
import { makeWorld as makeShop } from "../../src/systems/generative-retrieval/index.ts";
import { encodeWordVectors, makeWorld as makeLanguages } from "../../src/systems/word-translation/index.ts";
import { launchChromium } from "../chromium.ts";
import { chromium, describeWith } from "../programs.ts";
import { expectWhole, type Look, openPage, tenfold } from "./pages.ts";

const folder = mkdtempSync(join(tmpdir(), "tenfold-served-"));
const runs = join(folder, "runs");
const app = createStudio({ runs, version: "1.2.3" });
const made = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** Asks the service as its own page does. */
// biome-ignore lint/suspicious/noExplicitAny: answers are looked at in many ways, each checked by what is expected of it
async function ask(path: string, body?: unknown): Promise<{ status: number; body: any; headers: Headers }> {
  const response = await app.request(`http://127.0.0.1:4410${path}`, {
    headers: { host: "127.0.0.1:4410", "content-type": "application/json" },
    ...(body !== undefined && { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
}

/** What a request that must fail is told. */
async function problem(path: string, body?: unknown): Promise<string> {
  const answer = await ask(path, body);
  expect(answer.status, path).toBeGreaterThanOrEqual(400);
  expect(answer.status, path).toBeLessThan(500);
  expect(answer.body.error.split("\n")).toHaveLength(1);
  return answer.body.error;
}

const languages = makeLanguages({ concepts: 120, images: 10, scenes: 2000, dim: 20 }, 5);
const { source, target } = languages.input;
/** The source words in the order of {@link goldOf}. */
const goldPairs = Array.from(languages.gold.source, (word, i): [string, string] => [
  source.words[word]!,
  target.words[languages.gold.target[i]!]!,
]);
const shop = makeShop({ users: 120, kinds: 6, styles: 3, itemsEach: 3, seed: 7 });

async function alignLanguages(): Promise<void> {
  const known = goldPairs.slice(0, 60).map((pair) => pair.join(" "));
  await tenfold(
    ...["translate", "align", "--out", join(runs, "words")],
    ...["--source", made("s.vec", encodeWordVectors(source.words, source.rows.data, source.rows.dim))],
    ...["--target", made("t.vec", encodeWordVectors(target.words, target.rows.data, target.rows.dim))],
    ...["--seed-dictionary", made("known.txt", `${known.join("\n")}\n`)],
  );
}

async function fitShop(): Promise<void> {
  const { items, interactions } = shop;
  const lines = items.map(({ id, fields }) => [id, fields.kind, fields.style, fields.title].join("\t"));
  const events = interactions.users.flatMap((user, u) =>
    Array.from(
      interactions.items.subarray(interactions.offsets[u], interactions.offsets[u + 1]),
      (item, at) => `${user},${items[item]!.id},${1000 + at}`,
    ),
  );
  const small =
    "--codebook-size 16 --dim 32 --hidden-dim 64 --num-layers 1 --num-heads 2 --content-dim 16 --max-history 8 --id-hidden-dims 64 --id-latent-dim 16";
  const quick = "--epochs 4 --batch-size 16 --learning-rate 0.004 --id-epochs 10 --validate-every 4";
  await tenfold(
    ...["recommend", "fit", "--out", join(runs, "shop")],
    ...["--interactions", made("events.csv", `user,item,timestamp\n${events.join("\n")}\n`)],
    ...["--items", made("items.tsv", `item_id\tkind\tstyle\ttitle\n${lines.join("\n")}\n`)],
    ...small.split(" "),
    ...quick.split(" "),
  );
}

beforeAll(async () => {
  mkdirSync(runs);
  execFileSync("node", ["--import", "tsx", "src/studio/build-web.ts"]);
  await alignLanguages();
  await fitShop();
  const iris = fileURLToPath(new URL("../../data/iris.csv.gz", import.meta.url));
  const quickly = ["--hold-out", "0.3", "--epochs", "3", "--copies", "6", "--learning-rate", "0.004"];
  await tenfold("lift", "fit", iris, "--target", "species", ...quickly, "--out", join(runs, "flowers"));
  const numbers = Array.from(
    { length: 60 },
    (_, i) => `${i % 10},${i % 2 === 0 ? "even" : "odd"},${100 + 10 * (i % 10)}`,
  );
  const table = made("numbers.csv", `x,kind,y\n${numbers.join("\n")}\n`);
  const one = ["--task", "regress", "--hold-out", "0.2", "--epochs", "1"];
  await tenfold("lift", "fit", table, "--target", "y", ...one, "--out", join(runs, "numbers"));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("word translation", () => {
  test("words are suggested as one types, of both languages, and no more than asked for", async () => {
    const { body } = await ask("/api/translate/words/words?start=W1&limit=4");
    expect(body.words).toHaveLength(4);
    for (const { word, side } of body.words) expect(word).toMatch(side === "source" ? /^w1/ : /^v1/);
    const both = (await ask("/api/translate/words/words?start=v&limit=100")).body.words;
    expect(both).toHaveLength(100);
    expect((await ask("/api/translate/words/words?start=zzz")).body.words).toEqual([]);
  });

  test("a word is told with its translations, its neighbours and a picture, in both directions", async () => {
    const [word, translation] = goldPairs[3]!;
    const { body } = await ask(`/api/translate/words/lookup?word=${word}&k=5`);
    expect(body.sides).toHaveLength(1);
    const [around] = body.sides;
    expect(around.side).toBe("source");
    // Three fifths of the words are given as pairs; this is one of them.
    expect(around.translations[0].word).toBe(translation);
    const back = (await ask(`/api/translate/words/lookup?word=${translation}&k=5`)).body.sides[0];
    expect(back.side).toBe("target");
    expect(back.translations[0].word).toBe(word);
    expect(around.translations[0].mutual).toBe(true);
    for (const list of [around.own, around.other]) {
      expect(list).toHaveLength(5);
      const scores = list.map(({ score }: { score: number }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
      for (const score of scores) expect(Math.abs(score)).toBeLessThanOrEqual(1 + 1e-6);
    }
    expect(around.own.map((one: { word: string }) => one.word)).not.toContain(word);
    expect(around.picture).toHaveLength(11);
    expect(around.picture[0]).toMatchObject({ word, side: "source", role: "itself" });
    expect(around.explained).toBeGreaterThan(2 / 10);
    expect(around.explained).toBeLessThanOrEqual(1);
    // Principal directions: centred, and uncorrelated.
    const sum = (of: (one: { x: number; y: number }) => number) =>
      around.picture.reduce((total: number, one: { x: number; y: number }) => total + of(one), 0);
    expect(sum(({ x }) => x)).toBeCloseTo(0, 5);
    expect(sum(({ x, y }) => x * y)).toBeCloseTo(0, 5);
    expect(sum(({ x }) => x * x)).toBeGreaterThanOrEqual(sum(({ y }) => y * y));
  });

  test("the largest hubs are those of the diagnosis, and dictionaries can be taken away", async () => {
    const overview = (await ask("/api/translate/words/overview?count=3")).body;
    const { diagnosis } = (await ask("/api/runs/words")).body.record;
    expect(overview.hubs[0]).toMatchObject(diagnosis.largestHub);
    expect(overview.hubs[0].bestOf).toHaveLength(diagnosis.largestHub.count);
    expect([overview.sourceWords, overview.targetWords]).toEqual([120, 120]);
    expect(overview.surest).toHaveLength(3);
    const tsv = await ask("/api/translate/words/export?format=tsv&k=2");
    expect(tsv.headers.get("content-disposition")).toContain("words.tsv");
    expect(tsv.body.trim().split("\n")).toHaveLength(1 + 2 * 120);
    const muse = await ask("/api/translate/words/export?format=muse&mutual=true");
    expect(muse.body.trim().split("\n")).toHaveLength(Math.round(120 * diagnosis.mutualRate));
    expect(muse.body).toContain(`${goldPairs[3]!.join(" ")}\n`);
    const tei = await ask("/api/translate/words/export?format=tei");
    expect(tei.headers.get("content-type")).toContain("xml");
    expect(tei.body.match(/<entry>/g)).toHaveLength(120);
  });

  test("bad questions get one line", async () => {
    expect(await problem("/api/translate/words/lookup?word=w11x")).toMatch(
      /"w11x": expected a word of.*did you mean w11/,
    );
    expect(await problem("/api/translate/words/lookup")).toContain("query.word: expected");
    expect(await problem("/api/translate/words/lookup?word=w1&k=11")).toContain("query.k");
    expect(await problem("/api/translate/words/export?format=pdf")).toContain("query.format");
    expect(await problem("/api/translate/nothing/overview")).toContain('none named "nothing"');
    expect(await problem("/api/translate/shop/overview")).toBe(
      "run shop: expected a run of tenfold translate, found one of tenfold recommend",
    );
  });
});

describe("recommendations", () => {
  test("the tree opens level by level, and has every item once", async () => {
    const root = (await ask("/api/recommend/shop/tree")).body;
    expect(root.count).toBe(shop.items.length);
    const found: string[] = [];
    const visit = async (prefix: readonly number[]): Promise<number> => {
      const { children, count, levels } = (await ask(`/api/recommend/shop/tree?prefix=${prefix.join("-")}`)).body;
      const counts = children.map((child: { count: number }) => child.count);
      expect(counts).toEqual([...counts].sort((a, b) => b - a));
      expect(counts.reduce((sum: number, own: number) => sum + own, 0)).toBe(count);
      for (const { code, example } of children) {
        const longer = [...prefix, code];
        expect(example.semanticId.slice(0, longer.length)).toEqual(longer);
        if (longer.length === levels) found.push(example.id);
        else await visit(longer);
      }
      return count;
    };
    await visit([]);
    expect(found.sort()).toEqual(shop.items.map(({ id }) => id).sort());
  });

  test("items are found by words of their texts and by id", async () => {
    const { id, text } = shop.items[5]!;
    const [kind, style] = text.split(" ");
    const { items } = (await ask(`/api/recommend/shop/items?search=${style}+${kind!.toUpperCase()}&limit=100`)).body;
    const wanted = shop.items.filter((item) => item.text.includes(kind!) && item.text.includes(style!));
    expect(items.map((item: { id: string }) => item.id).sort()).toEqual(wanted.map((item) => item.id).sort());
    expect(
      (await ask(`/api/recommend/shop/items?search=${id}`)).body.items.map((one: { id: string }) => one.id),
    ).toContain(id);
    expect((await ask("/api/recommend/shop/items?search=nothing-like-it")).body.items).toEqual([]);
  });

  test("a user's history ends before what came next", async () => {
    const { offsets, items, users } = shop.interactions;
    const answer = (await ask("/api/recommend/shop/users/2")).body;
    const own = Array.from(items.subarray(offsets[1], offsets[2]), (item) => shop.items[item]!.id);
    expect(answer.name).toBe(users[1]);
    expect(answer.users).toBe(120);
    expect([...answer.history.map(({ id }: { id: string }) => id), answer.next.id]).toEqual(own);
  });

  test("what comes next is told with the search: each level's prefixes go on from those kept before", async () => {
    const history = ["item-1", "item-2"];
    const { items, beam, notes, unknown } = (await ask("/api/recommend/shop/next", { history, k: 5 })).body;
    expect(items).toHaveLength(5);
    expect(notes).toEqual([]);
    expect(unknown).toEqual([]);
    for (const { id, source } of items) {
      expect(source).toBe("model");
      expect(history).not.toContain(id);
    }
    expect(beam).toHaveLength(4);
    beam.forEach(({ considered, kept }: { considered: number; kept: Kept[] }, level: number) => {
      expect(kept.length).toBeLessThanOrEqual(Math.min(20, considered));
      const before = level === 0 ? [""] : beam[level - 1].kept.map(({ prefix }: Kept) => prefix.join());
      for (const { prefix } of kept) expect(before).toContain(prefix.slice(0, -1).join());
      const next: number[][] = beam[level + 1]
        ? beam[level + 1].kept.map(({ prefix }: Kept) => prefix)
        : items.map(({ semanticId }: { semanticId: number[] }) => semanticId);
      for (const { prefix, goesOn } of kept) {
        expect(goesOn).toBe(next.filter((longer) => longer.slice(0, level + 1).join() === prefix.join()).length);
      }
      expect(kept.reduce((sum, { goesOn }) => sum + goesOn, 0)).toBe(next.length);
    });
    expect(items[0].score).toBeCloseTo(beam[3].kept[0].score, 10);

    const seen = (await ask("/api/recommend/shop/next", { history, k: 20, excludeSeen: false })).body.items;
    expect(seen).toHaveLength(20);
    const drawn = (seed: number) => ask("/api/recommend/shop/next", { history, k: 5, temperature: 2, seed });
    expect((await drawn(1)).body).toEqual((await drawn(1)).body);
    expect((await drawn(1)).body.items).not.toEqual((await drawn(2)).body.items);
    const popular = (await ask("/api/recommend/shop/next", { history: [] })).body;
    expect(popular.items[0].source).toBe("popular");
    expect(popular.beam).toEqual([]);
    expect((await ask("/api/recommend/shop/next", { history: ["item-1", "nobody"] })).body.unknown).toEqual(["nobody"]);
  });

  test("bad questions get one line", async () => {
    expect(await problem("/api/recommend/shop/tree?prefix=1-2-3-4")).toContain("prefix: expected");
    expect(await problem("/api/recommend/shop/tree?prefix=999")).toContain("found 999");
    expect(await problem("/api/recommend/shop/tree?prefix=a")).toContain("query.prefix");
    expect(await problem("/api/recommend/shop/users/121")).toBe("user: expected a number from 1 to 120, found 121");
    expect(await problem("/api/recommend/shop/users/0")).toContain("param.user");
    expect(await problem("/api/recommend/shop/items")).toContain("query.search");
    expect(await problem("/api/recommend/shop/next", { history: "item-1" })).toContain("body.history");
    expect(await problem("/api/recommend/shop/next", { history: [], k: 21 })).toContain("body.k");
    expect(await problem("/api/recommend/shop/next", "{")).toContain("body: expected JSON");
    expect(await problem("/api/recommend/words/tree")).toContain("found one of tenfold translate");
    expect(await problem("/api/recommend/nothing/tree")).toContain('none named "nothing"');
  });
});

describe("language-interfaced models", () => {
  const features = ["sepal_length", "sepal_width", "petal_length", "petal_width"];
  const setosa = { sepal_length: 5, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 };

  test("a model tells its columns, and which rows there are", async () => {
    const { body } = await ask("/api/lift/flowers/model");
    expect(body).toMatchObject({ target: "species", task: "classify", classes: ["setosa", "versicolor", "virginica"] });
    expect(body.features.map(({ name }: { name: string }) => name)).toEqual(features);
    expect(body.features[2].low).toBeLessThan(body.features[2].high);
    expect(body.rows).toEqual({ train: 105, heldOut: 45 });
    const numbers = (await ask("/api/lift/numbers/model")).body;
    expect(numbers).toMatchObject({ task: "regress", classes: [], rows: { train: 48, heldOut: 12 } });
    expect(numbers.features[1]).toMatchObject({ name: "kind", categories: ["even", "odd"], low: null });
  });

  test("predictions on held-out rows are those that the run was scored by, a part at a time", async () => {
    const whole = (await ask("/api/lift/flowers/predictions?part=heldOut")).body;
    expect(whole.total).toBe(45);
    expect(whole.rows).toHaveLength(45);
    expect(whole.next).toBeNull();
    const right = whole.rows.filter(({ answer, prediction }: Predicted) => answer === prediction).length;
    const { heldOut } = (await ask("/api/runs/flowers")).body.record;
    expect(right / 45).toBeCloseTo(heldOut.score.accuracy, 10);
    for (const { probabilities } of whole.rows) {
      expect(probabilities.reduce((sum: number, value: number) => sum + value, 0)).toBeCloseTo(1, 5);
    }
    const part = (await ask("/api/lift/flowers/predictions?part=heldOut&offset=10&limit=5")).body;
    expect(part.next).toBe(15);
    expect(part.rows.map(({ row, prediction }: Predicted) => [row, prediction])).toEqual(
      whole.rows.slice(10, 15).map(({ row, prediction }: Predicted) => [row, prediction]),
    );
  });

  test("a row is predicted, with its prompt and what the model writes", async () => {
    const { body } = await ask("/api/lift/flowers/predict", { row: setosa });
    expect(body.prediction).toBe("setosa");
    expect(body.prompt).toBe("5.0 3.5 1.4 0.2#");
    expect(typeof body.written.raw).toBe("string");
    const missing = (await ask("/api/lift/flowers/predict", { row: { petal_width: 0.2, petal_length: null } })).body;
    expect(missing.prompt).toBe("??? ??? ??? 0.2#");
    const number = (await ask("/api/lift/numbers/predict", { row: { x: 3, kind: "odd" } })).body;
    expect(number.probabilities).toBeNull();
    expect(number.interval[0]).toBeLessThanOrEqual(number.interval[1]);
    expect(Number.isFinite(number.prediction)).toBe(true);
  });

  test("the map over two columns has a class everywhere, and the rows", async () => {
    const question = { x: "petal_length", y: "petal_width", size: 6 };
    const { xs, ys, classes, points, rows } = (await ask("/api/lift/flowers/boundary", question)).body;
    expect([xs.length, ys.length, classes.length, classes[0].length]).toEqual([6, 6, 6, 6]);
    expect(new Set(classes.flat()).size).toBeGreaterThan(1);
    expect(points).toHaveLength(105);
    expect(rows).toBe(105);
    expect(Math.min(...points.map(({ x }: { x: number }) => x))).toBe(xs[0]);
  });

  test("bad questions get one line", async () => {
    expect(await problem("/api/lift/flowers/predict", { row: { colour: "red" } })).toContain("found colour");
    expect(await problem("/api/lift/flowers/predict", { row: { petal_width: "wide" } })).toBe(
      'row, column petal_width: expected a number, found "wide"',
    );
    expect(await problem("/api/lift/flowers/predict", [])).toContain("body: expected");
    expect(await problem("/api/lift/flowers/predictions?part=some")).toContain("query.part");
    expect(await problem("/api/lift/flowers/boundary", { x: "species", y: "petal_width" })).toContain(
      "a column of numbers",
    );
    expect(await problem("/api/lift/flowers/boundary", { x: "a", y: "b", size: 41 })).toContain("body.size");
    expect(await problem("/api/lift/numbers/boundary", { x: "x", y: "x" })).toContain("a model that predicts classes");
    expect(await problem("/api/lift/shop/model")).toContain("found one of tenfold recommend");
    expect(await problem("/api/lift/nothing/model")).toContain('none named "nothing"');
  });

  test("a run without kept rows says so", async () => {
    rmSync(join(runs, "numbers", "held-out.jsonl"));
    const record = join(runs, "numbers", "lift.json");
    const later = new Date(Date.now() + 1000);
    utimesSync(record, later, later);
    expect((await ask("/api/lift/numbers/model")).body.rows.heldOut).toBe(0);
    expect(await problem("/api/lift/numbers/predictions?part=heldOut")).toContain("Hint: fit with --hold-out");
  });
});

interface Kept {
  readonly prefix: number[];
  readonly goesOn: number;
}

interface Predicted {
  readonly row: number;
  readonly answer: string;
  readonly prediction: string;
}

test("a run that changed is opened anew, also among questions to others", async () => {
  const before = (await ask("/api/lift/flowers/model")).body;
  const path = join(runs, "flowers", "lift.json");
  const text = readFileSync(path, "utf8");
  try {
    writeFileSync(path, text.replaceAll('"species"', '"flower"'));
    const later = new Date(Date.now() + 2000);
    utimesSync(path, later, later);
    const answers = await Promise.all(
      ["flowers", "numbers", "flowers", "numbers"].map((run) => ask(`/api/lift/${run}/model`)),
    );
    expect(answers.map(({ body }) => body.target)).toEqual(["flower", "y", "flower", "y"]);
  } finally {
    writeFileSync(path, text);
  }
  expect((await ask("/api/lift/flowers/model")).body).toEqual(before);
});

describeWith(chromium, "the pages of the three", () => {
  let browser: Browser;
  let server: Listening;
  beforeAll(async () => {
    server = await listen(app, { port: 0, host: "127.0.0.1" });
    browser = await launchChromium();
  }, 30_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  const looks: readonly Look[] = [
    { width: 1280, colorScheme: "light" },
    { width: 390, colorScheme: "dark" },
  ];
  const open = (path: string, sign: string, look = looks[0]!) => openPage(browser, `${server.url}${path}`, sign, look);

  const pages = [
    ["/runs/words", "Take the dictionary away"],
    ["/rooms/translate", "Take the dictionary away"],
    ["/runs/shop", "Last number"],
    ["/rooms/recommend", "Last number"],
    ["/runs/flowers", "45 of 45 rows predicted"],
    ["/runs/numbers", "Predicted against true y"],
    ["/rooms/lift", "rows predicted"],
  ] as const;
  for (const [path, sign] of pages) {
    test(`${path} is whole, wide and light, narrow and dark`, { timeout: 30_000 }, async () => {
      for (const look of looks) {
        const opened = await open(path, sign, look);
        await quiet(opened.page);
        await expectWhole(opened, look);
        await opened.page.close();
      }
    });
  }

  test("a word is looked up and back by keyboard", async () => {
    const { page, problems } = await open("/runs/words", "Look a word up");
    const [word, translation] = goldPairs[3]!;
    const field = page.getByLabel("Word", { exact: true });
    await field.focus();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type(word);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: `${word} as a word of the source language` }).waitFor();
    await page.getByRole("button", { name: translation, exact: true }).first().press("Enter");
    await page.getByRole("heading", { name: `${translation} as a word of the target language` }).waitFor();
    expect(await page.getByRole("img", { name: new RegExp(`^${translation} on a plane`) }).count()).toBe(1);
    // The button that was pressed is gone; what it showed has the focus.
    expect(await page.evaluate("document.activeElement.textContent")).toContain(`${translation} as a word`);
    expect(problems).toEqual([]);
    await field.fill("w11x");
    await field.press("Enter");
    await page.getByRole("alert").getByText("did you mean").waitFor();
    await page.close();
  });

  test("a history is put together and recommended from by keyboard; the tree opens", async () => {
    const { page, problems } = await open("/runs/shop", "Last number");
    await page.getByRole("button", { name: "Remove all" }).press("Enter");
    await page.getByText("popular items are recommended").waitFor();
    const search = page.getByLabel("Find items");
    await search.focus();
    await page.keyboard.type(shop.items[5]!.id);
    const title = page.locator(".found").getByRole("button").first();
    await title.waitFor();
    await title.press("Enter");
    await page.getByRole("heading", { name: "The search" }).waitFor();
    expect(await page.locator(".history li").count()).toBe(1);
    expect(
      await page
        .getByRole("list", { name: /Recommended items with the probability/ })
        .locator("li")
        .count(),
    ).toBe(10);
    const recommended = page.getByRole("list", { name: /Recommended items with the probability/ });
    await recommended.getByRole("button").first().press("Enter");
    await expect.poll(() => page.locator(".history li").count()).toBe(2);
    await expect.poll(() => page.evaluate("document.activeElement.textContent")).toContain("In order of time");
    const branch = page.locator("button.branch").first();
    expect(await branch.getAttribute("aria-expanded")).toBe("false");
    await branch.press("Enter");
    await page.locator(".branches .branches li").first().waitFor();
    expect(await branch.getAttribute("aria-expanded")).toBe("true");
    expect(problems).toEqual([]);
    await page.close();
  });

  test("a row is typed and predicted by keyboard, and one of the table is tried", async () => {
    const { page, problems } = await open("/runs/flowers", "45 of 45 rows predicted");
    await page.getByRole("spinbutton", { name: "petal_length" }).focus();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("6.1");
    await page.keyboard.press("Enter");
    await page.getByText(/^\S+ \S+ 6\.1 \S+#$/).waitFor();
    const wrong = Number(/(\d+) wrong/.exec((await page.getByText("rows predicted,").textContent()) ?? "")?.[1]);
    await page.getByLabel("only wrong ones").press("Space");
    await expect.poll(() => page.locator("table.predictions tbody tr").count()).toBe(wrong);
    await page.getByLabel("only wrong ones").press("Space");
    await page.getByRole("button", { name: "Try row 2", exact: true }).press("Enter");
    const { rows } = (await ask("/api/lift/flowers/predictions?part=heldOut&limit=2")).body;
    await expect
      .poll(() => page.getByRole("spinbutton", { name: "petal_length" }).inputValue())
      .toBe(String(rows[1].values[2]));
    await page.getByLabel("Along").selectOption("sepal_width");
    await page.getByRole("img", { name: /^Predicted species over sepal_width/ }).waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });
});

/** Waits until nothing on the page is being worked on. */
async function quiet(page: Page): Promise<void> {
  await expect.poll(() => page.locator('[aria-busy="true"]').count(), { timeout: 10_000 }).toBe(0);
}
