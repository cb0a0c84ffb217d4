import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fit } from "../../src/train/index.ts";
import { launchChromium } from "../chromium.ts";
import { chromium, describeWith } from "../programs.ts";
import { serveFolder } from "../site/serve-folder.ts";
import { listen, type Told, trainingOf } from "./page.ts";

/** Bundles as a page does: an import of a Node built-in, even one that is never called, is an error. */
async function bundle(entry: string, outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: { page: entry },
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    logLevel: "silent",
  });
  return metafile;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-browser-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the bundle of tenfold/browser", () => {
  it("has no Node built-in and no ONNX Runtime, and loads jax-js only where it is used", async () => {
    const { outputs } = await bundle(join(import.meta.dirname, "../../src/browser/index.ts"), folder);
    const inputs = Object.values(outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    );
    expect(inputs.filter((path) => /onnxruntime|node:/.test(path))).toEqual([]);
    expect(inputs.some((path) => path.includes("@jax-js"))).toBe(true);
    const [, entry] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint?.endsWith("browser/index.ts"))!;
    const direct = new Set(entry.imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path));
    const atOnce = Object.entries(outputs).filter(([path, output]) => output === entry || direct.has(path));
    expect(atOnce.flatMap(([, { inputs }]) => Object.keys(inputs)).filter((path) => path.includes("@jax-js"))).toEqual(
      [],
    );
    expect(Object.values(outputs).flatMap(({ imports }) => imports.filter(({ external }) => external))).toEqual([]);
  });
});

describeWith(chromium, "tenfold/browser in a browser", () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveFolder>>;
  beforeAll(async () => {
    await bundle(join(import.meta.dirname, "page.ts"), folder);
    server = await serveFolder(folder);
    browser = await launchChromium({ webgpu: false });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it("trains as on Node, with the same events, and never asks for ONNX Runtime", { timeout: 120_000 }, async () => {
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`${server.url}page.js`);
    await page.setContent(`<script type="module" src="${server.url}page.js"></script>`);
    await page.waitForFunction("globalThis.trainHere");
    const theirs = (await page.evaluate(`trainHere("wasm")`)) as Told;
    const ours = await listen(fit(trainingOf("native")));
    expect(theirs.kinds).toEqual(ours.kinds);
    expect(theirs.kinds).toContain("shrink");
    expect(theirs.losses).toBeAllclose(ours.losses, { rtol: 1e-3, atol: 1e-4 });
    expect(theirs.accuracy).toBeGreaterThan(0.8);
    // Without WebGPU, WebAssembly; and what only Node has is refused in one line.
    expect(await page.evaluate("pickDevice()")).toBe("wasm");
    expect(await page.evaluate("compileHere()")).toBe("wasm 2,4");
    expect(await page.evaluate(`compileHere("native")`)).toBe(
      "device: expected wasm or webgpu, which are the devices of a browser, found native",
    );
    expect(asked.filter((url) => /onnx/.test(url))).toEqual([]);
    expect(asked.every((url) => url.startsWith(server.url))).toBe(true);
  });
});
