import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { listen } from "../../src/http/index.ts";
import {
  type Answer,
  generativeRetrieval,
  openServed,
  type Row,
  recommendService,
} from "../../src/systems/generative-retrieval/index.ts";
import { roomCommand } from "../room-command.ts";
import { smallFit, writeWorld } from "./written-world.ts";

const { printed, run, runJson } = roomCommand(generativeRetrieval);
const folder = mkdtempSync(join(tmpdir(), "tenfold-recommend-"));
const path = (name: string) => join(folder, name);
const small = smallFit;
const training = "--epochs 8 --batch-size 16 --learning-rate 0.004 --id-epochs 20 --validate-every 4";
const fit = (out: string, extra = "") =>
  `fit --interactions ${path("events.csv")} --items ${path("items.tsv")} --out ${path(out)} ${small} ${training} ${extra}`
    .trim()
    .split(/\s+/);

const world = writeWorld(folder, 300);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const history = "item-1,item-2,item-3";
/** Several commands a test: on a busy machine they take a while. */
const patience = 120_000;

describe("a run", () => {
  test("is fitted, evaluated and asked", { timeout: patience }, async () => {
    const fitted = await runJson<{ dataset: { users: number; items: number; interactions: number } }>(...fit("run"));
    expect(fitted.dataset).toMatchObject({
      users: 300,
      items: world.items.length,
      interactions: world.interactions.items.length,
    });
    const found = await runJson<{
      rows: Row[];
      validIdRate: number;
      recallByBeam: number;
      recallByExactScoring: number;
    }>(
      ...[
        "evaluate",
        path("run"),
        "--baselines",
        "popularity,markov,sasrec-ce",
        "--sasrec-epochs",
        "8",
        "--sample",
        "60",
      ],
      "--include-history",
    );
    const byName = new Map(found.rows.map((row) => [row.model, row["recall@10"]]));
    expect([...byName.keys()]).toEqual(["tiger rq-vae", "popularity", "markov", "sasrec-ce"]);
    expect(byName.get("tiger rq-vae")).toBeGreaterThan(1.5 * (byName.get("popularity") ?? 1));
    expect(found.validIdRate).toBe(1);
    expect(Math.abs(found.recallByBeam - found.recallByExactScoring)).toBeLessThan(0.02);
    const top = await runJson<Answer>(
      "top",
      path("run"),
      "--history",
      `${history},nobody`,
      "--k",
      "5",
      "--exclude-seen",
    );
    expect(top.items).toHaveLength(5);
    expect(top.unknown).toEqual(["nobody"]);
    for (const { id } of top.items) expect(history.split(",")).not.toContain(id);
    const scores = top.items.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    const ids = await runJson<{ items: { semanticId: number[] }[] }>("ids", path("run"));
    expect(new Set(ids.items.map(({ semanticId }) => semanticId.join())).size).toBe(world.items.length);
  });

  test("with the same seed gives the same bytes, also when it goes on from a checkpoint", {
    timeout: patience,
  }, async () => {
    await run(...fit("again"));
    const bytes = (name: string) => readFileSync(path(`${name}/model.safetensors`));
    expect(bytes("again").equals(bytes("run"))).toBe(true);
    // A run whose last checkpoints were lost, as if it had been killed after an epoch before.
    const index = path("again/checkpoints/index.json");
    const entries = JSON.parse(readFileSync(index, "utf8")) as { file: string }[];
    writeFileSync(index, JSON.stringify(entries.slice(0, 1)));
    rmSync(path("again/model.safetensors"));
    await run(...fit("again", "--resume"));
    expect(process.exitCode).toBeUndefined();
    expect(bytes("again").equals(bytes("run"))).toBe(true);
    await run(...fit("again", "--resume --dropout 0.3"));
    expect(printed.errors).toContain("config");
    expect(process.exitCode).toBe(2);
  });

  test("filters, and says what it cannot do", { timeout: patience }, async () => {
    const [{ kind }] = world.items.map(({ fields }) => fields);
    const where = await runJson<Answer>(
      "top",
      path("run"),
      "--history",
      history,
      "--k",
      "3",
      "--where",
      `kind=${kind}`,
    );
    const kindOf = new Map(world.items.map(({ id, fields }) => [id, fields.kind]));
    for (const { id } of where.items) expect(kindOf.get(id)).toBe(kind);
    writeFileSync(path("two.txt"), "item-4\nitem-5\n");
    const allowed = await runJson<Answer>("top", path("run"), "--history", history, "--allow", path("two.txt"));
    expect(allowed.items.map(({ id }) => id).sort()).toEqual(["item-4", "item-5"]);
    expect(allowed.notes.join()).toContain("only 2 of 10 items");
    const denied = await runJson<Answer>("top", path("run"), "--history", history, "--deny", path("two.txt"));
    for (const { id } of denied.items) expect(["item-4", "item-5"]).not.toContain(id);
    const empty = await runJson<Answer>("top", path("run"), "--k", "2");
    expect(empty.items.map(({ source }) => source)).toEqual(["popular", "popular"]);
    expect(empty.notes.join()).toContain("history is empty");
    await run("top", path("run"), "--history", "item-1", "--where", "colour=red");
    expect(printed.errors).toContain("a column of the items");
    const drawn = (seed: string) =>
      runJson<Answer>("top", path("run"), "--history", history, "--temperature", "2", "--seed", seed);
    expect(await drawn("1")).toEqual(await drawn("1"));
    expect(await drawn("1")).not.toEqual(await drawn("2"));
  });
});

describe("a bundle", () => {
  test("gives the library's lists, over HTTP too, and grows whole", { timeout: patience }, async () => {
    await run("export", path("run"), "--onnx", path("bundle"));
    expect(readdirSync(path("bundle")).sort()).toEqual([
      "bundle.json",
      "catalogue.safetensors",
      "decoder.onnx",
      "encoder.onnx",
      "item-coder.safetensors",
    ]);
    const mine = await runJson<Answer>("top", path("run"), "--history", history, "--k", "10");
    const theirs = await runJson<Answer>("top", path("bundle"), "--history", history, "--k", "10");
    expect(theirs).toEqual(mine);
    const served = await openServed(path("bundle"));
    const service = recommendService(path("bundle"), served.answerer, { maxBodyBytes: 4096 });
    const server = await listen(service, { port: 0, host: "127.0.0.1" });
    const post = async (route: string, body: unknown) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${server.url}${route}`, { method: "POST", headers, body: text });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    try {
      const request = { history: history.split(","), k: 10 };
      expect((await post("/recommend", request)).body.items).toEqual(mine.items);
      const together = await Promise.all(Array.from({ length: 20 }, () => post("/recommend", request)));
      for (const { body } of together) {
        expect((body.items as { id: string }[]).map(({ id }) => id)).toEqual(mine.items.map(({ id }) => id));
      }
      expect((await post("/recommend", "{")).status).toBe(400);
      expect((await post("/recommend", { k: 0 })).status).toBe(400);
      expect((await post("/recommend", { histroy: ["item-1"] })).status).toBe(400);
      expect((await post("/nothing", {})).status).toBe(404);
      expect((await post("/recommend", { history: Array(2000).fill("item-1") })).status).toBe(413);
      // Items come while lists are asked for: every answer is whole.
      const [{ text, fields }] = world.items;
      const add = (i: number) => post("/items", { items: [{ id: `new-${i}`, text, fields }] });
      const mixed = await Promise.all(
        Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? add(i) : post("/recommend", request))),
      );
      expect(mixed.map(({ status }) => status)).toEqual(Array(12).fill(200));
      expect((await add(0)).status).toBe(400);
      const ids = mixed.flatMap(({ body }, i) =>
        i % 2 === 0 ? (body.items as { semanticId: number[] }[]).map(({ semanticId }) => semanticId.join()) : [],
      );
      expect(new Set(ids).size).toBe(6);
      const found = await post("/recommend", { history: ["item-1"], k: 5, allow: ["new-0", "new-2"] });
      expect((found.body.items as { id: string }[]).map(({ id }) => id).sort()).toEqual(["new-0", "new-2"]);
      // Another process adds an item: lists that are asked for from then on have it, and what is added next keeps it.
      const row = ["from elsewhere", fields.kind, fields.style, text].join("\t");
      writeFileSync(path("elsewhere.tsv"), `item_id\tkind\tstyle\ttitle\n${row}\n`);
      await run("add-item", path("bundle"), "--items", path("elsewhere.tsv"));
      const allow = ["from elsewhere", "new-99"];
      const only = async () => {
        const { body } = await post("/recommend", { history: ["item-1"], k: 5, allow });
        return (body.items as { id: string }[]).map(({ id }) => id).sort();
      };
      expect(await only()).toEqual(["from elsewhere"]);
      expect((await add(99)).status).toBe(200);
      expect(await only()).toEqual(allow);
      const openapi = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: object };
      expect(Object.keys(openapi.paths).sort()).toEqual(["/items", "/recommend"]);
    } finally {
      await server.close();
      await served.dispose();
    }
    const after = await openServed(path("bundle"));
    expect(after.answerer.catalogue.placeOf.has("new-0")).toBe(true);
    await after.dispose();
  });

  test("is refused where a graph was changed", async () => {
    writeFileSync(path("bundle/decoder.onnx"), "something");
    await run("top", path("bundle"), "--history", "item-1");
    expect(printed.errors).toContain("the graph that was exported");
    expect(process.exitCode).toBe(2);
  });
});

test("add-item names the new item's ID, and no other item's changes", { timeout: patience }, async () => {
  const before = await runJson<{ items: { id: string; semanticId: number[] }[] }>("ids", path("run"));
  const branchOf = ({ semanticId }: { semanticId: number[] }) => semanticId.slice(0, -2).join();
  const sizes = before.items.map((item) => before.items.filter((other) => branchOf(other) === branchOf(item)).length);
  const { id: alike } = before.items[sizes.indexOf(Math.max(...sizes))]!;
  const { fields, text } = world.items.find(({ id }) => id === alike)!;
  const row = ["fresh", fields.kind, fields.style, text].join("\t");
  writeFileSync(path("new.tsv"), `item_id\tkind\tstyle\ttitle\n${row}\n`);
  const added = await runJson<{ items: { id: string }[] }>("add-item", path("run"), "--items", path("new.tsv"));
  expect(added.items.map(({ id }) => id)).toEqual(["fresh"]);
  const after = await runJson<{ items: object[] }>("ids", path("run"));
  expect(after.items.slice(0, -1)).toEqual(before.items);
  const lists = await runJson<Answer>("top", path("run"), "--history", "item-1", "--cold", "neighbours", "--k", "10");
  expect(lists.items.filter(({ source }) => source === "neighbour").map(({ id }) => id)).toEqual(["fresh"]);
  const served = await openServed(path("run"));
  const byPrefix = { k: 10, excludeSeen: false, temperature: 0, seed: 0, cold: "prefix", coldShare: 0.5 } as const;
  const answers = await served.answerer.answer(world.items.map(({ id }) => ({ ...byPrefix, history: [id] })));
  await served.dispose();
  const named = answers.map(({ items }) => items.map(({ id }) => id));
  expect(named.some((list) => list.includes("fresh"))).toBe(true);
  for (const list of named) expect(new Set(list).size).toBe(10);
  await run("add-item", path("run"), "--items", path("new.tsv"));
  expect(printed.errors).toContain("one of the catalogue");
});

describe("the paper's layout", () => {
  test.each(["random", "lsh", "rq-kmeans"])("trains and answers with %s IDs", { timeout: patience }, async (ids) => {
    const paper = "--preset paper --head-dim 8 --user-tokens 10 --epochs 1 --batch-size 64";
    const words = fit(`paper-${ids}`, `--ids ${ids}`).filter((word, i, all) => {
      const name = word.startsWith("--") ? word : all[i - 1];
      return !["--epochs", "--batch-size"].includes(name);
    });
    await run(...words, ...paper.split(" "));
    expect(printed.errors).toBe("");
    await run("export", path(`paper-${ids}`), "--onnx", path(`bundle-${ids}`));
    const mine = await runJson<Answer>("top", path(`paper-${ids}`), "--history", history, "--k", "10");
    expect(await runJson<Answer>("top", path(`bundle-${ids}`), "--history", history, "--k", "10")).toEqual(mine);
    expect(mine.items).toHaveLength(10);
  });
});

describe("bad inputs", () => {
  const fitFiles = (events: string, items = "item_id\ttext\na\tred shoe\nb\tblue shoe\n", name = "bad.csv") => {
    writeFileSync(path(name), events);
    writeFileSync(path("bad.tsv"), items);
    const words = `fit --interactions ${path(name)} --items ${path("bad.tsv")} --out ${path("bad")} --force`;
    return run(...`${words} ${small} --epochs 1 --ids rq-kmeans`.split(" "));
  };

  test.each([
    ["no time", "user,item\n1,a\n", undefined, 'begins with "time"'],
    ["a time that is none", "user,item,time\n1,a,soon\n", undefined, "a time"],
    ["no known item", "user,item,time\n1,z,1\n", undefined, "events of items in the catalogue"],
    ["an item twice", "user,item,time\n1,a,1\n", "item_id\ttext\na\tx\na\ty\n", "every item once"],
  ])("%s is told", async (_, events, items, message) => {
    await fitFiles(events, items);
    expect(printed.errors).toContain(message);
    expect(printed.errors.trimEnd().split("\n")).toHaveLength(1);
    expect(process.exitCode).toBe(2);
  });

  test("bytes that are no UTF-8 are told", async () => {
    writeFileSync(path("latin.txt"), Buffer.from([0x31, 0x20, 0xe9, 0x0a]));
    await run("fit", "--interactions", path("latin.txt"), "--items", path("items.tsv"), "--out", path("bad"));
    expect(printed.errors).toContain("UTF-8");
  });

  test("one-item users and a catalogue of one item are no failure", async () => {
    await fitFiles("user,item,time\n1,a,1\n2,a,1\n2,a,2\n3,a,1\n3,a,2\n3,a,3\n3,a,4\n", "item_id\ttext\na\tred\n");
    expect(printed.errors).toBe("");
    const top = await runJson<Answer>("top", path("bad"), "--history", "a");
    expect(top.items.map(({ id }) => id)).toEqual(["a"]);
  });

  test.each([
    ["a step that leaves the numbers", "--learning-rate 1e30", "expected a finite loss"],
    ["a width that heads do not divide", "--dim 7", "--dim: expected a multiple of the 2 heads, found 7"],
  ])("%s is told", async (_, words, message) => {
    await run(...fit("unfit", `${words} --ids rq-kmeans --force`));
    expect(printed.errors).toContain(message);
    expect(process.exitCode).toBe(2);
  });

  test.each([
    ["--user-tokens 5", "--user-tokens: expected --preset paper"],
    ["--head-dim 8", "--head-dim: expected --preset paper"],
  ])("%s without the layout that it belongs to is told", async (words, message) => {
    await run(...fit("unfit", `${words} --force`));
    expect(printed.errors).toContain(message);
    expect(process.exitCode).toBe(2);
  });

  test("a share of new items without new items is told, and so are unknown items by name", async () => {
    await run("top", path("run"), "--history", "item-1", "--cold-share", "0.5");
    expect(printed.errors).toContain("--cold-share: expected --cold prefix or --cold neighbours with it, found none");
    const { notes } = await runJson<Answer>("top", path("run"), "--history", "item-1,nope");
    expect(notes).toEqual(["not in the catalogue, skipped: nope"]);
  });

  test("--force keeps a run whose replacement cannot begin", async () => {
    const before = readFileSync(path("run/model.safetensors"));
    for (const words of [`--embeddings ${path("none.npy")}`, `--encoder ${path("none")}`]) {
      await run(...fit("run", `${words} --force`));
      expect(process.exitCode).toBe(2);
    }
    expect(readFileSync(path("run/model.safetensors")).equals(before)).toBe(true);
  });

  test("ties are counted, kept or drawn, and drawn alike for the same seed", { timeout: patience }, async () => {
    const lines = Array.from({ length: 40 }, (_, user) =>
      [0, 1, 2, 3, 4].map((i) => `${user},item-${(user + i) % 9},7`),
    );
    writeFileSync(path("ties.csv"), `user,item,time\n${lines.flat().join("\n")}\n`);
    const interactions = async (ties: string, seed: string) => {
      const words = `fit --interactions ${path("ties.csv")} --items ${path("items.tsv")} --out ${path("ties")} --force`;
      await runJson(...`${words} ${small} --epochs 1 --ids random --ties ${ties} --seed ${seed}`.split(" "));
      return readFileSync(path("ties/interactions.safetensors")).toString("hex");
    };
    expect(await interactions("keep", "1")).toBe(await interactions("keep", "2"));
    expect(await interactions("shuffle", "1")).toBe(await interactions("shuffle", "1"));
    expect(await interactions("shuffle", "1")).not.toBe(await interactions("shuffle", "2"));
    expect(await interactions("shuffle", "1")).not.toBe(await interactions("keep", "1"));
  });

  test("events that leave nothing to train on are told", async () => {
    await fitFiles("user,item,time\n1,a,1\n1,b,2\n1,a,3\n");
    expect(printed.errors).toContain("interactions: expected users with enough events to train on, found none");
    expect(process.exitCode).toBe(2);
  });

  test("a bundle does not take the place of its run", async () => {
    await run("export", path("run"), "--onnx", path("run"), "--force");
    expect(printed.errors).toContain("expected a place outside of the run, found the run");
    expect((await runJson<Answer>("top", path("run"), "--history", "item-1")).items.length).toBeGreaterThan(0);
  });

  test("a folder that is no run is told", async () => {
    await run("evaluate", folder);
    expect(printed.errors).toContain("run.json");
    await run("fit", "--interactions", path("events.csv"), "--items", path("items.tsv"), "--out", path("run"));
    expect(printed.errors).toContain("a run");
  });
});
