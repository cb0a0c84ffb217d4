import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import type { Claim, Figure, Finding, System } from "../systems/index.ts";
import { type Measurement, type ReportDocument, reportDocument, reportHtml, writeReport } from "./index.ts";

const epochs = [32, 64, 128, 256, 512];

/** Errors that fall as a power of the epochs, with a band and a fitted line. */
function slopes(orders: Readonly<Record<string, number>>): Figure {
  return {
    title: "Error against epochs",
    caption: "Each order falls along its own straight line; the slope is the rate.",
    xLabel: "epochs K",
    yLabel: "squared distance to the minimum",
    xScale: "log",
    yScale: "log",
    series: Object.entries(orders).flatMap(([name, slope], i) => {
      const y = epochs.map((epoch, j) => (1 + i) * epoch ** slope * (1 + 0.15 * Math.sin(7 * j + i)));
      const band = { low: y.map((value) => value / 1.8), high: y.map((value) => value * 1.8) };
      const fit = epochs.map((epoch) => (1 + i) * epoch ** slope);
      return [
        { name, x: epochs, y, ...band },
        { name: `${name}, slope ${slope}`, x: epochs, y: fit, reference: true },
      ];
    }),
  };
}

const accuracy: Figure = {
  title: "Accuracy & rank <b>of each layer</b>",
  caption: "Beyond rank 12 nothing is gained.",
  xLabel: "rank",
  yLabel: "test accuracy",
  series: [
    { name: "trained", x: [1, 2, 4, 8, 16, 32], y: [0.41, 0.63, 0.82, 0.934, 0.951, 0.952] },
    { name: "full rank", x: [1, 32], y: [0.952, 0.952], reference: true },
  ],
};

const gaps: Figure = {
  title: "Loss with a gap",
  caption: "What is not finite or, on a log axis, not positive is left out.",
  xLabel: "step",
  yLabel: "loss",
  yScale: "log",
  series: [
    {
      name: "loss",
      x: [0, 1, 2, 3, 4],
      y: [2, Number.NaN, 0.5, 0, 0.1],
      low: [1, 1, 0, -1, 0.05],
      high: [3, 3, 1, 1, 1],
    },
  ],
};

const empty: Figure = { title: "Nothing", caption: "None.", xLabel: "x", yLabel: "y", series: [] };

function claim(id: string, changes: Partial<Claim> = {}): Claim {
  return {
    id,
    statement: "On a strongly convex quadratic, random reshuffling converges as one over the cube of the epochs.",
    source: "Theorem 2",
    method: "Median over 20 seeds of the error of the last iterate; slope of a line through the logarithms.",
    paper: "slope -3 in K",
    window: "slope in [-3.4, -2.6]",
    command: `tenfold order bench --task quadratic --n 400 --d 6 --epochs ${epochs.join(",")} --seed 7 --json`,
    measure: () => Promise.reject(new Error("not called")),
    ...changes,
  };
}

const orders: System = {
  name: "permutation-sgd",
  command: "order",
  title: "Permutation-Based SGD: Is Random Optimal?",
  paper: "Rajput, Lee and Papailiopoulos: Permutation-Based SGD: Is Random Optimal? ICLR 2022",
  summary:
    "In which order to visit the examples: five orders measured against each other on quadratics and on your own data.",
  claims: [],
  register() {},
};
const ranks: System = {
  ...orders,
  name: "low-rank",
  title: "Maestro: Uncovering Low-Rank Structures via Trainable Decomposition",
  paper: "Horváth, Laskaridis, Rajput and Wang: Maestro. ICML 2024",
};

function found(text: string, holds: boolean, figures: readonly Figure[] = []): Finding {
  return { found: text, holds, values: { slope: -3.08, unknown: Number.NaN }, figures };
}

const all = { rr: -2.1, ss: -2, igd: -1.1, "ff-rr": -3.05, "ff-ss": -2.9, "ff-igd": -2.5, grab: -2.2 };
const measurements: Measurement[] = [
  {
    finding: found("-3.08 [-3.21, -2.95]", true, [slopes({ rr: -2.1, "ff-rr": -3.05 }), slopes(all)]),
    claim: claim("A1"),
  },
  {
    finding: found("-1.20 [-1.31, -1.02]", false, [gaps]),
    claim: claim("A2", { statement: "GraB < random & <i>safe</i>." }),
  },
  {
    finding: { error: "--epochs: expected a list, found nothing" },
    claim: claim("A3", { source: "ours", command: "tenfold order hard" }),
  },
].map((measured) => ({ ...measured, system: orders, scale: "quick", seed: 7, seconds: 12.34 }));
measurements.push({
  system: ranks,
  claim: claim("B1", { statement: "Rank 12 is enough for 10^-3.", paper: "95.1 %", window: "at least 94 %" }),
  scale: "full",
  seed: 7,
  seconds: 4000,
  finding: found("95.2 %", true, [accuracy, empty]),
});

function document(): ReportDocument {
  return reportDocument(measurements, {
    version: "0.1.0",
    date: new Date("2026-11-24T07:03:00Z"),
    machine: { cpu: "AMD EPYC 7B13", cores: 2, node: "v20.20.2" },
    seconds: 63,
    planned: 5,
  });
}

test("the document groups claims by room and is plain JSON", () => {
  const { rooms } = document();
  expect(rooms.map((room) => [room.name, room.claims.map((one) => one.status)])).toEqual([
    ["permutation-sgd", ["holds", "does not hold", "failed"]],
    ["low-rank", ["holds"]],
  ]);
  expect(rooms[0]!.claims[0]!.values).toEqual({ slope: -3.08, unknown: null });
  expect(rooms[0]!.claims[2]!.look).toBe("tenfold order hard --seed 7");
  expect(rooms[0]!.claims[2]!.repeat).toMatch(
    /^tenfold reproduce --only order --claims A3 --scale (quick|full) --seed 7$/,
  );
  expect(rooms[0]!.claims[2]!.error).toContain("--epochs");
});

test("the page shows every claim, figure and fact, and escapes what it is told", () => {
  const text = reportHtml(document());
  const { document: page } = parseHTML(text);
  expect(page.querySelectorAll("tbody.holds")).toHaveLength(2);
  expect(page.querySelectorAll("tbody.differs")).toHaveLength(2);
  expect(page.querySelector("header")?.textContent).toMatch(/2 of 4 measured claims hold; the run was stopped with 1/);
  expect(page.querySelector("dl")?.textContent).toMatch(
    /24 November 2026.*AMD EPYC 7B13, 2 cores.*v20\.20\.2.*1 min 3 s/s,
  );
  expect(page.querySelectorAll("figure")).toHaveLength(5);
  expect(page.querySelectorAll("figure svg[role=img][aria-label]")).toHaveLength(8);
  expect([...page.querySelectorAll("tbody sup")].map((raised) => raised.textContent)).toEqual(["−3"]);
  expect(page.querySelectorAll("i, b, script, link, img")).toHaveLength(0);
  expect(text).not.toMatch(/NaN|undefined|https?:\/\/(?!www\.w3\.org)/);
});

test("intervals are bands, references are dashed and take the colour of their series", () => {
  const [figure] = parseHTML(reportHtml(document())).document.querySelectorAll("figure");
  const wide = figure!.querySelector("svg.wide")!;
  expect(wide.querySelectorAll("[data-part=area]")).toHaveLength(2);
  expect(wide.querySelectorAll("[data-part=line] path[d]")).toHaveLength(4);
  const dashed = wide.querySelectorAll("[stroke-dasharray]");
  expect([...dashed].map((line) => line.getAttribute("stroke"))).toEqual(["var(--series-1)", "var(--series-2)"]);
  expect([...figure!.querySelectorAll(".legend li")].map((item) => item.textContent)).toEqual([
    "rrslope -2.1",
    "ff-rrslope -3.05",
  ]);
});

test("the report replaces its own files and leaves nothing half written", async () => {
  const dir = await mkdtemp(join(tmpdir(), "tenfold-report-"));
  try {
    await writeReport(dir, document());
    await writeReport(dir, document());
    expect((await readdir(dir)).sort()).toEqual(["index.html", "report.json"]);
    expect(JSON.parse(await readFile(join(dir, "report.json"), "utf8"))).toEqual(document());
    await expect(writeReport(join(dir, "missing"), document())).rejects.toThrow(/expected a writable place/);
  } finally {
    await rm(dir, { recursive: true });
  }
});
