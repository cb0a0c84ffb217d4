import { useEffect, useState } from "preact/hooks";
import { ask } from "../../api.ts";
import type { Part, PredictedRow, Predictions } from "./answers.ts";

/** Predictions on rows, as far as they came. */
export interface PredictedSoFar {
  readonly rows: readonly PredictedRow[];
  /** Rows that there are; 0 until it is known. */
  readonly total: number;
  readonly error?: string;
}

const none: PredictedSoFar = { rows: [], total: 0 };

/** Predictions on the first `wanted` rows of a part, as many at a time as the service answers. */
export function usePredictions(path: string, part: Part, wanted: number): PredictedSoFar {
  const key = `${path} ${part}`;
  const [found, setFound] = useState<{ readonly key: string; readonly so: PredictedSoFar }>({ key, so: none });
  const so = found.key === key ? found.so : none;
  const offset = so.rows.length;
  const isDone = so.error !== undefined || offset >= wanted || (so.total > 0 && offset >= so.total);
  useEffect(() => {
    if (isDone) return;
    const asked = new AbortController();
    ask<Predictions>(`${path}/predictions?part=${part}&offset=${offset}&limit=${wanted - offset}`, {
      signal: asked.signal,
    }).then(
      ({ rows, total }) => {
        if (!asked.signal.aborted) setFound({ key, so: { rows: [...so.rows, ...rows], total } });
      },
      (error: Error) => {
        if (!asked.signal.aborted) setFound({ key, so: { ...so, error: error.message } });
      },
    );
    return () => asked.abort();
  }, [key, offset, wanted, isDone]);
  return so;
}
