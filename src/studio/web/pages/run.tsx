import { useMemo } from "preact/hooks";
import { useRoute } from "preact-iso";
import { type Curve, type RunDetail, runPath } from "../api.ts";
import { LineChart } from "../charts/line-chart.tsx";
import { formatAge, formatBytes, formatFigure, formatNumber } from "../format.ts";
import { Problem } from "../problem.tsx";
import { roomPanels } from "../rooms/panels.ts";
import { rooms } from "../rooms.ts";
import { useData } from "../use-data.ts";
import { useLiveMetrics } from "../use-live-metrics.ts";
import { useTitle } from "../use-title.ts";
import { flattenRecord } from "./flatten-record.ts";
import { progressOf, State } from "./runs.tsx";

/** Names of curves that shrink over orders of magnitude. */
const logarithmic = /suboptimality|objective/;
/** What is never worth a chart of its own. */
const uncharted = new Set(["seconds"]);

/** Curves of the same metric in one chart, those of losses first. */
function chartsOf(curves: readonly Curve[]): [name: string, curves: Curve[]][] {
  const charts = new Map<string, Curve[]>();
  for (const curve of curves) {
    if (uncharted.has(curve.name) || curve.steps.length === 0) continue;
    const name = curve.name.replace(/^test(?=[A-Z])/, "").replace(/^./, (first) => first.toLowerCase());
    charts.set(name, [...(charts.get(name) ?? []), curve]);
  }
  const rank = (name: string) => (name === "loss" ? 0 : /accuracy|score/.test(name) ? 1 : 2);
  return [...charts].sort(([a], [b]) => rank(a) - rank(b));
}

/** `gradientNorm` as `gradient norm` */
const inWords = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const lineName = ({ kind, name }: Curve, chart: string) => (name === chart ? kind || name : `${kind} ${name}`.trim());

function Facts({ detail }: { readonly detail: RunDetail }) {
  const { summary, report } = detail;
  const facts: [string, string][] = [
    ["What", summary.what],
    ["Progress", progressOf(summary)],
    ["Changed", formatAge(summary.changed)],
  ];
  if (summary.figure) facts.push([summary.figure.name, formatFigure(summary.figure)]);
  if (summary.seed !== null) facts.push(["Seed", String(summary.seed)]);
  if (typeof report.seconds === "number") facts.push(["Took", `${formatNumber(report.seconds, 3)} s`]);
  if (typeof report.parameters === "number") facts.push(["Parameters", formatNumber(report.parameters)]);
  return (
    <dl class="facts">
      {facts.map(([term, fact]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  );
}

function Files({ id, files }: { readonly id: string; readonly files: RunDetail["files"] }) {
  const names = new Map([
    ["model.onnx", "The model, for ONNX Runtime"],
    ["metrics.jsonl", "Every line of metrics"],
    ["report.json", "The last figures"],
    ["run.json", "What was run"],
    ["lift.json", "What was run, and how it went"],
    ["certificate.json", "What is proved"],
  ]);
  return (
    <section aria-labelledby="files">
      <h2 id="files">Files</h2>
      <ul class="files">
        {files.map(({ name, bytes }) => (
          <li key={name}>
            <a href={runPath(id, "files", name)} download={name.split("/").at(-1)}>
              {name}
            </a>
            <span class="note">
              {formatBytes(bytes)}
              {names.has(name) && ` · ${names.get(name)}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Configuration({ record }: { readonly record: RunDetail["record"] }) {
  const lines = flattenRecord(record);
  return (
    <section aria-labelledby="configuration">
      <h2 id="configuration">Configuration and hashes</h2>
      <section class="scroll" aria-label="Table: configuration and hashes" tabIndex={0}>
        <table class="pairs">
          <tbody>
            {lines.map(([key, value]) => (
              <tr key={key}>
                <th scope="row">{key}</th>
                <td class={/^[0-9a-f]{64}$/.test(value) ? "hash" : undefined}>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Checkpoints({ id, checkpoints }: { readonly id: string; readonly checkpoints: RunDetail["checkpoints"] }) {
  return (
    <section aria-labelledby="checkpoints">
      <h2 id="checkpoints">Checkpoints</h2>
      <ul class="files">
        {checkpoints.map(({ file, step, sha256, bytes }) => (
          <li key={file}>
            <a href={runPath(id, "files", `checkpoints/${file}`)} download={file}>
              step {step.toLocaleString("en-US")}
            </a>
            <span class="note">
              {formatBytes(bytes)} · sha256 <span class="hash">{sha256.slice(0, 16)}…</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One run: its curves while it trains, what its method shows, and everything it left. */
export function RunPage() {
  const id = decodeURIComponent(useRoute().params.id ?? "");
  useTitle(id);
  const { data, error } = useData<RunDetail>(runPath(id), 3000);
  const live = useLiveMetrics(id, data?.summary.hasMetrics ?? false);
  const charts = useMemo(
    () =>
      chartsOf(live.curves).map(([name, curves]) => ({
        name,
        lines: curves.map((curve) => ({ name: lineName(curve, name), x: curve.steps, y: curve.values })),
      })),
    [live.curves],
  );
  if (live.gone) return <Problem text={`${id}: the folder was deleted while it was shown`} />;
  if (!data) return error ? <Problem text={error} /> : <p class="wait">Reading {id} …</p>;
  const { summary, record, checkpoints, files } = data;
  const room = rooms.find(({ command }) => command === summary.room);
  const Panel = summary.room === null ? undefined : roomPanels.get(summary.room);
  return (
    <>
      <p class="crumbs">
        <a href="/">Runs</a>
        {room && (
          <>
            {" · "}
            <a href={`/rooms/${room.command}`}>{room.name}</a>
          </>
        )}
      </p>
      <h1>
        {id} <State state={(live.finished ?? summary).state} />
      </h1>
      <Facts detail={live.finished ? { ...data, summary: live.finished } : data} />
      {live.error && <Problem text={live.error} />}
      {Panel && <Panel run={data} />}
      {charts.length > 0 && (
        <section aria-labelledby="curves" class="charts">
          <h2 id="curves" class="hidden">
            Curves
          </h2>
          {charts.map(({ name, lines }) => (
            <LineChart key={name} title={inWords(name)} lines={lines} logY={logarithmic.test(name)} />
          ))}
        </section>
      )}
      {files.some(({ name }) => name === "index.html") && (
        <p>
          <a href={runPath(id, "files", "index.html")}>Open the report</a>
        </p>
      )}
      {Object.keys(record).length > 0 && <Configuration record={record} />}
      {checkpoints.length > 0 && <Checkpoints id={id} checkpoints={checkpoints} />}
      {files.length > 0 && <Files id={id} files={files.filter(({ name }) => !name.startsWith("checkpoints/"))} />}
    </>
  );
}
