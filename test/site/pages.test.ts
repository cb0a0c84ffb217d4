import { afterAll, beforeAll, expect, it } from "vitest";
import { chromium, describeWith } from "../programs.ts";
import { looks, openSite, pagesOf } from "./open-site.ts";

/** The most that a page may load before anything is clicked, bytes over the wire. */
const mostBytes = 300_000;

describeWith(chromium, "the pages of the site", () => {
  let site: Awaited<ReturnType<typeof openSite>>;
  beforeAll(async () => {
    site = await openSite();
  }, 120_000);
  afterAll(() => site?.close());

  it("are usable, one after the other, in all themes and widths", { timeout: 170_000 }, async () => {
    const pages = (await pagesOf(site.folder)).filter((path) => !path.startsWith("live/"));
    expect(pages.length).toBeGreaterThan(20);
    for (const [i, path] of pages.entries()) {
      const page = await site.open(path, looks[i % looks.length]);
      await site.expectUsable(page);
      await page.context().close();
    }
  });

  it.each(["index.html", "rooms/low-rank.html", "live/digits.html", "live/loop.html", "live/order.html"])(
    "%s loads less than 300 kB",
    { timeout: 30_000 },
    async (path) => {
      const from = site.served.length;
      const page = await site.open(path);
      await page.waitForLoadState("networkidle");
      const loaded = site.served.slice(from);
      expect(loaded.length).toBeGreaterThan(2);
      expect(loaded.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(mostBytes);
    },
  );

  it("the search finds headings, and leads to them", { timeout: 30_000 }, async () => {
    const page = await site.open("rooms/low-rank.html");
    await page.getByLabel("Search the headings").fill("ten rooms");
    const link = page.locator("#found a", { hasText: "The ten rooms" });
    await link.click();
    await page.waitForURL(`${site.url}index.html#the-ten-rooms`);
    expect(await page.getByRole("heading", { name: "The ten rooms" }).count()).toBeGreaterThan(0);
    await page.getByLabel("Search the headings").fill("zzz");
    await page.getByText("No heading has these words.").waitFor();
  });

  it("the menu opens on a phone, and pages turn", { timeout: 30_000 }, async () => {
    const page = await site.open("index.html", looks[1]);
    await page.getByText("Menu", { exact: true }).click();
    await page.getByRole("navigation", { name: "Pages" }).locator('a[href="rooms/low-rank.html"]').click();
    await page.waitForURL(/rooms\/low-rank\.html$/);
    expect(await page.locator("pre .hljs-keyword").count()).toBeGreaterThan(0);
    await page.getByRole("link", { name: /^Next:/ }).click();
    await page.waitForURL(/rooms\/norm-tuning\.html$/);
  });

  it("had no error in the console and asked no other host", () => {
    expect(site.problems).toEqual([]);
    expect(site.served.filter(({ status }) => status !== 200)).toEqual([]);
  });
});
