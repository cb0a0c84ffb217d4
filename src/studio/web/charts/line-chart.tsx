/** A chart of lines by uPlot, in the colours of the page, with its numbers in words and in a table. @module */
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { formatNumber } from "../format.ts";
import { Table } from "../table.tsx";
import { useDark } from "../use-dark.ts";

/** A line: `y[i]` at `x[i]`, where `x` grows. */
export interface Line {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** 1 to 8, as in the theme; by its place where it is not given. */
  readonly color?: number;
  readonly dashed?: boolean;
  /** Marks each point. */
  readonly points?: boolean | "large";
}

const heightPx = 240;
/** Points in the table of a line; longer ones show only what is told above it. */
const tableRows = 12;

function colors() {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: value("--ink"),
    soft: value("--soft"),
    line: value("--line"),
    sans: value("--sans"),
    series: (i: number) => value(`--series-${((i - 1) % 8) + 1}`),
  };
}

/** All lines over one axis of x, as uPlot takes them. */
function alignedData(lines: readonly Line[], isLog: boolean): uPlot.AlignedData {
  const shown = (y: readonly number[]) =>
    y.map((value) => (Number.isFinite(value) && (!isLog || value > 0) ? value : null));
  if (lines.length === 0) return [[]];
  return uPlot.join(lines.map(({ x, y }) => [[...x], shown(y)] as uPlot.AlignedData));
}

/** A place without a value is null, or undefined where another line has a point. */
const inLegend = (value: number | null | undefined) => (typeof value === "number" ? formatNumber(value) : "–");

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const ticks: uPlot.Axis.Values = (_, values) =>
  values.map((value: number | null) => {
    if (value === null) return "";
    const size = Math.abs(value);
    if (size >= 1e5 && size < 1e12) return compact.format(value);
    const isSmall = size !== 0 && size < 1e-3;
    return isSmall ? Number(value.toPrecision(2)).toExponential().replace("-", "−") : formatNumber(value);
  });

/** Ticks of a log axis: powers of ten, thinned to about six; below two decades, also twos and fives. */
const logTicks: uPlot.Axis.Splits = (_, __, low, high) => {
  const decades = Math.log10(high / low);
  const steps = decades < 2 ? [1, 2, 5] : [1];
  const every = Math.ceil(decades / 6);
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const exponents = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((at) => at % every === 0);
  return exponents
    .flatMap((exponent) => steps.map((step) => Number(`${step}e${exponent}`)))
    .filter((tick) => tick >= low && tick <= high);
};

/** A log axis ends a little beyond its values; left to itself, uPlot would go on to the next power of ten. */
const logRange = (_: uPlot, low: number, high: number): uPlot.Range.MinMax =>
  low > 0 ? [low / 1.1, high * 1.1] : [1, 10];

/** Left to itself, uPlot would leave out ticks of ours that are no powers of ten. */
const logAxis: uPlot.Axis = { splits: logTicks, filter: (_, splits) => splits };

function optionsFor(
  lines: readonly Line[],
  width: number,
  isLog: boolean,
  xLabel: string,
  isLogX: boolean,
): uPlot.Options {
  const { soft, line, sans, series } = colors();
  const axis: uPlot.Axis = {
    stroke: soft,
    font: `12px ${sans}`,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
  };
  return {
    width,
    height: heightPx,
    legend: { live: true },
    cursor: { drag: { x: true, y: false }, points: { size: 6 } },
    hooks: { setCursor: [(chart) => (chart.cursor.left ?? -1) < 0 && showLast(chart)] },
    scales: { x: { time: false, ...(isLogX && { distr: 3 as const, range: logRange }) }, y: isLog ? { distr: 3 } : {} },
    axes: [
      { ...axis, values: ticks, ...(isLogX && logAxis) },
      { ...axis, values: ticks, size: 60, ...(isLog && logAxis) },
    ],
    series: [
      { label: xLabel, value: (_, value) => inLegend(value) },
      ...lines.map(
        ({ name, x, color, dashed, points }, i): uPlot.Series => ({
          label: name,
          stroke: series(color ?? i + 1),
          width: dashed ? 1.5 : 2,
          spanGaps: true,
          points: {
            show: x.length < 3 || (points !== undefined && points !== false),
            size: points === "large" ? 13 : 6,
          },
          ...(dashed && { dash: [7, 4] }),
          value: (_, value) => inLegend(value),
        }),
      ),
    ],
  };
}

/** While nothing is pointed at, the legend has the last values. */
function showLast(chart: uPlot): void {
  chart.setLegend({
    idxs: chart.data.map((values) => (values as (number | null)[]).findLastIndex((value) => typeof value === "number")),
  });
}

/** What a line shows, for those who do not see it. */
function inWords({ name, x, y }: Line, xLabel: string): string {
  if (y.length === 0) return `${name}: nothing yet`;
  const least = y.reduce((a, b) => Math.min(a, b));
  const most = y.reduce((a, b) => Math.max(a, b));
  return `${name}: ${y.length} points to ${xLabel} ${formatNumber(x.at(-1)!)}, last ${formatNumber(y.at(-1)!)}, least ${formatNumber(least)}, greatest ${formatNumber(most)}`;
}

/**
 * Lines against one axis. New points are drawn without building the chart anew. Dragging zooms, a double click shows all.
 *
 * @param logY - whether the axis begins logarithmic; a button changes it
 */
export function LineChart({
  title,
  lines,
  xLabel = "step",
  logY = false,
  logX = false,
}: {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly xLabel?: string;
  readonly logY?: boolean;
  readonly logX?: boolean;
}) {
  const [isLog, setLog] = useState(logY);
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const theme = useDark();
  const key = JSON.stringify([
    title,
    lines.map(({ name, x, color, dashed }) => [name, x.length < 3, color, dashed]),
    isLog,
    logX,
    theme,
  ]);

  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(
      optionsFor(lines, element.clientWidth || 400, isLog, xLabel, logX),
      alignedData(lines, isLog),
      element,
    );
    chart.current = made;
    showLast(made);
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: heightPx }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [key]);

  useEffect(() => {
    const shown = chart.current;
    if (!shown) return;
    shown.setData(alignedData(lines, isLog));
    if ((shown.cursor.left ?? -1) < 0) showLast(shown);
  }, [lines, isLog]);

  const rows = lines.flatMap((line) => {
    const every = Math.ceil(line.x.length / tableRows);
    return line.x.flatMap((x, i) =>
      (line.x.length - 1 - i) % every === 0 ? [{ name: line.name, x, y: line.y[i]! }] : [],
    );
  });
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <button type="button" class="quiet" aria-pressed={isLog} onClick={() => setLog(!isLog)}>
          log scale
        </button>
      </figcaption>
      <div
        ref={place}
        class="plot-place"
        role="img"
        aria-label={`${title}. ${lines.map((line) => inWords(line, xLabel)).join("; ")}.`}
      />
      <details>
        <summary>Numbers</summary>
        <Table
          label={`Numbers of ${title}`}
          rows={rows}
          keyOf={({ name, x }) => `${name} ${x}`}
          columns={[
            { header: "line", value: ({ name }) => name },
            { header: xLabel, isNumber: true, value: ({ x }) => formatNumber(x) },
            { header: "value", isNumber: true, value: ({ y }) => formatNumber(y) },
          ]}
        />
      </details>
    </figure>
  );
}
