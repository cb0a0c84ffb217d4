import * as Plot from "@observablehq/plot";
import type { Figure, Series } from "../systems/index.ts";
import { axisOf } from "./axis.ts";
import { draw, type Size, sizes } from "./draw.ts";
import { gridDrawing, gridLegend } from "./grid.ts";
import { Html, html, prose } from "./html.ts";

/** How many colours the page's style sheet has, as `--series-1` and on. */
const numColors = 8;
const symbols = ["circle", "square", "triangle", "diamond", "star", "wye", "cross"] as const;
const dashes = ["7 4", "2 4", "10 4 2 4", "4 2"];
/** Beyond this many points in a line, single points are not marked. */
const mostMarks = 40;

/** How a series is told from the others: by its colour, and by its symbol or dashes. */
interface Look {
  /** The measured series that a reference line belongs to. */
  readonly owner?: Series | undefined;
  readonly color: string;
  readonly symbol: (typeof symbols)[number] | undefined;
  readonly dash: string | undefined;
}

/**
 * A look for each series. A reference line whose name begins with the name of a measured series (`rr` and `rr, fitted`) takes
 * its colour; any other is grey.
 */
function looksOf(series: readonly Series[]): Look[] {
  const measured = series.filter((line) => !line.reference);
  const references = series.filter((line) => line.reference);
  const colorOf = (index: number) => `var(--series-${(index % numColors) + 1})`;
  return series.map((line) => {
    if (!line.reference) {
      const index = measured.indexOf(line);
      return { color: colorOf(index), symbol: symbols[index % symbols.length], dash: undefined };
    }
    const owners = measured.filter((other) => line.name.startsWith(other.name));
    const owner = owners.sort((a, b) => b.name.length - a.name.length)[0];
    return {
      owner,
      color: owner ? colorOf(measured.indexOf(owner)) : "var(--reference)",
      symbol: undefined,
      dash: dashes[owner ? 0 : references.indexOf(line) % dashes.length],
    };
  });
}

/** The stroke and symbol of a series, as they look in the drawing. */
function swatch(look: Look, band: boolean): Html {
  const svg = draw({
    width: 30,
    height: 14,
    margin: 0,
    axis: null,
    x: { domain: [0, 30] },
    y: { domain: [0, 14] },
    marks: [
      band ? Plot.rect([0], { x1: 0, x2: 30, y1: 0, y2: 14, fill: look.color, fillOpacity: 0.16 }) : null,
      Plot.ruleY([7], { x1: 0, x2: 30, stroke: look.color, strokeWidth: 2, strokeDasharray: look.dash }),
      look.symbol ? Plot.dot([0], { x: 15, y: 7, symbol: look.symbol, fill: look.color, r: 3.5 }) : null,
    ],
  });
  svg.setAttribute("aria-hidden", "true");
  return new Html(svg.outerHTML);
}

function drawing(figure: Figure, looks: readonly Look[], size: Size): Html | undefined {
  const xType = figure.xScale ?? "linear";
  const yType = figure.yScale ?? "linear";
  const measured = figure.series.filter((line) => !line.reference);
  const xAxis = axisOf(
    xType,
    figure.series.flatMap((line) => line.x),
    size.xTicks,
    measured.flatMap((line) => line.x),
  );
  const yAxis = axisOf(
    yType,
    figure.series.flatMap((line) => [...line.y, ...(line.low ?? []), ...(line.high ?? [])]),
    size.yTicks,
  );
  if (!xAxis || !yAxis) return undefined;

  const floor = yAxis.domain[0];
  const drawn = (value: number | null | undefined) =>
    typeof value === "number" && Number.isFinite(value) && (yType === "linear" || value > 0);
  const point = (value: number | null | undefined) => (drawn(value) ? (value as number) : Number.NaN);
  // On a log axis an interval that reaches to zero or below is drawn down to the frame.
  const edge = (value: number | null | undefined) =>
    yType === "log" && typeof value === "number" && value <= 0 ? floor : point(value);

  const marks = figure.series.flatMap((line, i) => {
    const { color, symbol, dash } = looks[i]!;
    const points = line.x.map((x, j) => ({
      x,
      y: point(line.y[j]),
      low: edge(line.low?.[j]),
      high: edge(line.high?.[j]),
    }));
    const marked = points.length <= mostMarks && symbol;
    return [
      line.low && line.high
        ? Plot.areaY(points, { x: "x", y1: "low", y2: "high", fill: color, fillOpacity: 0.16, ariaHidden: "true" })
        : null,
      Plot.lineY(points, { x: "x", y: "y", stroke: color, strokeWidth: dash ? 1.5 : 2, strokeDasharray: dash }),
      marked ? Plot.dot(points, { x: "x", y: "y", symbol, fill: color, r: 3.5, ariaHidden: "true" }) : null,
    ];
  });

  const svg = draw({
    width: size.width,
    height: size.height,
    marginLeft: 58,
    marginRight: 18,
    marginTop: 10,
    marginBottom: 28,
    x: { type: xType, domain: xAxis.domain },
    y: { type: yType, domain: yAxis.domain },
    marks: [
      Plot.gridY({ ticks: yAxis.ticks, strokeOpacity: 0.12 }),
      Plot.axisY({ ticks: yAxis.ticks, tickFormat: yAxis.format, tickSize: 0, label: null, fontSize: 12 }),
      Plot.ruleY([floor], { strokeOpacity: 0.5 }),
      Plot.axisX({ ticks: xAxis.ticks, tickFormat: xAxis.format, tickSize: 4, label: null, fontSize: 12 }),
      ...marks,
    ],
  });
  svg.setAttribute("class", `plot ${size.name}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${figure.title}. ${figure.yLabel} against ${figure.xLabel}.`);
  return new Html(svg.outerHTML);
}

/**
 * A figure as HTML: title, legend, axis labels, drawings and caption. Colours are variables of the page.
 *
 * @param id - the claim that the figure belongs to
 */
export function figureHtml(figure: Figure, id: string): Html {
  const looks = looksOf(figure.series);
  const { grid } = figure;
  const drawings = sizes
    .map((size) => (grid ? gridDrawing(figure, grid, size) : drawing(figure, looks, size)))
    .filter((made) => made !== undefined);
  const key = (line: Series, name: string) => {
    const look = looks[figure.series.indexOf(line)]!;
    return html`${swatch(look, line.low !== undefined && line.high !== undefined)}<span>${prose(name)}</span>`;
  };
  const ownedBy = (owner: Series | undefined) => figure.series.filter((_, i) => looks[i]!.owner === owner);
  const legend = ownedBy(undefined).map((line) => {
    const fits = line.reference ? [] : ownedBy(line);
    // Of `rr, slope -2`, what `rr` does not say already.
    const rest = (fit: Series) =>
      fit.name.slice(line.name.length).replace(/^[\s,:;–—-]+(?=\S*[a-z])|[()]/gi, "") || "fit";
    return html`<li>${key(line, line.name)}${fits.map((fit) => key(fit, rest(fit)))}</li>`;
  });
  return html`<figure>
<div><h3><span class="id">${id}</span> ${prose(figure.title)}</h3>
${grid ? gridLegend() : figure.series.length > 1 ? html`<ul class="legend">${legend}</ul>` : null}</div>
<div>${
    drawings.length > 0
      ? html`<p class="axis y">${prose(figure.yLabel)}</p>${drawings}<p class="axis x">${prose(figure.xLabel)}</p>`
      : html`<p class="empty">There is no finite value to draw.</p>`
  }</div>
<figcaption>${prose(figure.caption)}</figcaption>
</figure>
`;
}
