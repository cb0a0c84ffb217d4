/** What a worker does, for Prometheus. @module */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigError } from "../../core/index.ts";
import { optionalPackage } from "../optional-package.ts";
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
  const server = createServer((request, response) => {
    if (request.url !== "/metrics") {
      response.writeHead(404).end("see /metrics\n");
      return;
    }
    register.metrics().then(
      (text) => response.writeHead(200, { "content-type": register.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const found = cause.code === "EADDRINUSE" ? "one that is taken" : cause.message;
      reject(new ConfigError({ where: "--metrics-port", expected: "a free port", found, cause }));
    });
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/metrics`,
    events: {
      done: (kind, taken) => {
        jobs.inc({ kind, outcome: "done" });
        seconds.observe({ kind }, taken);
      },
      failed: (kind, _, final) => jobs.inc({ kind, outcome: final ? "given up" : "failed" }),
      moved: (direction, count) => bytes.inc({ direction }, count),
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
