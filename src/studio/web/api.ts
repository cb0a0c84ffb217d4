/** The studio's API, as the page sees it. @module */
import type { Curve, Metrics } from "../runs/metrics.ts";
import type { RunSummary } from "../runs/summary.ts";

export type { Curve, Metrics, RunSummary };

/** One run, whole. */
export interface RunDetail {
  readonly summary: RunSummary;
  readonly record: Readonly<Record<string, unknown>>;
  readonly report: Readonly<Record<string, unknown>>;
  readonly checkpoints: readonly { file: string; step: number; sha256: string; bytes: number }[];
  readonly files: readonly { name: string; bytes: number }[];
}

/** Asks the API; what it refuses becomes an error with its line. */
export async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch(() => {
    throw new Error("the studio does not answer: is `tenfold studio` still running?");
  });
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Error(`the studio answered ${response.status} with no JSON`);
  }
  if (!response.ok) throw new Error((body as { error?: string }).error ?? `the studio answered ${response.status}`);
  return body as T;
}

/** Asks with a JSON body. */
export const post = <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> =>
  ask<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });

/** The path of a run below the API. */
export const runPath = (id: string, ...more: string[]): string =>
  ["/api/runs", encodeURIComponent(id), ...more.map(encodeURIComponent)].join("/");

/** The page of a run. */
export const runPage = (id: string): string => `/runs/${encodeURIComponent(id)}`;
