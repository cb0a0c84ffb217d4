/** A classifier of digits that learns its ranks, trained in the page. @module */
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import type { nn } from "../../../browser/index.ts";
import { type Line, LineChart } from "../charts/line-chart.tsx";
import { formatNumber } from "../format.ts";
import type { DigitsAnswer, DigitsConfig, DigitsRequest } from "./digits-worker.ts";
import { DrawPad } from "./draw-pad.tsx";

const pulls = [0, 0.05, 0.1, 0.15, 0.25, 0.5];
const devices = { automatic: "the faster one", webgpu: "WebGPU", wasm: "WebAssembly" } as const;
const deviceNames = { webgpu: "WebGPU", wasm: "WebAssembly" } as const;

/** Pixels of a drawing. */
const blank = (): Float32Array => new Float32Array(64);

/** What an epoch left. */
interface Epoch {
  readonly epoch: number;
  readonly accuracy: number;
  readonly ranks: nn.Ranks;
  readonly parameters: number;
}

/** A run as far as the page has heard of it. */
interface Run {
  readonly state: "none" | "loading" | "training" | "paused" | "done";
  readonly device?: "wasm" | "webgpu";
  readonly totalSteps?: number;
  readonly start?: nn.Ranks;
  readonly examples?: { readonly train: number; readonly test: number };
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  readonly epochs: readonly Epoch[];
}

const noRun: Run = { state: "none", losses: [], epochs: [] };

/** A layer by its place in the network: the weights' paths count activations too. */
const layerName = (index: number, ranks: number) =>
  index === 0
    ? "first layer"
    : index === ranks - 1
      ? "last layer"
      : ranks === 3
        ? "middle layer"
        : `layer ${index + 1}`;

const percent = (value: number) => `${(100 * value).toFixed(1)}%`;

/** Losses in at most so many points, each a mean over steps that follow one another. */
const mostPoints = 300;

function lossLine(losses: Run["losses"]): Line {
  const every = Math.max(1, Math.ceil(losses.length / mostPoints));
  const x: number[] = [];
  const y: number[] = [];
  for (let i = 0; i + every <= losses.length; i += every) {
    const group = losses.slice(i, i + every);
    x.push(group.at(-1)!.step);
    y.push(group.reduce((sum, { loss }) => sum + loss, 0) / group.length);
  }
  return { name: "loss", x, y };
}

/**
 * Trains `lowRank(mlp)` on the bundled digits, and names digits that one draws.
 *
 * @param createWorker - starts `digits-worker.ts` as it was bundled
 * @param dataUrl - where `digits.csv.gz` lies
 */
export function DigitsLab({
  createWorker,
  dataUrl,
}: {
  readonly createWorker: () => Worker;
  readonly dataUrl: string;
}) {
  const [run, setRun] = useState<Run>(noRun);
  const [device, setDevice] = useState<DigitsConfig["device"]>("automatic");
  const [epochs, setEpochs] = useState(20);
  const [pull, setPull] = useState(0.1);
  const [seed, setSeed] = useState(0);
  const [problem, setProblem] = useState<string>();
  const [pixels, setPixels] = useState(blank);
  const [probabilities, setProbabilities] = useState<readonly number[]>();
  const worker = useRef<Worker>(undefined);
  const heard = useRef<{ step: number; loss: number }[]>([]);
  const asked = useRef(0);
  const drawing = useRef(pixels);
  drawing.current = pixels;
  const padHelp = useId();

  const tell = (request: DigitsRequest) => worker.current?.postMessage(request);
  const ask = (drawn: Float32Array) => {
    if (drawn.some((value) => value > 0)) tell({ type: "name", id: ++asked.current, pixels: drawn });
    else setProbabilities(undefined);
  };

  const hear = (data: DigitsAnswer) => {
    switch (data.type) {
      case "start": {
        const { device, totalSteps, ranks: start, train, test } = data;
        setRun({ state: "training", device, totalSteps, start, examples: { train, test }, losses: [], epochs: [] });
        break;
      }
      case "step":
        heard.current.push(data);
        break;
      case "epoch":
        setRun((run) => ({ ...run, losses: [...heard.current], epochs: [...run.epochs, data] }));
        ask(drawing.current);
        break;
      case "named":
        if (data.id === asked.current) setProbabilities(data.probabilities);
        break;
      case "end":
        setRun((run) => ({ ...run, state: "done", losses: [...heard.current] }));
        break;
      case "problem":
        setProblem(data.message);
        setRun((run) => ({ ...run, state: "done" }));
    }
  };

  // The curve follows the steps a few times a second, however fast they are.
  useEffect(() => {
    if (run.state !== "training") return;
    const timer = setInterval(() => {
      setRun((run) => (run.losses.length === heard.current.length ? run : { ...run, losses: [...heard.current] }));
    }, 250);
    return () => clearInterval(timer);
  }, [run.state]);

  useEffect(() => () => worker.current?.terminate(), []);

  const reset = () => {
    worker.current?.terminate();
    worker.current = undefined;
    heard.current = [];
    setRun(noRun);
    setProblem(undefined);
    setProbabilities(undefined);
  };
  const start = () => {
    reset();
    const made = createWorker();
    worker.current = made;
    made.addEventListener("message", ({ data }: MessageEvent<DigitsAnswer>) => worker.current === made && hear(data));
    made.addEventListener("error", ({ message }) => setProblem(`the worker did not start: ${message}`));
    setRun({ ...noRun, state: "loading" });
    const url = new URL(dataUrl, document.baseURI).href;
    tell({ type: "start", config: { dataUrl: url, device, epochs, pull, seed } });
  };
  const pauseOrGoOn = () => {
    tell({ type: run.state === "paused" ? "resume" : "pause" });
    setRun({ ...run, state: run.state === "paused" ? "training" : "paused" });
  };

  const last = run.epochs.at(-1);
  const ranks = last?.ranks ?? run.start;
  const isIdle = run.state === "none" || run.state === "done";
  const losses = useMemo(() => [lossLine(run.losses)], [run.losses]);
  const accuracies = useMemo<Line[]>(
    () => [
      {
        name: "test accuracy",
        x: run.epochs.map(({ epoch }) => epoch),
        y: run.epochs.map(({ accuracy }) => accuracy),
        color: 3,
        points: true,
      },
    ],
    [run.epochs],
  );
  const rankLines = useMemo<Line[]>(() => {
    if (!run.start) return [];
    const paths = Object.keys(run.start);
    return paths.map((path, i) => ({
      name: layerName(i, paths.length),
      x: [0, ...run.epochs.map(({ epoch }) => epoch)],
      y: [run.start![path]!, ...run.epochs.map((at) => at.ranks[path]!)],
      color: i + 1,
    }));
  }, [run.start, run.epochs]);
  const best = probabilities?.indexOf(Math.max(...probabilities));
  const draw = (next: Float32Array) => {
    setPixels(next);
    ask(next);
  };
  const state = {
    none: "Ready.",
    loading: "Loading the engine and the digits …",
    training: `Training on ${deviceNames[run.device ?? "wasm"]}: step ${formatNumber(run.losses.length)} of ${formatNumber(run.totalSteps ?? 0)}.`,
    paused: `Paused at step ${formatNumber(run.losses.length)} of ${formatNumber(run.totalSteps ?? 0)}.`,
    done: `Trained on ${deviceNames[run.device ?? "wasm"]}.`,
  }[run.state];
  return (
    <div class="live live-digits">
      <div class="live-controls">
        <label>
          <span>
            Pull towards low rank <strong>{formatNumber(pull)}</strong>
          </span>
          <input
            type="range"
            min={0}
            max={pulls.length - 1}
            value={pulls.indexOf(pull)}
            aria-valuetext={formatNumber(pull)}
            disabled={!isIdle}
            onInput={(event) => setPull(pulls[Number(event.currentTarget.value)]!)}
          />
        </label>
        <label>
          <span>
            Epochs <strong>{epochs}</strong>
          </span>
          <input
            type="range"
            min={5}
            max={60}
            step={5}
            value={epochs}
            disabled={!isIdle}
            onInput={(event) => setEpochs(event.currentTarget.valueAsNumber)}
          />
        </label>
        <label>
          Seed
          <input
            type="number"
            min={0}
            max={9999}
            value={seed}
            disabled={!isIdle}
            onInput={(event) => {
              const value = event.currentTarget.valueAsNumber;
              if (Number.isSafeInteger(value) && value >= 0) setSeed(value);
            }}
          />
        </label>
        <label>
          Device
          <select
            value={device}
            disabled={!isIdle}
            onChange={(event) => setDevice(event.currentTarget.value as typeof device)}
          >
            {Object.entries(devices).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="live-buttons">
        <button type="button" disabled={run.state === "loading"} onClick={isIdle ? start : pauseOrGoOn}>
          {isIdle ? (run.state === "done" ? "Train again" : "Train") : run.state === "paused" ? "Go on" : "Pause"}
        </button>
        <button type="button" disabled={run.state === "none"} onClick={reset}>
          Reset
        </button>
        <p class="live-status" role="status">
          {problem === undefined ? state : ""}
        </p>
      </div>
      <progress aria-label="Training" max={run.totalSteps ?? 1} value={run.losses.length} />
      {problem !== undefined && (
        <p class="live-problem" role="alert">
          {problem}
        </p>
      )}
      <dl class="live-facts">
        <div>
          <dt>Test accuracy</dt>
          <dd data-fact="accuracy">{last ? percent(last.accuracy) : "–"}</dd>
        </div>
        <div>
          <dt>Ranks</dt>
          <dd data-fact="ranks">{ranks ? Object.values(ranks).join(" · ") : "–"}</dd>
        </div>
        <div>
          <dt>Numbers in the model</dt>
          <dd data-fact="parameters">{last ? formatNumber(last.parameters) : "–"}</dd>
        </div>
        <div>
          <dt>Examples</dt>
          <dd>
            {run.examples
              ? `${formatNumber(run.examples.train)} to learn from, ${formatNumber(run.examples.test)} to test on`
              : "–"}
          </dd>
        </div>
      </dl>
      <div class="live-columns">
        <section aria-labelledby={`${padHelp}-title`}>
          <h3 id={`${padHelp}-title`}>Draw a digit</h3>
          <div class="live-drawing">
            <div>
              <DrawPad pixels={pixels} onChange={draw} describedBy={padHelp} />
              <button type="button" onClick={() => draw(blank())}>
                Clear
              </button>
            </div>
            <div class="live-named">
              <p role="status">
                {best === undefined ? (
                  last ? (
                    "Draw, and the model names it."
                  ) : (
                    "The model names it once it has trained for an epoch."
                  )
                ) : (
                  <>
                    The model says <strong data-fact="digit">{best}</strong>
                  </>
                )}
              </p>
              <ol aria-label="Probability of each digit">
                {Array.from({ length: 10 }, (_, digit) => (
                  <li key={digit}>
                    <span>{digit}</span>
                    <meter
                      min={0}
                      max={1}
                      value={probabilities?.[digit] ?? 0}
                      aria-label={`${digit}: ${percent(probabilities?.[digit] ?? 0)}`}
                    />
                    <span>{probabilities ? percent(probabilities[digit]!) : ""}</span>
                  </li>
                ))}
              </ol>
            </div>
          </div>
          <p id={padHelp} class="live-note">
            Draw with the pointer, filling the square from top to bottom. With the keyboard, arrows move and space fills
            a cell.
          </p>
        </section>
        <LineChart title="Ranks by layer" lines={rankLines} xLabel="epoch" />
        <LineChart title="Loss with the penalty on ranks" lines={losses} xLabel="step" logY />
        <LineChart title="Test accuracy" lines={accuracies} xLabel="epoch" />
      </div>
    </div>
  );
}
