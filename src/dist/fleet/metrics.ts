/** What a worker does, for Prometheus. @module */

import { Hono } from "hono";
import { optionalPackage } from "../../core/index.ts";
import { listen } from "../../http/index.ts";
import type { WorkerEvents } from "./fleet-worker.ts";

/** Metrics that are served. */
export interface FleetMetrics {
  /** To give to the worker. */
  readonly events: WorkerEvents;
  /** Where they are served. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a worker's metrics at `/metrics`: jobs done and failed, seconds a job, bytes moved, and those of the process.
 *
 * @param port - 0 for any free one
 * @throws {ConfigError} where the port is taken
 */
export async function serveMetrics(port: number, host: string): Promise<FleetMetrics> {
  const { Counter, Histogram, Registry, collectDefaultMetrics } = await optionalPackage(
    "fleet",
    "prom-client",
    () => import("prom-client"),
  );
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const jobs = new Counter({
    name: "tenfold_jobs_total",
    help: "Jobs by kind (share, average) and outcome (done, failed, given up)",
    labelNames: ["kind", "outcome"],
    registers,
  });
  const seconds = new Histogram({
    name: "tenfold_job_seconds",
    help: "Seconds from taking a job to its result",
    labelNames: ["kind"],
    buckets: [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
    registers,
  });
  const bytes = new Counter({
    name: "tenfold_blob_bytes_total",
    help: "Bytes of weights read and written",
    labelNames: ["direction"],
    registers,
  });
  const app = new Hono();
  app.get(
    "/metrics",
    async () => new Response(await register.metrics(), { headers: { "content-type": register.contentType } }),
  );
  app.notFound((context) => context.text("see /metrics\n", 404));
  const listening = await listen(app, { port, host, portOption: "--metrics-port" });
  return {
    url: `${listening.url}/metrics`,
    events: {
      done: (kind, taken) => {
        jobs.inc({ kind, outcome: "done" });
        seconds.observe({ kind }, taken);
      },
      failed: (kind, _, final) => jobs.inc({ kind, outcome: final ? "given up" : "failed" }),
      moved: (direction, count) => bytes.inc({ direction }, count),
    },
    close: () => listening.close(),
  };
}
