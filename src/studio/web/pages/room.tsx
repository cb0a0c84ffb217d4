import { useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import { type RunDetail, type RunSummary, runPage, runPath } from "../api.ts";
import { formatAge, formatFigure } from "../format.ts";
import { Problem } from "../problem.tsx";
import { roomLabs } from "../rooms/labs.ts";
import { roomPanels } from "../rooms/panels.ts";
import { rooms } from "../rooms.ts";
import { useData } from "../use-data.ts";
import { useTitle } from "../use-title.ts";
import { Claims } from "./claims.tsx";
import { progressOf, State } from "./runs.tsx";

/** A run of the method, chosen, and what the method shows of it. */
function ChosenRun({ runs, command }: { readonly runs: readonly RunSummary[]; readonly command: string }) {
  const finished = runs.filter(({ state }) => state === "finished");
  const [wanted, setWanted] = useState<string>();
  const id = finished.some((run) => run.id === wanted) ? wanted! : finished[0]!.id;
  const { data, error } = useData<RunDetail>(runPath(id));
  const Panel = roomPanels.get(command)!;
  return (
    <section aria-label="A run looked at" class="lab">
      <label>
        Run
        <select value={id} onChange={(event) => setWanted(event.currentTarget.value)}>
          {finished.map((run) => (
            <option key={run.id} value={run.id}>
              {run.id} ({run.what})
            </option>
          ))}
        </select>
      </label>
      {error && <Problem text={error} />}
      {data ? <Panel key={id} run={data} /> : <p class="wait">Reading {id} …</p>}
    </section>
  );
}

/** One method: something to try, its runs, and what was measured of its paper. */
export function RoomPage() {
  const { command } = useRoute().params;
  const room = rooms.find((one) => one.command === command);
  useTitle(room?.name ?? "No such method");
  const { data, error } = useData<{ runs: RunSummary[] }>("/api/runs", 5000);
  if (!room)
    return <Problem text={`method: expected one of ${rooms.map((one) => one.command).join(", ")}, found ${command}`} />;
  const runs = (data?.runs ?? [])
    .filter((run) => run.room === room.command)
    .sort((a, b) => b.changed.localeCompare(a.changed));
  const Lab = roomLabs.get(room.command);
  return (
    <>
      <p class="crumbs">{room.name}</p>
      <h1>{room.title}</h1>
      {error && <Problem text={error} />}
      {Lab && (
        <section class="lab" aria-labelledby="try">
          <h2 id="try">Try it in this page</h2>
          <Lab />
        </section>
      )}
      {roomPanels.has(room.command) && runs.some(({ state }) => state === "finished") && (
        <ChosenRun runs={runs} command={room.command} />
      )}
      {room.start !== undefined && (
        <section aria-labelledby="runs">
          <h2 id="runs">Runs</h2>
          {runs.length > 0 ? (
            <ul class="room-runs">
              {runs.map((run) => (
                <li key={run.id}>
                  <a href={runPage(run.id)}>{run.id}</a> <State state={run.state} />
                  <span class="note">
                    {run.what} · {progressOf(run)}
                    {run.figure && ` · ${run.figure.name} ${formatFigure(run.figure)}`} · {formatAge(run.changed)}
                  </span>
                </li>
              ))}
            </ul>
          ) : (
            <p>
              None yet. <code>{room.start}</code> makes one.
            </p>
          )}
        </section>
      )}
      <Claims room={room.name} command={room.command} />
    </>
  );
}
