/** The studio under test: real runs, a server over them, and pages of it in Debian's browser. @module */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { expect, vi } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { rooms } from "../../src/systems/index.ts";

/** Runs a command of Tenfold in this process, with nothing printed. */
export async function tenfold(...words: string[]): Promise<void> {
  const [out, errors] = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation(() => true),
  );
  try {
    const program = await createProgram(rooms, words);
    await program.parseAsync([...words, "--quiet"], { from: "user" });
    expect(process.exitCode ?? 0, words.join(" ")).toBe(0);
  } finally {
    out!.mockRestore();
    errors!.mockRestore();
  }
}

/** How a page is looked at. */
export interface Look {
  readonly width: 1280 | 390;
  readonly colorScheme: "light" | "dark";
}

/** A wide screen and a phone, light and dark. */
export const looks: readonly Look[] = [1280, 390].flatMap((width) =>
  (["light", "dark"] as const).map((colorScheme): Look => ({ width: width as Look["width"], colorScheme })),
);

/** A page and what went wrong in it: messages of the console, requests to other hosts. */
export interface OpenPage {
  readonly page: Page;
  readonly problems: string[];
}

/** Opens an address and waits until it shows `sign`. */
export async function openPage(browser: Browser, url: string, sign: string, look: Look): Promise<OpenPage> {
  const page = await browser.newPage({
    viewport: { width: look.width, height: 900 },
    colorScheme: look.colorScheme,
    reducedMotion: "reduce",
  });
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(url).origin) problems.push(`a request to ${origin}`);
  });
  await page.goto(url);
  await page.getByText(sign).first().waitFor();
  return { page, problems };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with a page, a line each. */
async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const run = `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] })`;
  const { violations } = (await page.evaluate(run)) as {
    violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
  };
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.target.join(" ")} ${nodes[0]!.failureSummary}`);
}

/** Expects a page to be whole: nothing wrong for axe, nothing in the console, nothing wider than the screen. */
export async function expectWhole({ page, problems }: OpenPage, look: Look): Promise<void> {
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(look.width);
  expect(problems).toEqual([]);
}
