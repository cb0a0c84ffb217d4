import { useEffect, useMemo, useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import { ask, type Curve, type Metrics, type RunDetail, type RunSummary, runPage, runPath } from "../api.ts";
import { LineChart } from "../charts/line-chart.tsx";
import { Problem } from "../problem.tsx";
import { useData } from "../use-data.ts";
import { useTitle } from "../use-title.ts";
import { flattenRecord } from "./flatten-record.ts";

interface Compared {
  readonly id: string;
  readonly curves: readonly Curve[];
  readonly detail: RunDetail;
}

/** Of a metric's curves, the one that says most: on held-out data, else an epoch's, else a step's. */
const kindRank = ["validation", "epoch", "train", ""];

/** A chart for every metric that two of the runs have. */
function chartsOf(runs: readonly Compared[]) {
  const names = [...new Set(runs.flatMap(({ curves }) => curves.map(({ kind, name }) => `${kind}\n${name}`)))];
  return names
    .map((key) => {
      const [kind, name] = key.split("\n") as [string, string];
      const lines = runs.flatMap(({ id, curves }, i) => {
        const curve = curves.find((one) => one.kind === kind && one.name === name);
        return curve && curve.steps.length > 0 ? [{ name: id, x: curve.steps, y: curve.values, color: i + 1 }] : [];
      });
      return { kind, name, title: `${kind} ${name}`.trim(), lines };
    })
    .filter(({ lines, name }) => lines.length > 1 && name !== "learningRate" && name !== "seconds")
    .sort((a, b) => kindRank.indexOf(a.kind) - kindRank.indexOf(b.kind));
}

function Differences({ runs }: { readonly runs: readonly Compared[] }) {
  const flat = runs.map(({ detail }) => new Map(flattenRecord(detail.record)));
  const keys = [...new Set(flat.flatMap((record) => [...record.keys()]))];
  const differing = keys.filter((key) => new Set(flat.map((record) => record.get(key))).size > 1);
  return (
    <section aria-labelledby="differences">
      <h2 id="differences">What differs</h2>
      {differing.length === 0 ? (
        <p>The configurations are the same in every value.</p>
      ) : (
        <section class="scroll" aria-label="Table: what differs" tabIndex={0}>
          <table class="pairs">
            <thead>
              <tr>
                <th scope="col">value</th>
                {runs.map(({ id }) => (
                  <th scope="col" key={id}>
                    {id}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {differing.map((key) => (
                <tr key={key}>
                  <th scope="row">{key}</th>
                  {flat.map((record, i) => (
                    <td key={runs[i]!.id} class={/^[0-9a-f]{64}$/.test(record.get(key) ?? "") ? "hash" : undefined}>
                      {record.get(key) ?? "–"}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <p class="note">
        {keys.length - differing.length} of {keys.length} values are the same.
      </p>
    </section>
  );
}

/** Runs beside each other: their curves in one chart, and what of their configurations differs. */
export function ComparePage() {
  useTitle("Compare");
  const { route } = useLocation();
  const wanted = useRoute().query.runs ?? "";
  const ids = useMemo(() => wanted.split(",").filter(Boolean).map(decodeURIComponent), [wanted]);
  const { data, error } = useData<{ runs: RunSummary[] }>("/api/runs");
  const [runs, setRuns] = useState<readonly Compared[]>([]);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let current = true;
    setProblem(undefined);
    Promise.all(
      ids.map(async (id) => {
        const [detail, { curves }] = await Promise.all([
          ask<RunDetail>(runPath(id)),
          ask<Metrics>(`${runPath(id, "metrics")}?points=2000`),
        ]);
        return { id, detail, curves };
      }),
    ).then(
      (found) => current && setRuns(found),
      (failure: Error) => current && setProblem(failure.message),
    );
    return () => {
      current = false;
    };
  }, [ids]);
  const charts = useMemo(() => chartsOf(runs), [runs]);
  const go = (next: readonly string[]) => route(`/compare?runs=${next.map(encodeURIComponent).join(",")}`);
  const others = (data?.runs ?? []).filter(({ id, hasMetrics }) => hasMetrics && !ids.includes(id));
  return (
    <>
      <h1>Compare</h1>
      {(error ?? problem) && <Problem text={(error ?? problem)!} />}
      <ul class="chosen">
        {ids.map((id, i) => (
          <li key={id}>
            <span class="swatch" style={{ background: `var(--series-${(i % 8) + 1})` }} aria-hidden="true" />
            <a href={runPage(id)}>{id}</a>
            <button
              type="button"
              class="quiet"
              aria-label={`Leave out ${id}`}
              onClick={() => go(ids.filter((other) => other !== id))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <label class="add">
        Add a run
        <select value="" onChange={(event) => event.currentTarget.value && go([...ids, event.currentTarget.value])}>
          <option value="">{others.length > 0 ? "choose …" : "no other run has metrics"}</option>
          {others.map(({ id, what }) => (
            <option key={id} value={id}>
              {id} ({what})
            </option>
          ))}
        </select>
      </label>
      {ids.length < 2 && <p class="empty">Two or more runs are needed to compare.</p>}
      {charts.length > 0 && (
        <section aria-labelledby="curves" class="charts">
          <h2 id="curves" class="hidden">
            Curves
          </h2>
          {charts.map(({ title, name, lines }) => (
            <LineChart key={title} title={title} lines={lines} logY={/suboptimality|objective/.test(name)} />
          ))}
        </section>
      )}
      {runs.length > 1 && charts.length === 0 && <p class="empty">No metric is in two of these runs.</p>}
      {runs.length > 1 && <Differences runs={runs} />}
    </>
  );
}
