/** The built site in a browser, watched: nothing may go wrong in its console, and nothing may leave its host. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { launchChromium } from "../chromium.ts";
import { serveFolder } from "./serve-folder.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** Builds the site with `options` into a folder of its own; the folder goes with `remove`. */
export async function buildSite(...options: string[]) {
  const folder = await mkdtemp(join(tmpdir(), "tenfold-site-"));
  const { stderr } = await run(process.execPath, ["--import", "tsx", "site/build.ts", "--out", folder, ...options], {
    cwd: root,
  });
  return { folder, stderr, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** All pages of a built site. */
export async function pagesOf(folder: string): Promise<string[]> {
  const all = await readdir(folder, { recursive: true });
  return all.filter((path) => path.endsWith(".html")).sort();
}

/** How a page is looked at. */
export interface Look {
  readonly width: number;
  readonly theme: "light" | "dark";
}

/** Wide and narrow, light and dark. */
export const looks: readonly Look[] = [
  { width: 1280, theme: "light" },
  { width: 390, theme: "light" },
  { width: 1280, theme: "dark" },
  { width: 390, theme: "dark" },
];

/** The site without its reference, served, and a browser before it. */
export async function openSite() {
  const site = await buildSite("--no-api");
  const server = await serveFolder(site.folder);
  const browser = await launchChromium();
  const problems: string[] = [];

  /** Opens a page of the site. */
  const open = async (path: string, { width, theme }: Look = looks[0]!): Promise<Page> => {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: theme,
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(`${path}: ${message.text()}`);
    });
    page.on("pageerror", (error) => problems.push(`${path}: ${error.message}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(server.url) && !/^(data|blob):/.test(url)) problems.push(`${path}: asks for ${url}`);
    });
    await page.goto(`${server.url}${path}`);
    return page;
  };

  /** Whether all can use the page: axe-core finds nothing, and it does not scroll sideways. */
  const expectUsable = async (page: Page): Promise<void> => {
    await page.evaluate(axe.source);
    const violations = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
    });
    expect(violations).toEqual([]);
    const [width, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(width).toBeLessThanOrEqual(seen!);
  };

  return {
    ...server,
    folder: site.folder,
    problems,
    open,
    expectUsable,
    async close() {
      await browser.close();
      server.close();
      await site.remove();
    },
  };
}

/** Presses Tab until an element is reached; says whether its focus can be seen. */
export async function tabTo(page: Page, name: RegExp, most = 80): Promise<boolean> {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const labels = (element as HTMLInputElement).labels;
      const label = element.getAttribute("aria-label") ?? labels?.[0]?.textContent ?? element.textContent ?? "";
      return { label: label.trim(), outline: getComputedStyle(element).outlineStyle };
    });
    if (name.test(focused.label)) return focused.outline !== "none";
  }
  throw new Error(`no Tab of ${most} leads to ${name}`);
}
