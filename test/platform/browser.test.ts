import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchChromium } from "../chromium.ts";
import { cases } from "../parity/cases.ts";
import { chromium, describeWith } from "../programs.ts";
import { type Plain, runCase, trainSmall } from "./page.ts";

describeWith(chromium, "the same functions in a browser", () => {
  let browser: Browser;
  let page: Page;
  const server = createServer();

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, "page.ts")],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2022",
      external: ["onnxruntime-node"],
    });
    const script = outputFiles[0]!.text;
    server.on("request", (request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? script : '<script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("globalThis.trainSmall");
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server.close();
  });

  const inPage = <T>(call: string): Promise<T> => page.evaluate(call) as Promise<T>;

  it.each(["wasm", "webgpu"] as const)(
    "every primitive on %s gives what ONNX Runtime gives",
    { timeout: 600_000 },
    async (device) => {
      // WGSL leaves open what NaN and infinity do.
      const defined = device === "webgpu" ? cases.filter(({ name }) => !name.includes("NaN")) : cases;
      for (const { name } of defined) {
        const theirs = await inPage<Plain>(`runCase(${JSON.stringify(name)}, "${device}")`);
        const ours = await runCase(name, "native");
        expect({ name, shape: theirs.shape, dtype: theirs.dtype }).toEqual({
          name,
          shape: ours.shape,
          dtype: ours.dtype,
        });
        // jax-js's log on WebAssembly is good to 3e-6 near 1; WGSL allows sin and cos an error of 2^-11 = 4.9e-4.
        const { rtol, atol } = device === "webgpu" ? { rtol: 1e-3, atol: 5e-4 } : { rtol: 1e-4, atol: 5e-6 };
        expect(theirs.data, `${name} on ${device}`).toBeAllclose(ours.data, { rtol, atol });
      }
    },
  );

  it.each(["wasm", "webgpu"] as const)(
    "training on %s follows the same losses",
    { timeout: 120_000 },
    async (device) => {
      const [theirs, ours] = [await inPage<number[]>(`trainSmall("${device}")`), await trainSmall("native")];
      expect(ours.at(-1)!).toBeLessThan(ours[0]! / 2);
      expect(theirs).toBeAllclose(ours, { rtol: 1e-3, atol: 1e-4 });
    },
  );
});
