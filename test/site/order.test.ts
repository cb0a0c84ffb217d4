import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { slopeWindows } from "../../src/systems/permutation-sgd/index.ts";
import { chromium, describeWith } from "../programs.ts";
import { looks, openSite, tabTo } from "./open-site.ts";

/** Slopes by order, once they are measured for the orders asked for. */
async function slopes(page: Page, names: readonly string[]): Promise<Record<string, number>> {
  await page.waitForFunction((names) => {
    const shown = [...document.querySelectorAll("tr[data-order]")].map((row) => row.getAttribute("data-order"));
    const isDone = /^Measured/.test(document.querySelector(".live-status")?.textContent ?? "");
    return isDone && shown.join() === names.join();
  }, names);
  return page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll("tr[data-order]")].map((row) => [
        row.getAttribute("data-order"),
        Number(row.querySelector("[data-slope]")!.getAttribute("data-slope")),
      ]),
    ),
  );
}

/** How far each path ends from the optimum. */
const ends = (page: Page) =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll(".live-path figcaption")].map((caption) => [
        caption.querySelector("strong")!.textContent,
        Number(/distance (\S+)/.exec(caption.textContent)![1]),
      ]),
    ),
  );

describeWith(chromium, "the page of orders", () => {
  let site: Awaited<ReturnType<typeof openSite>>;
  beforeAll(async () => {
    site = await openSite();
  }, 120_000);
  afterAll(() => site?.close());

  it("measures slopes in the claims' windows, FlipFlop's the steepest", { timeout: 90_000 }, async () => {
    const page = await site.open("live/order.html");
    const first = await slopes(page, ["rr", "ss", "igd", "ff-rr"]);
    for (const name of ["rr", "ss", "igd", "ff-rr"] as const) {
      const [low, high] = slopeWindows[name];
      expect(first[name], name).toBeGreaterThan(low);
      expect(first[name], name).toBeLessThan(high);
    }
    expect(first["ff-rr"]).toBeLessThan(first.rr! - 0.5);
    expect(await page.getByRole("img", { name: /^Squared distance/ }).getAttribute("aria-label")).toMatch(
      /ff-rr: 4 points/,
    );
  });

  it("measures anew as sliders, orders and the seed change", { timeout: 90_000 }, async () => {
    const page = await site.open("live/order.html");
    const before = await slopes(page, ["rr", "ss", "igd", "ff-rr"]);
    const old = await ends(page);
    await page.getByLabel("Seed").fill("5");
    await page.getByText("Measuring …").waitFor();
    expect((await slopes(page, ["rr", "ss", "igd", "ff-rr"])).rr).not.toBe(before.rr);
    expect((await ends(page)).rr).not.toBe(old.rr);
    await page.getByLabel(/^grab/).check();
    await page.getByLabel(/^igd/).uncheck();
    await slopes(page, ["rr", "ss", "ff-rr", "grab"]);
    expect(await page.locator(".live-path").count()).toBe(4);
  });

  it("draws paths that end near the optimum, the sorted order's farthest", async () => {
    const page = await site.open("live/order.html");
    await page.locator(".live-path").first().waitFor();
    const distance = await ends(page);
    expect(distance.rr).toBeLessThan(0.1);
    expect(distance.igd).toBeGreaterThan(2 * distance.rr!);
    const points = await page.locator(".live-path polyline").first().getAttribute("points");
    expect(points!.split(" ").length).toBeGreaterThan(100);
    await page.getByLabel("Show").selectOption("end");
    expect(await page.locator(".live-path polyline").first().getAttribute("points")).not.toBe(points);
  });

  it("works by keyboard alone", { timeout: 90_000 }, async () => {
    const page = await site.open("live/order.html");
    await slopes(page, ["rr", "ss", "igd", "ff-rr"]);
    expect(await tabTo(page, /^ss/)).toBe(true);
    await page.keyboard.press("Space");
    expect(await tabTo(page, /^Components n/)).toBe(true);
    await page.keyboard.press("ArrowLeft");
    await slopes(page, ["rr", "igd", "ff-rr"]);
    expect(await page.getByLabel(/^Components n/).getAttribute("aria-valuetext")).toBe("100");
  });

  it.each(looks)("is usable at $width, $theme", { timeout: 60_000 }, async (look) => {
    const page = await site.open("live/order.html", look);
    await slopes(page, ["rr", "ss", "igd", "ff-rr"]);
    await page.getByText("Numbers", { exact: true }).click();
    await site.expectUsable(page);
  });

  it("had no error in the console and asked no other host", () => {
    expect(site.problems).toEqual([]);
    expect(site.served.filter(({ status }) => status !== 200)).toEqual([]);
  });
});
