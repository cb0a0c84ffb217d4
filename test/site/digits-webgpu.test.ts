import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chromium, describeWith } from "../programs.ts";
import { choose, trained } from "./digits-page.ts";
import { openSite } from "./open-site.ts";

/** The numbers of a chart, read from its table. */
async function numbersOf(page: Page, title: string): Promise<number[]> {
  const values = page.locator("figure", { hasText: title }).locator("details td:last-child");
  return (await values.allTextContents()).map(Number);
}

describeWith(chromium, "the page of digits on WebGPU", () => {
  let site: Awaited<ReturnType<typeof openSite>>;
  beforeAll(async () => {
    site = await openSite();
  }, 120_000);
  afterAll(() => site?.close());

  it("trains on WebGPU to about the same as on WebAssembly", { timeout: 180_000 }, async () => {
    const losses: number[][] = [];
    const accuracies: number[][] = [];
    for (const device of ["wasm", "webgpu"] as const) {
      const page = await site.open("live/digits.html");
      await choose(page, device, 5);
      // Without a penalty no rank is taken away, so that the graph is compiled once.
      await page.getByLabel(/^Pull/).fill("0");
      await page.getByRole("button", { name: "Train", exact: true }).click();
      await trained(page, 150_000);
      expect(await page.locator(".live-status").textContent()).toContain(device === "wasm" ? "WebAssembly" : "WebGPU");
      losses.push(await numbersOf(page, "Loss with the penalty"));
      accuracies.push(await numbersOf(page, "Test accuracy"));
    }
    expect(losses[0]!.length).toBeGreaterThan(5);
    expect(losses[1]).toBeAllclose(losses[0]!, { rtol: 0.05, atol: 0.02 });
    expect(accuracies[0]!.length).toBe(5);
    expect(accuracies[1]).toBeAllclose(accuracies[0]!, { rtol: 0, atol: 0.03 });
    expect(accuracies[1]!.at(-1)).toBeGreaterThan(0.7);
  });
});
