import { lazy, useRoute } from "preact-iso";
import { type RunSummary, runPage } from "../api.ts";
import { formatAge, formatFigure } from "../format.ts";
import { Problem } from "../problem.tsx";
import { roomLabs } from "../rooms/labs.ts";
import { rooms } from "../rooms.ts";
import { useData } from "../use-data.ts";
import { useTitle } from "../use-title.ts";
import { Claims } from "./claims.tsx";
import { progressOf, State } from "./runs.tsx";

const labs = new Map(Object.entries(roomLabs).map(([command, load]) => [command, lazy(load)]));

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
  const Lab = labs.get(room.command);
  return (
    <>
      <p class="crumbs">{room.name}</p>
      <h1>{room.title}</h1>
      {error && <Problem text={error} />}
      {Lab && <Lab runs={runs} />}
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
      <Claims room={room.name} command={room.command} />
    </>
  );
}
