import { useMemo, useState } from "preact/hooks";
import { post, type RunDetail } from "../api.ts";
import { Bars } from "../charts/bars.tsx";
import { type Line, LineChart } from "../charts/line-chart.tsx";
import { formatNumber } from "../format.ts";
import { Problem } from "../problem.tsx";
import { useData } from "../use-data.ts";

interface Point {
  readonly method: string;
  readonly ranks: Readonly<Record<string, number>>;
  readonly macs: number;
  readonly parameters: number;
  readonly share: number;
  readonly latencyMsP50: number;
  readonly accuracy: number | null;
  readonly loss: number;
}
interface Frontier {
  readonly points: readonly Point[];
  readonly batch: number | null;
}

/** Ranks of every layer while they were learned. */
function Ranks({ id, epochs }: { readonly id: string; readonly epochs: number }) {
  const { data } = useData<{ layers: Record<string, { epoch: number; rank: number }[]> }>(
    `/api/lowrank/${encodeURIComponent(id)}/ranks`,
    3000,
  );
  const lines = useMemo(() => {
    return Object.entries(data?.layers ?? {}).map(([name, changes]): Line => {
      // A rank stays until it changes: a step at each change.
      const points = changes.flatMap(({ epoch, rank }, i) =>
        i === 0
          ? [[epoch, rank]]
          : [
              [epoch, changes[i - 1]!.rank],
              [epoch + 0.001, rank],
            ],
      );
      const last = changes.at(-1);
      if (last && last.epoch < epochs) points.push([epochs, last.rank]);
      return { name, x: points.map(([epoch]) => epoch!), y: points.map(([, rank]) => rank!) };
    });
  }, [data, epochs]);
  if (lines.length === 0) return null;
  return <LineChart title="ranks by layer" xLabel="epoch" lines={lines} />;
}

const costs = {
  share: "multiply-adds, share of dense",
  parameters: "parameters",
  latencyMsP50: "milliseconds",
} as const;
type Cost = keyof typeof costs;

/** The family of submodels: what each costs and what it reaches, and one of them chosen by a slider. */
function Family({ run, frontier }: { readonly run: RunDetail; readonly frontier: Frontier }) {
  const [cost, setCost] = useState<Cost>("share");
  const ordered = useMemo(
    () => frontier.points.filter(({ method }) => method === "ordered").sort((a, b) => a.share - b.share),
    [frontier],
  );
  const [place, setPlace] = useState(ordered.length - 1);
  const chosen = ordered[Math.min(place, ordered.length - 1)];
  const score = frontier.points.every(({ accuracy }) => accuracy !== null) ? "accuracy" : "loss";
  const lines = useMemo((): Line[] => {
    const methods = [...new Set(frontier.points.map(({ method }) => method))];
    const lineOf = (name: string, points: readonly Point[], color: number, marks: Line["points"] = true): Line => {
      const sorted = [...points].sort((a, b) => a[cost] - b[cost]);
      return {
        name,
        x: sorted.map((point) => point[cost]),
        y: sorted.map((point) => point[score]!),
        points: marks,
        color,
      };
    };
    const all = methods.map((method, i) =>
      lineOf(
        method,
        frontier.points.filter((point) => point.method === method),
        i + 1,
      ),
    );
    return chosen ? [...all, lineOf("chosen", [chosen], 8, "large")] : all;
  }, [frontier, cost, score, chosen]);
  if (!chosen) return null;
  const whole = ordered.at(-1)!.ranks;
  return (
    <div class="columns">
      <div>
        <div class="tools">
          <label>
            Against
            <select value={cost} onChange={(event) => setCost(event.currentTarget.value as Cost)}>
              {Object.entries(costs).map(([key, name]) => (
                <option key={key} value={key}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
        <LineChart title={score} xLabel={costs[cost]} lines={lines} />
      </div>
      <div>
        <label class="slider">
          Submodel
          <input
            type="range"
            min={0}
            max={ordered.length - 1}
            value={Math.min(place, ordered.length - 1)}
            aria-valuetext={`${(100 * chosen.share).toFixed(1)}% of the multiply-adds`}
            onInput={(event) => setPlace(Number(event.currentTarget.value))}
          />
        </label>
        <dl class="facts" aria-live="polite">
          <div>
            <dt>Multiply-adds</dt>
            <dd>
              {formatNumber(chosen.macs)} ({(100 * chosen.share).toFixed(1)}%)
            </dd>
          </div>
          <div>
            <dt>Parameters</dt>
            <dd>{formatNumber(chosen.parameters)}</dd>
          </div>
          <div>
            <dt>Milliseconds for {frontier.batch}</dt>
            <dd>{formatNumber(chosen.latencyMsP50, 3)}</dd>
          </div>
          <div>
            <dt>{score}</dt>
            <dd>{score === "accuracy" ? `${(100 * chosen.accuracy!).toFixed(2)}%` : formatNumber(chosen.loss)}</dd>
          </div>
        </dl>
        <h3>Ranks kept</h3>
        <Bars
          title="Ranks kept by layer"
          bars={Object.entries(chosen.ranks).map(([layer, rank]) => ({
            label: layer,
            value: rank,
            text: `${rank} of ${whole[layer] ?? rank}`,
          }))}
          most={Math.max(...Object.values(whole))}
        />
        <p>
          <a
            href={`/api/lowrank/${encodeURIComponent(run.summary.id)}/onnx?ranks=${encodeURIComponent(JSON.stringify(chosen.ranks))}`}
            download
          >
            This submodel as ONNX
          </a>
        </p>
      </div>
    </div>
  );
}

/** A run that learned its ranks. */
export default function LowRankPanel({ run }: { readonly run: RunDetail }) {
  const { id, epochs, state } = run.summary;
  const path = `/api/lowrank/${encodeURIComponent(id)}/frontier`;
  const kept = useData<Frontier>(path);
  const [made, setMade] = useState<Frontier>();
  const [problem, setProblem] = useState<string>();
  const [isWorking, setWorking] = useState(false);
  if (run.record.method !== "ordered") return null;
  const frontier = made ?? kept.data;
  const measure = () => {
    setWorking(true);
    setProblem(undefined);
    post<Frontier>(path, {})
      .then(setMade, (error: Error) => setProblem(error.message))
      .finally(() => setWorking(false));
  };
  return (
    <section aria-labelledby="family">
      <h2 id="family">One run, a family of models</h2>
      {frontier && frontier.points.length > 0 ? (
        <Family run={run} frontier={frontier} />
      ) : (
        <p>Which submodels there are, what they cost and what they reach has not been measured yet.</p>
      )}
      {problem && <Problem text={problem} />}
      <p class="tools">
        <button type="button" onClick={measure} disabled={isWorking || state === "running"}>
          {isWorking
            ? "Measuring, which may take minutes …"
            : frontier?.points.length
              ? "Measure again"
              : "Measure the frontier"}
        </button>
        <span class="note">
          With SVD and unordered baselines: <code>tenfold lowrank frontier RUN</code>
        </span>
      </p>
      <Ranks id={id} epochs={epochs ?? 0} />
    </section>
  );
}
