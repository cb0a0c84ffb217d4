import { useEffect, useState } from "preact/hooks";
import { ask, type Curve, type Metrics, type RunSummary, runPath } from "./api.ts";

/** The curves of a run as they grow. */
export interface LiveMetrics {
  readonly curves: readonly Curve[];
  /** The run's line since it came to its end while one looked. */
  readonly finished?: RunSummary;
  /** The run's folder was deleted while one looked. */
  readonly gone?: boolean;
  readonly error?: string;
}

type MetricsLine = Readonly<Record<string, unknown>>;

/** Curves with the points of new lines behind theirs; lines that are there already add nothing. */
function withLines(curves: readonly Curve[], lines: readonly MetricsLine[]): readonly Curve[] {
  const grown = new Map(
    curves.map((curve) => [
      `${curve.kind} ${curve.name}`,
      { ...curve, steps: [...curve.steps], values: [...curve.values] },
    ]),
  );
  for (const line of lines) {
    const kind = typeof line.kind === "string" ? line.kind : "";
    for (const [name, value] of Object.entries(line)) {
      if (name === "step" || name === "epoch" || typeof value !== "number" || typeof line.step !== "number") continue;
      const key = `${kind} ${name}`;
      const curve = grown.get(key) ?? { kind, name, steps: [], values: [], total: 0 };
      grown.set(key, curve);
      if (line.step <= (curve.steps.at(-1) ?? -1)) continue;
      curve.steps.push(line.step);
      curve.values.push(value);
      curve.total++;
    }
  }
  return [...grown.values()];
}

/** The curves of a run, and what is added to them while the page is open. */
export function useLiveMetrics(id: string, hasMetrics: boolean): LiveMetrics {
  const [metrics, setMetrics] = useState<LiveMetrics>({ curves: [] });
  useEffect(() => {
    if (!hasMetrics) return;
    let events: EventSource | undefined;
    let current = true;
    const load = async () => {
      events?.close();
      const { curves, bytes } = await ask<Metrics>(runPath(id, "metrics"));
      if (!current) return;
      setMetrics({ curves });
      const source = new EventSource(`${runPath(id, "live")}?from=${bytes}`);
      events = source;
      source.addEventListener("lines", (event) => {
        const { lines } = JSON.parse(event.data) as { lines: MetricsLine[] };
        setMetrics((now) => ({ ...now, curves: withLines(now.curves, lines) }));
      });
      source.addEventListener("rewound", () => void load().catch(fail));
      source.addEventListener("finished", (event) => {
        const finished = JSON.parse(event.data) as RunSummary;
        setMetrics((now) => ({ ...now, finished }));
      });
      source.addEventListener("gone", () => {
        source.close();
        setMetrics((now) => ({ ...now, gone: true }));
      });
      // A connection that broke begins anew with everything, so that nothing is missed or told twice.
      source.addEventListener("error", () => {
        source.close();
        if (current) setTimeout(() => current && void load().catch(fail), 1000);
      });
    };
    const fail = (error: Error) => current && setMetrics((now) => ({ ...now, error: error.message }));
    setMetrics({ curves: [] });
    load().catch(fail);
    return () => {
      current = false;
      events?.close();
    };
  }, [id, hasMetrics]);
  return metrics;
}
