/** The studio's service and pages, over runs made here. @module */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hostTensor, Random } from "../../src/core/index.ts";
import { type Listening, listen } from "../../src/http/index.ts";
import { encodeSafetensors } from "../../src/storage/index.ts";
import { createStudio } from "../../src/studio/index.ts";
import { launchChromium } from "../chromium.ts";
import { chromium, describeWith } from "../programs.ts";
import { expectWhole, looks, type OpenPage, openPage, tenfold } from "./pages.ts";

const folder = mkdtempSync(join(tmpdir(), "tenfold-studio-"));
const runs = join(folder, "runs");
const app = createStudio({ runs, version: "1.2.3" });
const at = (...parts: string[]) => join(runs, ...parts);

/** Asks the service as its own page does. */
// biome-ignore lint/suspicious/noExplicitAny: answers are looked at in many ways, each checked by what is expected of it
async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: any; headers: Headers }> {
  const headers = { host: "127.0.0.1:4410", ...(init.headers as Record<string, string>) };
  const response = await app.request(`http://127.0.0.1:4410${path}`, { ...init, headers });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
}

/** A ReLU network of random weights, as a file. */
function writeTarget(path: string): void {
  const random = new Random(5);
  const normal = (shape: readonly number[], scale: number) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return hostTensor(
      Float32Array.from({ length: size }, () => scale * random.normal()),
      shape,
    );
  };
  const tensors = {
    "0.weight": normal([5, 4], 0.5),
    "0.bias": normal([5], 0.2),
    "2.weight": normal([3, 5], 0.5),
    "2.bias": normal([3], 0.2),
  };
  writeFileSync(path, encodeSafetensors(tensors));
}

/** A run that another process, our parent, is at. */
function beginRun(id: string): void {
  mkdirSync(at(id));
  writeFileSync(at(id, "run.json"), JSON.stringify({ model: "mlp", data: "made", epochs: 3 }));
  writeFileSync(at(id, "lock"), `${process.ppid} ${hostname()}\n`);
}

/** What that process does at the end. */
function endRun(id: string): void {
  writeFileSync(at(id, "report.json"), '{"seconds":1}');
  rmSync(at(id, "lock"));
}

beforeAll(async () => {
  mkdirSync(runs);
  execFileSync("node", ["--import", "tsx", "src/studio/build-web.ts"]);
  await tenfold("train", "--data", "digits", "--epochs", "2", "--out", at("digits"));
  await tenfold("train", "--data", "digits", "--epochs", "2", "--order", "ff-rr", "--out", at("orders", "flipflop"));
  await tenfold(
    "lowrank",
    "train",
    "--data",
    "digits",
    "--model",
    "mlp",
    "--hidden",
    "32",
    "--epochs",
    "12",
    "--group-lasso",
    "0.01",
    "--out",
    at("ranks"),
  );
  await tenfold("local", "train", "--workers", "3", "--batch-size", "20", "--epochs", "2", "--out", at("workers"));
  await tenfold("norm", "tune", "--epochs", "1", "--hidden", "16", "--out", at("norms"));
  writeTarget(join(folder, "target.safetensors"));
  await tenfold(
    "norm",
    "reconstruct",
    "--target",
    join(folder, "target.safetensors"),
    "--domain",
    "box:-1,1",
    "--out",
    at("rebuilt"),
  );
  await tenfold("subnet", "search", "--data", "digits", "--epochs", "1", "--hidden", "32", "--out", at("mask"));
  await tenfold(
    "subnet",
    "approximate",
    "--target",
    join(folder, "target.safetensors"),
    "--eps",
    "1",
    "--domain",
    "box:-1,1",
    "--out",
    at("signs"),
  );
  await tenfold(
    "memorize",
    "fit",
    "iris",
    "--label",
    "species",
    "--features",
    "petal_length,petal_width",
    "--on-conflict",
    "majority",
    "--tight",
    "--out",
    at("iris.json"),
  );
  await tenfold("reproduce", "--only", "order", "--claims", "A3,A4", "--out", at("claims"));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every run is listed, told by what its command left", async () => {
  const { status, body } = await ask("/api/runs");
  expect(status).toBe(200);
  const lines = body.runs.map(({ id, room, state }: { id: string; room: string; state: string }) => [id, room, state]);
  expect(lines).toEqual([
    ["claims", null, "finished"],
    ["digits", null, "finished"],
    ["iris.json", "memorize", "finished"],
    ["mask", "subnet", "finished"],
    ...["all", "bias", "head", "lora-1", "norm"].map((choice) => [`norms/${choice}`, "norm", "finished"]),
    ["orders/flipflop", "order", "finished"],
    ["ranks", "lowrank", "finished"],
    ["rebuilt", "norm", "finished"],
    ["signs", "subnet", "finished"],
    ["workers", "local", "finished"],
  ]);
  const digits = body.runs.find(({ id }: { id: string }) => id === "digits");
  expect(digits).toMatchObject({ what: "mlp on digits, order rr", epoch: 2, epochs: 2, seed: 0, hasMetrics: true });
  expect(digits.figure.name).toBe("accuracy");
  expect(digits.figure.value).toBeGreaterThan(0.5);
});

test("a run is told whole: configuration, report, checkpoints, files", async () => {
  const { body } = await ask("/api/runs/orders%2Fflipflop");
  expect(body.record).toMatchObject({ order: "ff-rr", data: "digits" });
  expect(body.report.validation.accuracy).toBeGreaterThan(0.5);
  expect(body.checkpoints.map(({ step }: { step: number }) => step)).toEqual([45, 90]);
  expect(body.files.map(({ name }: { name: string }) => name)).toContain("model.onnx");
  const file = await app.request("http://127.0.0.1/api/runs/orders%2Fflipflop/files/model.onnx", {
    headers: { host: "127.0.0.1" },
  });
  expect((await file.arrayBuffer()).byteLength).toBe(
    body.files.find(({ name }: { name: string }) => name === "model.onnx").bytes,
  );
  expect(file.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''model.onnx");
});

test("curves are those of the metrics file, long ones by their extremes", async () => {
  const { body } = await ask("/api/runs/digits/metrics");
  const names = body.curves.map(({ kind, name }: { kind: string; name: string }) => `${kind} ${name}`);
  expect(names).toEqual([
    "epoch loss",
    "train gradientNorm",
    "train learningRate",
    "train loss",
    "validation accuracy",
    "validation loss",
  ]);
  expect(body.curves[0].steps).toEqual([45, 90]);

  beginRun("long");
  const lines = Array.from({ length: 30_000 }, (_, i) =>
    JSON.stringify({ kind: "train", step: i + 1, loss: i === 12_345 ? 99 : 1 / (i + 1) }),
  );
  writeFileSync(at("long", "metrics.jsonl"), `${lines.join("\n")}\n{"kind":"train","step":30`);
  const long = (await ask("/api/runs/long/metrics?points=1000")).body.curves[0];
  expect(long.total).toBe(30_000);
  expect(long.steps.length).toBeLessThanOrEqual(1002);
  expect(Math.max(...long.values)).toBe(99);
  expect(long.steps).toEqual([...long.steps].sort((a, b) => a - b));
  expect((await ask("/api/runs/long")).body.summary).toMatchObject({ step: 30_000, state: "running" });
  rmSync(at("long"), { recursive: true });
});

test("what is added to a run comes as it is written, and so do its rewinding, its end and its deletion", async () => {
  beginRun("live");
  writeFileSync(at("live", "metrics.jsonl"), '{"kind":"train","step":1,"loss":1}\n');
  const server = await listen(app, { port: 0, host: "127.0.0.1" });
  try {
    const { bytes } = await (await fetch(`${server.url}/api/runs/live/metrics`)).json();
    const response = await fetch(`${server.url}/api/runs/live/live?from=${bytes}`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (sign: RegExp) => {
      while (!sign.test(text)) {
        const { value, done } = await reader.read();
        expect(done, text).toBe(false);
        text += value;
      }
    };
    appendFileSync(at("live", "metrics.jsonl"), '{"kind":"train","step":2,"loss":0.5}\n{"kind":"tra');
    await until(/"step":2,"loss":0.5/);
    appendFileSync(at("live", "metrics.jsonl"), 'in","step":3,"loss":0.25}\n');
    await until(/"step":3,"loss":0.25/);
    expect(text).not.toContain('"step":1,');
    writeFileSync(at("live", "new.jsonl"), '{"kind":"train","step":1,"loss":1}\n');
    renameSync(at("live", "new.jsonl"), at("live", "metrics.jsonl"));
    await until(/event: rewound/);
    endRun("live");
    await until(/event: finished/);
    rmSync(at("live"), { recursive: true });
    await until(/event: gone/);
    expect((await reader.read()).done).toBe(true);
  } finally {
    await server.close();
  }
});

test.each([
  "/api/runs/..%2F..%2Fetc%2Fpasswd",
  "/api/runs/%2e%2e%2f%2e%2e%2fetc",
  "/api/runs/%2Fetc%2Fpasswd",
  "/api/runs/digits%2F..%2F..%2Foutside",
  "/api/runs/digits%00",
  "/api/runs/outside-link",
  "/api/runs/digits/files/..%2Frun.json",
  "/api/runs/digits/files/..%2F..%2Ftarget.safetensors",
  "/api/runs/digits/files/checkpoints%2F..%2F..%2F..%2Ftarget.safetensors",
  "/api/runs/digits/files/%2Fetc%2Fpasswd",
  "/api/runs/digits/files/secret-link",
  "/api/runs/..%5C..%5Cetc/metrics",
  "/api/runs/..%2Foutside/live",
  "/api/lowrank/..%2F..%2Foutside/ranks",
  "/api/subnet/..%2Foutside/masks",
  "/api/memorize/..%2Ftarget.safetensors",
  "/api/norm/..%2Foutside/choices",
  "/api/local/..%2Foutside/rounds",
  "/api/certificates/..%2Foutside/errors",
  "/assets/..%2F..%2F..%2Fpackage.json",
  "/assets/%2e%2e%2fmain.js",
])("nothing outside the runs is reachable: %s", async (path) => {
  mkdirSync(join(folder, "outside"), { recursive: true });
  writeFileSync(join(folder, "outside", "run.json"), '{"secret":"outside"}');
  if (!existsSync(at("outside-link"))) symlinkSync(join(folder, "outside"), at("outside-link"));
  if (!existsSync(at("digits", "secret-link")))
    symlinkSync(join(folder, "target.safetensors"), at("digits", "secret-link"));
  const { status, body } = await ask(path);
  expect(status).toBe(404);
  expect(JSON.stringify(body)).not.toMatch(/secret":|root:/);
});

test.each([
  ["a name that points here", { host: "evil.example" }, /Host: expected this machine/],
  ["no host", { host: "" }, /Host: expected this machine/],
  ["a page from elsewhere", { origin: "http://evil.example" }, /Origin: expected http:\/\/127\.0\.0\.1:4410/],
  ["another port's page", { origin: "http://127.0.0.1:8080" }, /Origin: expected/],
  ["a sandboxed page", { origin: "null" }, /Origin: expected/],
])("others are refused: %s", async (_, headers, line) => {
  const { status, body } = await ask("/api/runs", { headers });
  expect(status).toBe(403);
  expect(body.error).toMatch(line);
});

test("our own page is let in, and may load nothing from elsewhere", async () => {
  const { status, headers } = await ask("/api/runs", { headers: { origin: "http://127.0.0.1:4410" } });
  expect(status).toBe(200);
  expect(headers.get("content-security-policy")).toContain("default-src 'self'");
});

test("bad requests get one line", async () => {
  expect((await ask("/api/runs/none")).body.error).toMatch(/^run: expected one below .*, found none named "none"$/);
  expect((await ask("/api/runs/digits/metrics?points=1")).body.error).toMatch(/^query\.points: expected/);
  expect((await ask("/api/runs/digits/live?from=-1")).status).toBe(400);
  expect((await ask("/api/runs/digits/files/none.onnx")).body.error).toMatch(/^file: expected one that the run's list/);
  expect((await ask("/api/lowrank/ranks/onnx?ranks=%7B%221.weight%22%3A99%7D")).body.error).toMatch(
    /^ranks: expected JSON with ranks up to/,
  );
  expect((await ask("/api/memorize/iris.json/plane?x=petal_length&y=colour")).body.error).toMatch(
    /^column: expected one of petal_length, petal_width, found colour$/,
  );
  expect((await ask("/api/none")).status).toBe(404);
  expect((await ask("/api/runs/")).status).toBe(404);
});

test("damaged and half-written runs are shown as far as they go", async () => {
  mkdirSync(at("damaged", "checkpoints"), { recursive: true });
  writeFileSync(at("damaged", "run.json"), '{"model":');
  writeFileSync(
    at("damaged", "metrics.jsonl"),
    'nothing\n{"kind":"train","step":4,"loss":2}\n[1]\n{"kind":"train","st',
  );
  writeFileSync(at("damaged", "checkpoints", "index.json"), "{}");
  const { status, body } = await ask("/api/runs/damaged");
  expect(status).toBe(200);
  expect(body.summary).toMatchObject({
    step: 4,
    figure: { name: "loss", value: 2 },
    what: "a run.json that cannot be read",
  });
  expect((await ask("/api/runs/damaged/metrics")).body.curves).toMatchObject([
    { name: "loss", steps: [4], values: [2] },
  ]);
  rmSync(at("damaged"), { recursive: true });
});

test("a folder that is not there holds no runs", async () => {
  const empty = createStudio({ runs: join(folder, "nowhere"), version: "1" });
  const response = await empty.request("http://localhost/api/runs", { headers: { host: "localhost" } });
  expect(await response.json()).toEqual({ root: join(folder, "nowhere"), runs: [] });
});

test("what methods show: ranks, submodels, rounds, choices, errors, masks, planes, claims", async () => {
  const { layers } = (await ask("/api/lowrank/ranks/ranks")).body;
  expect(layers["1.weight"][0]).toEqual({ epoch: 0, rank: 32 });
  const report = (await ask("/api/runs/ranks")).body.report;
  expect(layers["1.weight"].at(-1).rank).toBe(report.ranks["1.weight"]);
  expect(report.ranks["1.weight"]).toBeLessThan(32);
  expect((await ask("/api/lowrank/ranks/frontier")).body.points).toEqual([]);
  const { points } = (await ask("/api/lowrank/ranks/frontier", { method: "POST" })).body;
  expect(points.length).toBeGreaterThan(1);
  expect((await ask("/api/lowrank/ranks/frontier")).body.points).toEqual(points);
  const small = encodeURIComponent(JSON.stringify(points.at(-1).ranks));
  expect((await ask(`/api/lowrank/ranks/onnx?ranks=${small}`)).status).toBe(200);

  const { rounds, total } = (await ask("/api/local/workers/rounds")).body;
  expect(rounds).toHaveLength(total);
  expect(rounds[0].shares.map(({ worker }: { worker: number }) => worker)).toEqual([0, 1, 2]);

  const choices = (await ask("/api/norm/norms%2Fbias/choices")).body.rows;
  expect(choices.map(({ choice }: { choice: string }) => choice).sort()).toEqual([
    "all",
    "bias",
    "head",
    "lora:1",
    "norm",
  ]);

  for (const run of ["rebuilt", "signs"]) {
    const { inputs, zeros, bins } = (await ask(`/api/certificates/${run}/errors`)).body;
    expect(inputs).toBeGreaterThan(100);
    expect(bins.reduce((sum: number, { count }: { count: number }) => sum + count, zeros)).toBe(inputs);
    const { measuredError } = (await ask(`/api/runs/${run}`)).body.record;
    expect(measuredError).toBeLessThanOrEqual(bins.at(-1).to);
    expect(measuredError).toBeGreaterThanOrEqual(bins.at(-1).from);
  }
  const masks = (await ask("/api/subnet/mask/masks")).body.layers;
  const kept = (await ask("/api/runs/mask")).body.report.layers.map(({ kept }: { kept: number }) => kept);
  expect(masks.map(({ kept }: { kept: number }) => kept)).toEqual(kept);
  const { keptEdges } = (await ask("/api/runs/signs")).body.record;
  const signs = (await ask("/api/subnet/signs/masks")).body.layers;
  expect(signs.reduce((sum: number, { kept }: { kept: number }) => sum + kept, 0)).toBe(keptEdges);

  const network = (await ask("/api/memorize/iris.json")).body;
  expect(network.table.points).toBe(102);
  const plane = (await ask("/api/memorize/iris.json/plane?x=petal_length&y=petal_width")).body;
  expect(plane.labels).toHaveLength(plane.side ** 2);
  expect(plane.names).toEqual(expect.arrayContaining(["setosa", "versicolor", "virginica"]));
  expect(plane.x.low).toBeCloseTo(1, 0);

  const { report: from, claims } = (await ask("/api/rooms/permutation-sgd/claims")).body;
  expect(from).toBe("claims");
  expect(claims.map(({ id }: { id: string }) => id)).toEqual(["A3", "A4"]);
  expect(claims[0].figures[0]).toContain("<svg");
  expect((await ask("/api/rooms/low-rank/claims")).body.report).toBeNull();
});

test("a file is no folder of runs", async () => {
  const { runStudio } = await import("../../src/studio/index.ts");
  const served = runStudio(
    { runs: join(folder, "target.safetensors"), port: 0 },
    { seed: 0, quiet: true } as never,
    "1",
  );
  await expect(served).rejects.toThrow(/^--runs: expected a folder, found .*, a file$/);
});

test("a port that is taken is told, and the next one is taken", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  const { runStudio } = await import("../../src/studio/index.ts");
  const printed = { out: "", errors: "" };
  const catchAll = (stream: "stdout" | "stderr", to: keyof typeof printed) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      printed[to] += String(text);
      return true;
    });
  const spies = [catchAll("stdout", "out"), catchAll("stderr", "errors")];
  try {
    const served = runStudio({ runs, port }, { seed: 0, json: true } as never, "1");
    await expect.poll(() => printed.out, { timeout: 5000 }).toContain("url");
    expect(Number(new URL(JSON.parse(printed.out).url).port)).toBeGreaterThan(port);
    expect(printed.errors).toMatch(new RegExp(`port ${port} is taken.*ss -ltnp`));
    process.emit("SIGTERM");
    await served;
  } finally {
    for (const spy of spies) spy.mockRestore();
    other.close();
  }
});

describeWith(chromium, "the studio's pages", () => {
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
  const open = (path: string, sign: string, look = looks[0]!): Promise<OpenPage> =>
    openPage(browser, `${server.url}${path}`, sign, look);

  const pages = [
    ["/", "flipflop"],
    ["/runs/digits", "Checkpoints"],
    ["/compare?runs=digits,orders%2Fflipflop", "What differs"],
    ["/runs/ranks", "ranks by layer"],
    ["/runs/workers", "Median of each worker"],
    ["/runs/norms%2Fbias", "What was trained, and what came of it"],
    ["/runs/rebuilt", "Certificate"],
    ["/runs/mask", "Is it the mask that knows?"],
    ["/runs/signs", "Errors of"],
    ["/runs/iris.json", "Sizes against rows"],
    ["/runs/claims", "Open the report"],
    ["/rooms/order", "What the paper claims, and what was found"],
    ["/rooms/lowrank", "One run, a family of models"],
    ["/rooms/memorize", "Its cells"],
    ["/rooms/loop", "Inside the transformer"],
    ["/rooms/local", "Median of each worker"],
    ["/nothing", "Nothing is here"],
  ] as const;

  test.each(pages)(
    "%s is whole on wide screens and phones, light and dark",
    { timeout: 60_000 },
    async (path, sign) => {
      for (const look of looks) {
        const opened = await open(path, sign, look);
        await opened.page.waitForLoadState("load");
        await expectWhole(opened, look);
        await opened.page.close();
      }
    },
  );

  test("the first load is under 300 kB compressed", async () => {
    const { page } = await open("/", "flipflop");
    const urls = (await page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")) as string[];
    const sizes = await Promise.all(
      [server.url, ...urls.filter((url) => url.includes("/assets/"))].map(
        async (url) => gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length,
      ),
    );
    expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(300_000);
    expect(sizes.length).toBeGreaterThan(2);
    await page.close();
  });

  test("runs are searched, chosen and compared by keyboard alone", async () => {
    const { page } = await open("/", "flipflop");
    const { keyboard } = page;
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("main");
    await keyboard.press("Tab");
    await keyboard.type("finished mlp order");
    await expect.poll(() => page.locator("tbody tr").count()).toBe(3);
    for (const run of ["digits", "orders/flipflop"]) {
      await page.getByLabel(`Compare ${run}`, { exact: true }).focus();
      await keyboard.press("Space");
    }
    await page.getByRole("button", { name: "Compare 2 runs" }).focus();
    await keyboard.press("Enter");
    await page.getByText("What differs").waitFor();
    expect(await page.locator("table.pairs tbody tr").allInnerTexts()).toEqual([
      expect.stringMatching(/^order\s+(ff-rr\s+rr|rr\s+ff-rr)$/),
    ]);
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    await page.close();
  });

  test("the slider chooses a submodel, by keyboard", async () => {
    const { page } = await open("/runs/ranks", "ranks by layer");
    const slider = page.getByRole("slider", { name: "Submodel" });
    const before = await slider.getAttribute("aria-valuetext");
    await slider.focus();
    await page.keyboard.press("Home");
    expect(await slider.getAttribute("aria-valuetext")).not.toBe(before);
    const link = await page.getByText("This submodel as ONNX").getAttribute("href");
    expect((await fetch(`${server.url}${link}`)).status).toBe(200);
    await page.close();
  });

  test("a run that trains is drawn as it goes; one that is deleted says so", { timeout: 30_000 }, async () => {
    beginRun("growing");
    writeFileSync(at("growing", "metrics.jsonl"), '{"kind":"train","step":1,"epoch":1,"loss":4}\n');
    const { page } = await open("/runs/growing", "running");
    const chart = page.getByRole("img", { name: /^loss\./ });
    await expect.poll(() => chart.getAttribute("aria-label")).toContain("1 points to step 1, last 4");
    await expect
      .poll(async () => {
        appendFileSync(at("growing", "metrics.jsonl"), '{"kind":"train","step":2,"epoch":1,"loss":2}\n');
        return chart.getAttribute("aria-label");
      })
      .toContain("2 points to step 2, last 2");
    endRun("growing");
    await page.getByText("finished").first().waitFor();
    rmSync(at("growing"), { recursive: true });
    await page.getByText("was deleted while it was shown").waitFor();
    await page.close();
  });

  test("an empty studio says what to do first", async () => {
    const other = await listen(createStudio({ runs: join(folder, "nothing"), version: "1" }), {
      port: 0,
      host: "127.0.0.1",
    });
    const opened = await openPage(browser, other.url, "No run yet", looks[1]!);
    await expectWhole(opened, looks[1]!);
    await opened.page.close();
    await other.close();
  });
});
