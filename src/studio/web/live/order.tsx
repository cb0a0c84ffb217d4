/** What the order of examples does to SGD on quadratics, measured as sliders move. @module */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { linalg, type optim, type permutationSgd } from "../../../browser/index.ts";
import { type Line, LineChart } from "../charts/line-chart.tsx";
import { formatNumber } from "../format.ts";
import { contoursOf, pathProblem, walk } from "./order-path.ts";
import type { OrderAnswer, OrderRequest } from "./order-worker.ts";
import { PathPlot } from "./path-plot.tsx";

const orders: readonly { readonly name: optim.OrderName; readonly told: string }[] = [
  { name: "rr", told: "a new random order every epoch" },
  { name: "ss", told: "one random order for all epochs" },
  { name: "igd", told: "as the examples lie, here sorted" },
  { name: "ff-rr", told: "rr, every second epoch backwards" },
  { name: "ff-ss", told: "ss, every second epoch backwards" },
  { name: "ff-igd", told: "igd, every second epoch backwards" },
  { name: "grab", told: "balanced by the gradients seen" },
];
const sizes = [50, 100, 200, 400, 800];
const mostEpochs = [64, 128, 256, 512];

/** How long sliders must rest before anything is measured, milliseconds. */
const settled = 200;

/** A choice by a slider among a few values. */
function Slider({
  label,
  values,
  value,
  onChange,
}: {
  readonly label: string;
  readonly values: readonly number[];
  readonly value: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <label>
      <span>
        {label} <strong>{formatNumber(value)}</strong>
      </span>
      <input
        type="range"
        min={0}
        max={values.length - 1}
        value={values.indexOf(value)}
        aria-valuetext={formatNumber(value)}
        onInput={(event) => onChange(values[Number(event.currentTarget.value)]!)}
      />
    </label>
  );
}

const slopeText = (slope: number | null) => (slope === null ? "–" : slope.toFixed(2).replace("-", "−"));

/** Measured errors, and the line fitted through those that count. */
function linesOf({ orders: rates, epochs }: permutationSgd.QuadraticBench): Line[] {
  return rates.flatMap(({ name, medianError, fittedEpochs }): Line[] => {
    const color = orders.findIndex((order) => order.name === name) + 1;
    const measured: Line = { name, x: epochs, y: medianError, color, points: true };
    if (fittedEpochs.length < 2) return [measured];
    const fitted = fittedEpochs.map((k) => medianError[epochs.indexOf(k)]!);
    const y = linalg.evaluatePowerLaw(linalg.fitPowerLaw(fittedEpochs, fitted), fittedEpochs);
    return [measured, { name: `${name}, fitted`, x: fittedEpochs, y, color, dashed: true }];
  });
}

/** The bench in a worker; a change of what is asked for starts it anew. */
function useBench(createWorker: () => Worker, config: permutationSgd.QuadraticConfig, seed: number) {
  const [bench, setBench] = useState<permutationSgd.QuadraticBench>();
  const [fraction, setFraction] = useState<number | undefined>(0);
  const [problem, setProblem] = useState<string>();
  const worker = useRef<Worker>(undefined);
  const id = useRef(0);
  useEffect(() => {
    const made = createWorker();
    worker.current = made;
    made.addEventListener("message", ({ data }: MessageEvent<OrderAnswer>) => {
      if (data.id !== id.current) return;
      if (data.type === "progress") return setFraction(data.fraction);
      setFraction(undefined);
      if (data.type === "bench") setBench(data.bench);
      setProblem(data.type === "problem" ? data.message : undefined);
    });
    return () => made.terminate();
  }, [createWorker]);
  const key = JSON.stringify([config, seed]);
  useEffect(() => {
    id.current++;
    setFraction(0);
    const request: OrderRequest = { id: id.current, config, seed };
    const timer = setTimeout(() => worker.current?.postMessage(request), settled);
    return () => clearTimeout(timer);
  }, [key]);
  return { bench, fraction, problem };
}

/**
 * Error against epochs by order, with fitted slopes, and the path of the iterate.
 *
 * @param createWorker - starts `order-worker.ts` as it was bundled
 */
export function OrderLab({ createWorker }: { readonly createWorker: () => Worker }) {
  const [size, setSize] = useState(200);
  const [most, setMost] = useState(256);
  const [chosen, setChosen] = useState<readonly optim.OrderName[]>(["rr", "ss", "igd", "ff-rr"]);
  const [seed, setSeed] = useState(0);
  const [pathEpochs, setPathEpochs] = useState(4);
  const [view, setView] = useState<"whole" | "end">("whole");
  const config: permutationSgd.QuadraticConfig = {
    n: size,
    d: 2,
    epochs: [most / 8, most / 4, most / 2, most],
    orders: [...chosen],
    repeats: 6,
    draws: 2,
    contraction: 14,
    condition: 2,
    spread: 0.5,
  };
  const { bench, fraction, problem } = useBench(createWorker, config, seed);
  const lines = useMemo(() => (bench ? linesOf(bench) : []), [bench]);

  const { contours, paths } = useMemo(() => {
    const options = { size, epochs: pathEpochs, seed };
    const walked = pathProblem(options);
    return { contours: contoursOf(walked), paths: chosen.map((name) => walk(walked, name, options)) };
  }, [size, pathEpochs, seed, chosen]);
  const furthest = (from: number) =>
    Math.max(...paths.flatMap(({ points }) => points.slice(from).map(([x, y]) => Math.max(Math.abs(x), Math.abs(y)))));
  const reach = 1.12 * (view === "whole" ? furthest(0) : furthest(-size));

  const toggle = (name: optim.OrderName) => {
    const next = chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name];
    // One order at least stays, in the order of the list.
    if (next.length > 0) setChosen(orders.flatMap((order) => (next.includes(order.name) ? [order.name] : [])));
  };
  return (
    <div class="live live-order">
      <fieldset class="live-orders">
        <legend>Orders</legend>
        {orders.map(({ name, told }, i) => (
          <label key={name}>
            <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
            <span class="live-swatch" style={{ background: `var(--series-${i + 1})` }} aria-hidden="true" />
            <span>
              <strong>{name}</strong> {told}
            </span>
          </label>
        ))}
      </fieldset>
      <div class="live-controls">
        <Slider label="Components n" values={sizes} value={size} onChange={setSize} />
        <Slider label="Most epochs K" values={mostEpochs} value={most} onChange={setMost} />
        <label>
          Seed
          <input
            type="number"
            min={0}
            max={9999}
            value={seed}
            onInput={(event) => {
              const value = event.currentTarget.valueAsNumber;
              if (Number.isSafeInteger(value) && value >= 0) setSeed(value);
            }}
          />
        </label>
        <p class="live-status" role="status">
          {problem !== undefined
            ? ""
            : fraction === undefined
              ? `Measured on ${config.repeats} random problems.`
              : "Measuring …"}
        </p>
        <progress
          aria-label="Measuring"
          max={1}
          value={fraction ?? 1}
          style={{ visibility: fraction === undefined ? "hidden" : "visible" }}
        />
      </div>
      {problem !== undefined && (
        <p class="live-problem" role="alert">
          {problem}
        </p>
      )}
      <div class="live-columns">
        <div>
          {lines.length > 0 && (
            <LineChart title="Squared distance to the optimum, by epochs" lines={lines} xLabel="epochs" logX logY />
          )}
        </div>
        <div>
          <h3>Slopes</h3>
          <section class="live-scroll" aria-label="Slopes" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">order</th>
                  <th scope="col" class="number">
                    slope
                  </th>
                  <th scope="col" class="number">
                    95% interval
                  </th>
                  <th scope="col" class="number">
                    error at K
                  </th>
                </tr>
              </thead>
              <tbody>
                {bench?.orders.map(({ name, slope, slopeCi, medianError }) => (
                  <tr key={name} data-order={name}>
                    <th scope="row">{name}</th>
                    <td class="number" data-slope={slope}>
                      {slopeText(slope)}
                    </td>
                    <td class="number">{slopeCi ? slopeCi.map(slopeText).join(" … ") : "–"}</td>
                    <td class="number">{formatNumber(medianError.at(-1)!, 3)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          <p class="live-note">
            A slope of −2 means: twice the epochs, a quarter of the error. Each number of epochs is a run of its own
            with a learning rate in proportion to 1/(nK). Points that reach the floor, which no order can get below, are
            not fitted.
          </p>
        </div>
      </div>
      <h3>The path of the iterate</h3>
      <div class="live-controls">
        <Slider label="Epochs of the path" values={[2, 4, 8, 16]} value={pathEpochs} onChange={setPathEpochs} />
        <label>
          Show
          <select value={view} onChange={(event) => setView(event.currentTarget.value as typeof view)}>
            <option value="whole">the whole way</option>
            <option value="end">the last epoch</option>
          </select>
        </label>
      </div>
      <div class="live-paths">
        {paths.map((path) => (
          <PathPlot
            key={path.name}
            path={path}
            contours={contours}
            reach={reach}
            epochs={pathEpochs}
            color={orders.findIndex(({ name }) => name === path.name) + 1}
          />
        ))}
      </div>
      <p class="live-note">
        The first of the problems measured above. The ring is the start, the cross the optimum, the dot the last
        iterate; the mean of all components is the same along each ellipse.
      </p>
    </div>
  );
}
