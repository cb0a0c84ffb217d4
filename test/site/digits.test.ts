import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chromium, describeWith } from "../programs.ts";
import { looks, openSite, tabTo } from "./open-site.ts";

const fact = (page: Page, name: string) => page.locator(`[data-fact=${name}]`).textContent();
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Sets what is trained, by keyboard where it is a slider. */
async function choose(page: Page, device: "wasm" | "webgpu", epochs: number): Promise<void> {
  await page.getByLabel("Device").selectOption(device);
  await page.getByLabel(/^Epochs/).fill(`${epochs}`);
}

const trained = (page: Page, timeout = 120_000) =>
  page.waitForFunction(() => /^Trained/.test(document.querySelector(".live-status")?.textContent ?? ""), undefined, {
    timeout,
  });

/** The numbers of a chart, read from its table. */
async function numbersOf(page: Page, title: string): Promise<number[]> {
  const values = page.locator("figure", { hasText: title }).locator("details td:last-child");
  return (await values.allTextContents()).map(Number);
}

/** A digit in the manner of the data: 8x8 with the strokes from top to bottom. */
const drawings = {
  1: ["...##...", "..###...", ".####...", "...##...", "...##...", "...##...", "...##...", "..####.."],
  0: ["..###...", ".##.##..", ".#...#..", ".#...#..", ".#...#..", ".#...#..", ".##.##..", "..###..."],
} as const;

describeWith(chromium, "the page of digits", () => {
  let site: Awaited<ReturnType<typeof openSite>>;
  beforeAll(async () => {
    site = await openSite();
  }, 120_000);
  afterAll(() => site?.close());

  it("trains on WebAssembly above 93% while ranks fall, and names what is drawn", { timeout: 180_000 }, async () => {
    const page = await site.open("live/digits.html");
    await choose(page, "wasm", 20);
    await button(page, "Train").click();
    await trained(page);
    expect(await page.locator(".live-status").textContent()).toBe("Trained on WebAssembly.");
    expect(Number.parseFloat((await fact(page, "accuracy"))!)).toBeGreaterThan(93);
    const ranks = (await fact(page, "ranks"))!.split(" · ").map(Number);
    expect(ranks[0]).toBeLessThan(40);
    expect(ranks[1]).toBeLessThan(40);
    const pad = page.locator(".live-pad");
    for (const [digit, rows] of Object.entries(drawings)) {
      await button(page, "Clear").click();
      await pad.scrollIntoViewIfNeeded();
      await pad.focus();
      // By keyboard, cell after cell, from the upper left corner on.
      for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowUp");
      for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowLeft");
      for (const [r, row] of rows.entries()) {
        for (let c = 0; c < 8; c++) {
          const at = r % 2 === 0 ? c : 7 - c;
          if (row[at] === "#") await page.keyboard.press("Space");
          if (c < 7) await page.keyboard.press(r % 2 === 0 ? "ArrowRight" : "ArrowLeft");
        }
        await page.keyboard.press("ArrowDown");
      }
      await page.waitForFunction(
        (wanted) => document.querySelector("[data-fact=digit]")?.textContent === wanted,
        digit,
      );
    }
    await button(page, "Clear").click();
    expect(await page.locator("[data-fact=digit]").count()).toBe(0);
    // With the pointer as well.
    const box = (await pad.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.56, box.y + 4);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.56, box.y + box.height - 4, { steps: 12 });
    await page.mouse.up();
    await page.waitForFunction(() => document.querySelector("[data-fact=digit]")?.textContent === "1");
  });

  it("pauses, goes on and begins anew", { timeout: 120_000 }, async () => {
    const page = await site.open("live/digits.html");
    await choose(page, "wasm", 10);
    await button(page, "Train").click();
    await page.waitForFunction(() => document.querySelector("[data-fact=accuracy]")?.textContent !== "–");
    await button(page, "Pause").click();
    await page.getByText(/^Paused at step/).waitFor();
    const bar = page.getByRole("progressbar", { name: "Training" });
    const value = () => bar.evaluate((element) => (element as HTMLProgressElement).value);
    await page.waitForTimeout(600);
    const stood = await value();
    await page.waitForTimeout(600);
    expect(await value()).toBe(stood);
    await button(page, "Go on").click();
    await trained(page);
    expect(await value()).toBe(10 * 23);
    await button(page, "Reset").click();
    expect(await page.locator(".live-status").textContent()).toBe("Ready.");
    expect(await fact(page, "accuracy")).toBe("–");
  });

  it("trains on WebGPU to about the same as on WebAssembly", { timeout: 180_000 }, async () => {
    const losses: number[][] = [];
    const accuracies: number[][] = [];
    for (const device of ["wasm", "webgpu"] as const) {
      const page = await site.open("live/digits.html");
      await choose(page, device, 5);
      // Without a penalty no rank is taken away, so that the graph is compiled once.
      await page.getByLabel(/^Pull/).fill("0");
      await button(page, "Train").click();
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

  it("works by keyboard alone", { timeout: 120_000 }, async () => {
    const page = await site.open("live/digits.html");
    await button(page, "Train").waitFor();
    expect(await tabTo(page, /^Epochs/)).toBe(true);
    await page.keyboard.press("Home");
    expect(await tabTo(page, /^Device/)).toBe(true);
    await page.keyboard.press("End");
    expect(await tabTo(page, /^Train$/)).toBe(true);
    await page.keyboard.press("Enter");
    await trained(page);
    expect(Number.parseFloat((await fact(page, "accuracy"))!)).toBeGreaterThan(50);
    expect(await tabTo(page, /^Drawing of 8 by 8 cells; row 4, column 4, empty/)).toBe(true);
    await page.keyboard.press("Space");
    await page.locator("[data-fact=digit]").waitFor();
  });

  it.each(looks)("is usable at $width, $theme", { timeout: 90_000 }, async (look) => {
    const page = await site.open("live/digits.html", look);
    await choose(page, "wasm", 5);
    await button(page, "Train").click();
    await trained(page);
    await site.expectUsable(page);
  });

  it("had no error in the console and asked no other host", () => {
    expect(site.problems).toEqual([]);
    expect(site.served.filter(({ status }) => status !== 200)).toEqual([]);
  });
});
