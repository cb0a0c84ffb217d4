import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chromium, describeWith } from "../programs.ts";
import { choose, trained } from "./digits-page.ts";
import { looks, openSite, tabTo } from "./open-site.ts";

const fact = (page: Page, name: string) => page.locator(`[data-fact=${name}]`).textContent();
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

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
