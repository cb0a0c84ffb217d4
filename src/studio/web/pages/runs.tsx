import { useMemo, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { type RunSummary, runPage } from "../api.ts";
import { formatAge, formatFigure } from "../format.ts";
import { Problem } from "../problem.tsx";
import { useData } from "../use-data.ts";
import { useTitle } from "../use-title.ts";

/** How often the list is asked for anew, in milliseconds. */
const refreshMs = 3000;

/** How far training came, in words. */
export function progressOf({ state, epoch, epochs, step }: RunSummary): string {
  if (epoch !== null && epochs !== null) return `${epoch} of ${epochs} epochs`;
  if (step !== null) return `step ${step.toLocaleString("en-US")}`;
  return state === "finished" ? "whole" : "begun";
}

export function State({ state }: { readonly state: RunSummary["state"] }) {
  return (
    <span class={`state ${state}`}>
      <span class="dot" aria-hidden="true" />
      {state}
    </span>
  );
}

function FirstSteps({ root }: { readonly root: string }) {
  return (
    <section class="first">
      <h2>No run yet</h2>
      <p>
        The studio shows what lies in <code>{root}</code>, and nothing does. Train something into it:
      </p>
      <pre>
        <code>tenfold train --data digits --model lenet --order ff-rr --out runs/digits</code>
      </pre>
      <p>
        It appears here while it trains. Runs elsewhere: <code>tenfold studio --runs FOLDER</code>. The methods on the
        left can be tried without a run: <a href="/rooms/order">orders on a quadratic</a> and{" "}
        <a href="/rooms/loop">the looped transformer</a> compute in this page.
      </p>
    </section>
  );
}

/** Every run under the folder. */
export function RunsPage() {
  useTitle("Runs");
  const { data, error } = useData<{ root: string; runs: RunSummary[] }>("/api/runs", refreshMs);
  const { route } = useLocation();
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    return (data?.runs ?? [])
      .filter(({ id, what, room, state }) => {
        const text = `${id} ${what} ${room ?? "train"} ${state}`.toLowerCase();
        return words.every((word) => text.includes(word));
      })
      .sort((a, b) => b.changed.localeCompare(a.changed));
  }, [data, search]);
  if (error) return <Problem text={error} />;
  if (!data) return <p class="wait">Reading the runs …</p>;
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <>
      <h1>Runs</h1>
      <p class="under">
        {data.runs.length === 1 ? "1 run" : `${data.runs.length.toLocaleString("en-US")} runs`} in{" "}
        <code>{data.root}</code>
      </p>
      {data.runs.length === 0 ? (
        <FirstSteps root={data.root} />
      ) : (
        <>
          <div class="tools">
            <label>
              Search
              <input
                type="search"
                value={search}
                placeholder="name, data, method, state"
                onInput={(event) => setSearch(event.currentTarget.value)}
              />
            </label>
            <button
              type="button"
              disabled={chosen.size < 2}
              onClick={() => route(`/compare?runs=${[...chosen].map(encodeURIComponent).join(",")}`)}
            >
              {chosen.size < 2 ? "Compare: choose two or more" : `Compare ${chosen.size} runs`}
            </button>
            <span class="count" role="status">
              {search && `${shown.length} found`}
            </span>
          </div>
          <table class="runs">
            <thead>
              <tr>
                <th scope="col">
                  <span class="hidden">Choose</span>
                </th>
                <th scope="col">Run</th>
                <th scope="col">Method</th>
                <th scope="col">State</th>
                <th scope="col">Progress</th>
                <th scope="col" class="number">
                  Figure
                </th>
                <th scope="col">Changed</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((run) => (
                <tr key={run.id}>
                  <td class="choose">
                    {run.hasMetrics && (
                      <input
                        type="checkbox"
                        aria-label={`Compare ${run.id}`}
                        checked={chosen.has(run.id)}
                        onChange={() => toggle(run.id)}
                      />
                    )}
                  </td>
                  <th scope="row">
                    <a href={runPage(run.id)}>{run.id}</a>
                    <span class="what">{run.what}</span>
                  </th>
                  <td data-label="Method">{run.room ?? (run.reportsClaims ? "report" : "train")}</td>
                  <td data-label="State">
                    <State state={run.state} />
                  </td>
                  <td data-label="Progress">{progressOf(run)}</td>
                  <td data-label="Figure" class="number">
                    {run.figure && (
                      <>
                        <span class="figure-name">{run.figure.name}</span> {formatFigure(run.figure)}
                      </>
                    )}
                  </td>
                  <td data-label="Changed">
                    <time dateTime={run.changed}>{formatAge(run.changed)}</time>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {shown.length === 0 && <p class="empty">No run matches “{search}”.</p>}
        </>
      )}
    </>
  );
}
