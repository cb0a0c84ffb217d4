import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { buildSite, pagesOf } from "./open-site.ts";

describe("the build of the site", () => {
  it("has the reference, and every link in it leads somewhere", { timeout: 170_000 }, async () => {
    const site = await buildSite();
    try {
      const files = new Set(await readdir(site.folder, { recursive: true }));
      expect(files.has("api/index.html")).toBe(true);
      const pages = await pagesOf(site.folder);
      const lost: string[] = [];
      for (const path of pages) {
        const text = await readFile(join(site.folder, path), "utf8");
        for (const [, url] of text.matchAll(/(?:href|src)="([^"#?]+)[^"]*"/g)) {
          if (/^[a-z][a-z+.-]*:/i.test(url!)) continue;
          const target = posix.join(posix.dirname(path), decodeURI(url!)).replace(/\/$/, "");
          if (url!.startsWith("/") || !(target === "." || files.has(target))) lost.push(`${path}: ${url}`);
        }
      }
      expect(pages.filter((path) => path.startsWith("api/")).length).toBeGreaterThan(300);
      expect(lost).toEqual([]);
      const fit = await readFile(join(site.folder, "api/functions/train.fit.html"), "utf8");
      expect(fit).toContain("Trains a model.");
      expect(fit).toContain('href="../../index.html"');
    } finally {
      await site.remove();
    }
  });

  it("fails with one line for each link that leads nowhere", { timeout: 60_000 }, async () => {
    const root = await mkdtemp(join(tmpdir(), "tenfold-docs-"));
    const files: Record<string, string> = {
      "README.md": "# Tenfold\n\n## Here\n\n[there](docs/a.md#there) [here](#here) [no](#nowhere)\n",
      "docs/a.md": "# A\n\n## There\n\n[back](../README.md) [gone](gone.md) [off](../README.md#off)\n",
    };
    for (const room of ["permutation-sgd", "low-rank", "looped-transformer"]) {
      files[`src/systems/${room}/README.md`] = `# ${room}\n`;
    }
    try {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), text);
      }
      const failure = await buildSite("--no-api", "--root", root).then(
        () => undefined,
        (error: { code: number; stderr: string }) => error,
      );
      expect(failure?.code).toBe(1);
      expect(failure!.stderr.trim().split("\n").sort()).toEqual([
        "tenfold site: README.md: no heading for the link #nowhere",
        "tenfold site: docs/a.md: no file for the link gone.md",
        "tenfold site: docs/a.md: no heading for the link ../README.md#off",
      ]);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
