/** The studio: a long list of runs, a long curve, and how soon a page shows what a run wrote. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { median, quantile } from "simple-statistics";
import { listen } from "../src/http/index.ts";
import { createStudio } from "../src/studio/index.ts";

export interface StudioBenchOptions {
  readonly runs: number;
  /** Steps a run; each has a line. */
  readonly steps: number;
  readonly repeats: number;
}

export interface StudioBench {
  readonly megabytes: number;
  /** Median milliseconds of GET /api/runs. */
  readonly listMs: number;
  /** Median milliseconds of GET /api/runs/{run}/metrics. */
  readonly curvesMs: number;
  /** Milliseconds from a line in the file to the curve in the page that already has `steps` points. */
  readonly liveMs: { readonly median: number; readonly p95: number };
}

function metricsLine(step: number): string {
  const loss = Math.exp(-step / 3000) + 0.01 * Math.sin(step);
  return `${JSON.stringify({ kind: "train", step, epoch: 1, loss, gradientNorm: 1 / step, learningRate: 0.001 })}\n`;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** Builds the folder, times the answers of a server in this process, and watches a page of it. Needs Debian's Chromium. */
export async function measureStudio({ runs, steps, repeats }: StudioBenchOptions): Promise<StudioBench> {
  const folder = mkdtempSync(join(tmpdir(), "tenfold-bench-studio-"));
  const lines = Array.from({ length: steps }, (_, i) => metricsLine(i + 1)).join("");
  for (let run = 0; run < runs; run++) {
    const path = join(folder, `run-${run}`);
    mkdirSync(path);
    writeFileSync(
      join(path, "run.json"),
      JSON.stringify({ model: "mlp", data: "made", order: "rr", epochs: 1, seed: run }),
    );
    writeFileSync(join(path, "metrics.jsonl"), lines);
    if (run > 0) writeFileSync(join(path, "report.json"), "{}");
  }
  writeFileSync(join(folder, "run-0", "lock"), `${process.pid === 1 ? 1 : process.ppid} ${hostname()}\n`);
  const server = await listen(createStudio({ runs: folder, version: "bench" }), { port: 0, host: "127.0.0.1" });
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const times = { list: [] as number[], curves: [] as number[], live: [] as number[] };
    for (let repeat = 0; repeat < repeats; repeat++) {
      times.list.push(await milliseconds(async () => (await fetch(`${server.url}/api/runs`)).json()));
      times.curves.push(await milliseconds(async () => (await fetch(`${server.url}/api/runs/run-1/metrics`)).json()));
    }
    const page = await browser.newPage();
    await page.goto(`${server.url}/runs/run-0`);
    const shows = (step: number) =>
      page.locator(`[role=img][aria-label^="loss."][aria-label*="to step ${step.toLocaleString("en-US")},"]`).waitFor();
    await shows(steps);
    for (let step = steps + 1; step <= steps + 20; step++) {
      times.live.push(
        await milliseconds(async () => {
          appendFileSync(join(folder, "run-0", "metrics.jsonl"), metricsLine(step));
          await shows(step);
        }),
      );
    }
    return {
      megabytes: Math.round((runs * lines.length) / 1e6),
      listMs: median(times.list),
      curvesMs: median(times.curves),
      liveMs: { median: median(times.live), p95: quantile(times.live, 0.95) },
    };
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
