/** What `tenfold local worker` and `tenfold local board` do. @module */
import type { Command } from "commander";
import type { z } from "zod";
import { codeVersion, serveBoard, serveMetrics, startFleetWorker } from "../../dist/index.ts";
import { type CommonOptions, openTerminal, untilStopped } from "../../terminal/index.ts";
import type { boardSchema, workerSchema } from "./config.ts";
import { refuseUnused } from "./refuse-unused.ts";
import { workModule } from "./work.ts";

/** `tenfold local worker` */
export async function runWorker(
  options: z.output<typeof workerSchema>,
  raw: CommonOptions,
  command: Command,
): Promise<void> {
  const metricsAsked = { holds: options.metricsPort !== undefined, only: "--metrics-port", found: "none" };
  refuseUnused(command, [{ options: ["metricsHost"], ...metricsAsked }]);
  await serveWorker(options, raw, { module: workModule, version: await codeVersion() });
}

/** Computes for the runs of one module on a fleet, until it is told to leave. */
export async function serveWorker(
  options: z.output<typeof workerSchema>,
  raw: CommonOptions,
  { module, version }: { readonly module: string; readonly version: string },
): Promise<void> {
  const terminal = openTerminal(raw);
  const { redis, blobs, concurrency, lock, metricsPort, metricsHost } = options;
  const metrics = metricsPort === undefined ? undefined : await serveMetrics(metricsPort, metricsHost);
  let shares = 0;
  try {
    const worker = await startFleetWorker({
      redis,
      module,
      concurrency,
      codeVersion: version,
      lockMs: lock * 1000,
      ...(blobs !== undefined && { blobs }),
      events: {
        ...metrics?.events,
        done(kind, seconds) {
          metrics?.events.done?.(kind, seconds);
          if (kind === "share") shares++;
        },
        failed(kind, reason, final) {
          metrics?.events.failed?.(kind, reason, final);
          terminal.warn(`${kind} ${final ? "given up" : "failed"}: ${reason}`);
        },
      },
    });
    terminal.info(`worker ${worker.name} listens with ${concurrency} at once, code ${version}`);
    if (metrics) terminal.info(`metrics at ${metrics.url}`);
    await untilStopped(terminal.signal);
    await worker.close();
    terminal.info(`left after ${shares} shares`);
    terminal.result({ worker: worker.name, codeVersion: version, shares });
  } finally {
    await metrics?.close();
  }
}

/** `tenfold local board` */
export async function runBoard(options: z.output<typeof boardSchema>, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const board = await serveBoard(options.redis, options.port, options.host);
  terminal.print(`${board.queues.length} queues at ${board.url}`);
  await untilStopped(terminal.signal);
  await board.close();
  terminal.result({ url: board.url, queues: board.queues });
}
