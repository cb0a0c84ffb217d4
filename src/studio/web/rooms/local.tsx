import { useCallback, useMemo } from "preact/hooks";
import type { RunDetail } from "../api.ts";
import { Bars } from "../charts/bars.tsx";
import { LineChart } from "../charts/line-chart.tsx";
import { Pixels } from "../charts/pixels.tsx";
import { formatBytes, formatNumber } from "../format.ts";
import { useData } from "../use-data.ts";

interface Round {
  readonly round: number;
  readonly seconds: number;
  readonly bytesSent: number;
  readonly missing: readonly number[];
  readonly shares: readonly {
    readonly worker: number;
    readonly ms: number;
    readonly by: string;
    readonly retries: number;
  }[];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Rounds across, workers down: dark where a worker took long beside the others of its round. */
function Stragglers({ rounds, workers }: { readonly rounds: readonly Round[]; readonly workers: number }) {
  const longest = useMemo(
    () => rounds.map(({ shares }) => shares.reduce((most, { ms }) => Math.max(most, ms), 0)),
    [rounds],
  );
  const times = useMemo(
    () => rounds.map(({ shares }) => new Map(shares.map(({ worker, ms }) => [worker, ms]))),
    [rounds],
  );
  const at = useCallback(
    (worker: number, round: number) => {
      const ms = times[round]!.get(worker);
      return ms === undefined
        ? ({ color: "--bad", share: 1 } as const)
        : ({ color: "--series-1", share: ms / (longest[round] || 1) } as const);
    },
    [times, longest],
  );
  return (
    <figure class="stragglers">
      <Pixels
        title={`Time of each worker, from round ${rounds[0]!.round} to ${rounds.at(-1)!.round}`}
        width={rounds.length}
        height={workers}
        at={at}
      />
      <figcaption class="note">
        Rounds {rounds[0]!.round} to {rounds.at(-1)!.round} across, workers 0 to {workers - 1} down: the darkest of a
        round was its slowest, and the round waited for it.
        {rounds.some(({ missing }) => missing.length > 0) && " Red: the average went on without the worker."}
      </figcaption>
    </figure>
  );
}

/** A run over many workers. */
export default function LocalPanel({ run }: { readonly run: RunDetail }) {
  const { data } = useData<{ rounds: Round[]; total: number }>(
    `/api/local/${encodeURIComponent(run.summary.id)}/rounds`,
    2000,
  );
  const rounds = data?.rounds ?? [];
  const byWorker = useMemo(() => {
    const times = new Map<number, number[]>();
    for (const { shares } of rounds)
      for (const { worker, ms } of shares) times.set(worker, [...(times.get(worker) ?? []), ms]);
    return [...times].sort(([a], [b]) => a - b).map(([worker, ms]) => ({ worker, ms: median(ms) }));
  }, [rounds]);
  const lines = useMemo(
    () => [
      { name: "whole round", x: rounds.map(({ round }) => round), y: rounds.map(({ seconds }) => 1000 * seconds) },
      {
        name: "slowest worker",
        x: rounds.map(({ round }) => round),
        y: rounds.map(({ shares }) => shares.reduce((most, { ms }) => Math.max(most, ms), 0)),
      },
    ],
    [rounds],
  );
  if (!data) return null;
  if (rounds.length === 0) return <p class="note">No round of this run was timed.</p>;
  const machines = new Set(rounds.flatMap(({ shares }) => shares.map(({ by }) => by)));
  const retries = rounds.reduce((sum, { shares }) => sum + shares.reduce((own, share) => own + share.retries, 0), 0);
  return (
    <section aria-labelledby="rounds">
      <h2 id="rounds">Rounds and workers</h2>
      <p>
        {data.total.toLocaleString("en-US")} rounds timed
        {data.total > rounds.length && `, the last ${rounds.length} shown`}; {machines.size}{" "}
        {machines.size === 1 ? "place" : "places"} computed them ({[...machines].slice(0, 4).join(", ")}
        {machines.size > 4 && " …"}); {retries} shares were computed anew; {formatBytes(rounds.at(-1)!.bytesSent)} of
        weights sent a round.
      </p>
      <div class="columns">
        <LineChart title="milliseconds a round" xLabel="round" logY lines={lines} />
        <div>
          <h3>Median of each worker</h3>
          <Bars
            title="Median milliseconds by worker"
            bars={byWorker.map(({ worker, ms }) => ({
              label: `worker ${worker}`,
              value: ms,
              text: `${formatNumber(ms, 3)} ms`,
            }))}
          />
        </div>
      </div>
      <Stragglers rounds={rounds} workers={byWorker.length} />
    </section>
  );
}
