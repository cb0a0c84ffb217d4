import { useCallback, useMemo, useState } from "preact/hooks";
import type { RunDetail } from "../api.ts";
import { LineChart } from "../charts/line-chart.tsx";
import { Pixels, type ThemeColor } from "../charts/pixels.tsx";
import { formatNumber } from "../format.ts";
import { Problem } from "../problem.tsx";
import { Table } from "../table.tsx";
import { useData } from "../use-data.ts";

interface Network {
  readonly table: { readonly name: string; readonly rows: number; readonly points: number };
  readonly certificate: {
    readonly delta: number;
    readonly smallestMargin: number;
    readonly seed: number;
    readonly tight: boolean;
  };
  readonly label: string;
  readonly columns: readonly { readonly name: string; readonly as: string }[];
  readonly layers: readonly { readonly role: string; readonly neurons: number; readonly weights: number }[];
  readonly neurons: number;
  readonly sizes: readonly { readonly points: number; readonly neurons: number; readonly perPoint: number }[];
}
interface Axis {
  readonly column: string;
  readonly low: number;
  readonly high: number;
}
interface PlaneData {
  readonly x: Axis;
  readonly y: Axis;
  readonly side: number;
  readonly labels: readonly number[];
  readonly names: readonly string[];
  readonly lines: readonly { readonly a: number; readonly b: number; readonly c: number }[];
  readonly neurons: number;
}

/** Where a x + b y + c = 0 crosses the unit square. */
function segmentOf({
  a,
  b,
  c,
}: {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}): [number, number, number, number] | undefined {
  const ends: [number, number][] = [];
  const add = (x: number, y: number) => {
    const inside = x >= -1e-9 && x <= 1 + 1e-9 && y >= -1e-9 && y <= 1 + 1e-9;
    if (inside && !ends.some(([u, v]) => Math.hypot(u - x, v - y) < 1e-9)) ends.push([x, y]);
  };
  for (const side of [0, 1]) {
    if (b !== 0) add(side, -(c + a * side) / b);
    if (a !== 0) add(-(c + b * side) / a, side);
  }
  const [from, to] = ends;
  return from && to ? [...from, ...to] : undefined;
}

/** Answers over the plane of two columns, and the lines at which neurons of the first layer change. */
function Plane({ plane }: { readonly plane: PlaneData }) {
  const { x, y, side, labels, names, lines, neurons } = plane;
  const [showLines, setLines] = useState(true);
  const segments = useMemo(() => lines.map(segmentOf).filter((segment) => segment !== undefined), [lines]);
  const at = useCallback(
    (row: number, column: number) => {
      const label = labels[row * side + column]!;
      return {
        color: (label < 0 ? "--soft" : `--series-${(label % 8) + 1}`) as ThemeColor,
        share: label < 0 ? 0.12 : 0.55,
      };
    },
    [labels, side],
  );
  const title = `Answers over ${x.column} and ${y.column}: ${names.join(", ")}`;
  return (
    <figure class="plane">
      <div class="plane-picture">
        <Pixels title={title} width={side} height={side} at={at} flip />
        {showLines && (
          <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
            {segments.map(([x1, y1, x2, y2], i) => (
              <line key={i} x1={x1} y1={1 - y1} x2={x2} y2={1 - y2} vector-effect="non-scaling-stroke" />
            ))}
          </svg>
        )}
      </div>
      <p class="axis-names">
        <span>
          → {x.column}, {formatNumber(x.low, 3)} to {formatNumber(x.high, 3)}
        </span>
        <span>
          ↑ {y.column}, {formatNumber(y.low, 3)} to {formatNumber(y.high, 3)}
        </span>
      </p>
      <ul class="legend-list">
        {names.map((name, i) => (
          <li key={name}>
            <span class="swatch" style={{ background: `var(--series-${(i % 8) + 1})` }} aria-hidden="true" />
            {name}
          </li>
        ))}
        {labels.some((label) => label < 0) && (
          <li>
            <span class="swatch" style={{ background: "var(--line)" }} aria-hidden="true" />
            an answer that no row has
          </li>
        )}
      </ul>
      <label>
        <input type="checkbox" checked={showLines} onChange={() => setLines(!showLines)} />
        lines of the first layer ({lines.length < neurons ? `${lines.length} of ${neurons}` : neurons})
      </label>
      <figcaption class="note">
        Between the rows of its table the network's answers mean nothing: it was built to know the rows, not to
        generalise.
      </figcaption>
    </figure>
  );
}

/** A table known by heart. */
export default function MemorizePanel({ run }: { readonly run: RunDetail }) {
  const path = `/api/memorize/${encodeURIComponent(run.summary.id)}`;
  const { data, error } = useData<Network>(path);
  const numbers = (data?.columns ?? []).filter(({ as }) => as === "number").map(({ name }) => name);
  const [chosen, setChosen] = useState<{ x?: string; y?: string }>({});
  const [x, y] = [chosen.x ?? numbers[0], chosen.y ?? numbers[1]];
  const plane = useData<PlaneData>(
    x && y ? `${path}/plane?x=${encodeURIComponent(x)}&y=${encodeURIComponent(y)}` : null,
  );
  if (error) return <Problem text={error} />;
  if (!data) return <p class="wait">Reading the network …</p>;
  const select = (axis: "x" | "y", value: string | undefined) => (
    <label>
      {axis === "x" ? "Across" : "Up"}
      <select value={value} onChange={(event) => setChosen({ ...chosen, [axis]: event.currentTarget.value })}>
        {numbers.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      <section aria-labelledby="network">
        <h2 id="network">The network</h2>
        <p>
          {data.table.points.toLocaleString("en-US")} different rows of {data.table.name} and their {data.label},
          exactly: {formatNumber(data.neurons)} threshold neurons in {data.layers.length} layers. The rows are at least{" "}
          {formatNumber(data.certificate.delta)} apart; the first layer decides with a margin of{" "}
          {formatNumber(data.certificate.smallestMargin)} or more.
        </p>
        <Table
          label="Table: layers"
          rows={data.layers.map((layer, l) => ({ l, ...layer }))}
          keyOf={({ l }) => l}
          columns={[
            { header: "layer", value: ({ l, role }) => `${l + 1} ${role}` },
            { header: "neurons", isNumber: true, value: ({ neurons }) => formatNumber(neurons) },
            { header: "weights", isNumber: true, value: ({ weights }) => formatNumber(weights) },
          ]}
        />
      </section>
      <div class="columns">
        {numbers.length >= 2 && (
          <section aria-labelledby="plane">
            <h2 id="plane">Its cells</h2>
            <div class="tools">
              {select("x", x)}
              {select("y", y)}
            </div>
            {numbers.length > 2 && <p class="note">All other columns are in the middle of their ranges.</p>}
            {plane.error && <Problem text={plane.error} />}
            {plane.data ? <Plane plane={plane.data} /> : <p class="wait">Asking the network …</p>}
          </section>
        )}
        <section aria-labelledby="sizes">
          <h2 id="sizes">Sizes against rows</h2>
          <LineChart
            title="neurons"
            xLabel="rows"
            logY
            logX
            lines={[
              {
                name: "bound",
                x: data.sizes.map(({ points }) => points),
                y: data.sizes.map(({ neurons }) => neurons),
                dashed: true,
              },
              { name: "this network", x: [data.table.points], y: [data.neurons], points: "large", color: 2 },
              {
                name: "one a row",
                x: data.sizes.map(({ points }) => points),
                y: data.sizes.map(({ points }) => points),
                color: 3,
              },
            ]}
          />
          <p class="note">
            The bound of the construction for as many rows at this distance, {formatNumber(data.certificate.delta)}. A
            lookup table needs a neuron a row: the construction wins where there are many rows.
          </p>
        </section>
      </div>
    </>
  );
}
