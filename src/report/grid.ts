/** Heat maps. @module */
import * as Plot from "@observablehq/plot";
import type { Figure, Grid } from "../systems/index.ts";
import { axisOf } from "./axis.ts";
import { draw, type Size } from "./draw.ts";
import { Html, html } from "./html.ts";

/** Equal neighbours in a row, as one rectangle: `[x1, x2)` of row `y`. */
interface Run {
  readonly x1: number;
  readonly x2: number;
  readonly y: number;
  readonly value: number;
}

const colorOf = (value: number) => (value > 0 ? "var(--series-1)" : "var(--series-2)");

/** What the colours of a grid mean. */
export function gridLegend(): Html {
  const entry = (value: number, name: string) => {
    const svg = draw({
      width: 14,
      height: 14,
      margin: 0,
      axis: null,
      x: { domain: [0, 14] },
      y: { domain: [0, 14] },
      marks: [Plot.rect([0], { x1: 0, x2: 14, y1: 0, y2: 14, fill: colorOf(value) })],
    });
    svg.setAttribute("aria-hidden", "true");
    return html`<li>${new Html(svg.outerHTML)}<span>${name}</span></li>`;
  };
  return html`<ul class="legend">${entry(1, "+1")}${entry(-1, "−1")}</ul>`;
}

/** Rows of space between two groups. */
const gap = 1;

/** To what can be seen. */
const rounded = (value: number) => Math.round(100 * value) / 100;

function runsOf(row: readonly number[], y: number): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (let x = 1; x <= row.length; x++) {
    if (x < row.length && rounded(row[x]!) === rounded(row[from]!)) continue;
    const value = rounded(row[from]!);
    if (value !== 0) runs.push({ x1: from, x2: x, y, value });
    from = x;
  }
  return runs;
}

/** The drawing of a figure's grid: 1 in one colour, -1 in another, 0 left out. */
export function gridDrawing(figure: Figure, { groups }: Grid, size: Size): Html | undefined {
  const columns = Math.max(0, ...groups.flatMap(({ values }) => values.map((row) => row.length)));
  const xAxis = axisOf("linear", [0, columns], size.xTicks, []);
  if (columns === 0 || !xAxis) return undefined;
  const runs: Run[] = [];
  const labels: { name: string; y: number }[] = [];
  let y = 0;
  for (const { name, values } of groups) {
    labels.push({ name, y: y + values.length / 2 });
    for (const [r, row] of values.entries()) runs.push(...runsOf(row, y + r));
    y += values.length + gap;
  }
  const height = y - gap;
  const svg = draw({
    width: size.width,
    height: size.height,
    marginLeft: 78,
    marginRight: 12,
    marginTop: 10,
    marginBottom: 28,
    x: { type: "linear", domain: [0, columns] },
    y: { type: "linear", domain: [height, 0], axis: null },
    marks: [
      ...[1, -1].map((sign) =>
        Plot.rect(
          runs.filter(({ value }) => Math.sign(value) === sign),
          {
            x1: "x1",
            x2: "x2",
            y1: "y",
            y2: (run: Run) => run.y + 1,
            fill: colorOf(sign),
            fillOpacity: (run: Run) => Math.abs(run.value),
            inset: 0.25,
            ariaHidden: "true",
          },
        ),
      ),
      Plot.text(labels, { x: 0, y: "y", text: "name", textAnchor: "end", dx: -6, fontSize: 12 }),
      Plot.axisX({ ticks: xAxis.ticks, tickFormat: xAxis.format, tickSize: 4, label: null, fontSize: 12 }),
    ],
  });
  svg.setAttribute("class", `plot ${size.name}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${figure.title}. ${figure.yLabel} against ${figure.xLabel}.`);
  return new Html(svg.outerHTML);
}
