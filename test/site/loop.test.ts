import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chromium, describeWith } from "../programs.ts";
import { looks, openSite, tabTo } from "./open-site.ts";

/** Memory by name, as the page shows it. */
const memory = (page: Page) =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll(".live-memory > div")].map((cell) => [
        cell.querySelector("dt")!.textContent,
        [...cell.querySelectorAll("dd > span")].map((value) => value.firstChild!.textContent),
      ]),
    ),
  );
const fact = (page: Page, name: string) => page.locator(`[data-fact=${name}]`).textContent();
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const isHalted = (page: Page) =>
  page.waitForFunction(() => document.querySelector("[data-fact=state]")?.textContent === "halted");

describeWith(chromium, "the looped transformer's page", () => {
  let site: Awaited<ReturnType<typeof openSite>>;
  beforeAll(async () => {
    site = await openSite();
  }, 120_000);
  afterAll(() => site?.close());

  it("steps a program forwards and backwards, and runs it to its end", { timeout: 60_000 }, async () => {
    const page = await site.open("live/loop.html");
    await button(page, "Step").click();
    await button(page, "Step").click();
    expect(await memory(page)).toEqual({ a: ["7"], b: ["9"], product: ["9"], minus_b: ["−9"] });
    expect(await fact(page, "instruction")).toBe("subleq minus_b, product");
    expect(await page.locator(".live-memory .changed").textContent()).toContain("9");
    expect(await page.locator(".live-gutter .current").textContent()).toBe("7");
    await button(page, "Back").click();
    expect(await memory(page)).toMatchObject({ product: ["0"], minus_b: ["−9"] });
    expect(await fact(page, "loops")).toBe("1");
    await button(page, "Run").click();
    await isHalted(page);
    expect(await memory(page)).toMatchObject({ a: ["0"], product: ["63"] });
    await button(page, "Reset").click();
    await page.waitForFunction(() => document.querySelector("[data-fact=loops]")?.textContent === "0");
    expect(await memory(page)).toMatchObject({ a: ["7"], product: ["0"] });
  });

  it("compiles what one types, and shows an error at its line", { timeout: 60_000 }, async () => {
    const page = await site.open("live/loop.html");
    await page.getByLabel("Program").selectOption("factorial.loop");
    const text = page.getByRole("textbox", { name: /^Text of/ });
    await text.fill(
      "let n = 5\nlet product = 1\nwhile n > 1 {\n  product = produkt * n\n  n = n - 1\n}\nprint product\n",
    );
    await page.locator(".live-problem").waitFor();
    expect(await page.locator(".live-problem").textContent()).toMatch(
      /^factorial\.loop:4:\d+: expected .*produkt.*Hint/,
    );
    expect(await page.locator(".live-gutter .wrong").textContent()).toBe("4");
    await text.fill((await text.inputValue()).replace("produkt", "product"));
    await page.locator(".live-problem").waitFor({ state: "detached" });
    await button(page, "Run").click();
    await isHalted(page);
    expect(await memory(page)).toEqual({ n: ["1"], product: ["120"] });
    expect(await page.locator(".live-printed output").textContent()).toBe("120");
  });

  it("says where a program goes wrong while it runs", { timeout: 60_000 }, async () => {
    const page = await site.open("live/loop.html");
    await page.getByLabel("Program").selectOption("factorial.loop");
    await page.getByRole("textbox", { name: /^Text of/ }).fill("let xs[3]\nlet i = 5\nxs[i] = 1\n");
    await page.getByText(/^Compiled: /).waitFor();
    await page.waitForFunction(() => document.querySelector(".live-memory dt")?.textContent === "i");
    await button(page, "Run").click();
    await page.locator(".live-problem").waitFor();
    expect(await page.locator(".live-problem").textContent()).toMatch(
      /array xs: expected an index from 0 to 2, found 5/,
    );
  });

  it("runs matrices, and shows attention, registers and weights", { timeout: 60_000 }, async () => {
    const page = await site.open("live/loop.html");
    await page.getByLabel("Program").selectOption("transpose.fleq");
    await page.waitForFunction(() => document.querySelector(".live-memory dt")?.textContent === "A");
    await button(page, "Run").click();
    await isHalted(page);
    expect(await memory(page)).toMatchObject({ At: ["1", "3", "2", "4"], AB: ["19", "22", "43", "50"] });
    await page.getByLabel("Program").selectOption("multiply.subleq");
    await page.waitForFunction(() => document.querySelector(".live-memory dt")?.textContent === "a");
    await page.getByRole("combobox", { name: /^Layer/ }).selectOption("2");
    const map = page.getByRole("img", { name: /^Attention of head .* in layer read: 32 columns/ });
    await map.waitFor();
    // The first instruction reads b, which is memory cell 3 of 0 zero, 1 minusone, 2 a: column 4.
    expect(await map.getAttribute("aria-label")).toContain("4 (b) 0.50");
    expect(await page.locator(".live-registers tr", { hasText: "counter" }).first().textContent()).toContain("8");
    expect(await page.getByText(/11 layers, 4 heads/).count()).toBe(1);
  });

  it("works by keyboard alone", { timeout: 60_000 }, async () => {
    const page = await site.open("live/loop.html");
    await button(page, "Step").waitFor();
    expect(await tabTo(page, /^Step$/)).toBe(true);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Space");
    expect(await fact(page, "loops")).toBe("2");
    expect(await tabTo(page, /^Run$/)).toBe(true);
    await page.keyboard.press("Enter");
    await isHalted(page);
    expect(await memory(page)).toMatchObject({ product: ["63"] });
  });

  it.each(looks)("is usable at $width, $theme", { timeout: 60_000 }, async (look) => {
    const page = await site.open("live/loop.html", look);
    await button(page, "Step").click();
    await page.getByRole("img", { name: /^Attention/ }).waitFor();
    await site.expectUsable(page);
  });

  it("had no error in the console and asked no other host", () => {
    expect(site.problems).toEqual([]);
    expect(site.served.filter(({ status }) => status !== 200)).toEqual([]);
  });
});
