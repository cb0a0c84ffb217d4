/** Engines that run rounds of work behind one interface: in this process, in threads, or on a fleet over Redis. @module */
export {
  /** The mean of arrays, in an order that is always the same. */
  averageInOrder,
  /** An array's bytes. */
  bytesOf,
  /** Numbers from bytes. */
  float32sOf,
  float64sOf,
} from "./average.ts";
/** What must be alike on all machines of a fleet. */
export { codeVersion } from "./code-version.ts";
/** What an engine is, and how a round went. */
export {
  type EngineName,
  engineNames,
  type RoundEngine,
  type RoundPolicy,
  type RoundReport,
  type ShareReport,
} from "./engine.ts";
/** A page that shows what is in the queues. */
export { type Board, serveBoard } from "./fleet/board.ts";
/** Workers anywhere, over BullMQ on Redis. */
export { type FleetOptions, fleet } from "./fleet/fleet-engine.ts";
/** One of those workers. */
export {
  type FleetWorker,
  type FleetWorkerOptions,
  startFleetWorker,
  type WorkerEvents,
} from "./fleet/fleet-worker.ts";
/** What a worker does, for Prometheus. */
export { type FleetMetrics, serveMetrics } from "./fleet/metrics.ts";
/** An address of Redis as it may be kept in a file. */
export { withoutPassword } from "./fleet/redis.ts";
/** Workers in this process, by turns. */
export { inProcess } from "./in-process.ts";
/** Threads that runs can share, and where a work's code is. */
export { ThreadPool, type WorkReference } from "./thread-pool.ts";
/** Workers in threads. */
export { type ThreadsOptions, threads } from "./threads.ts";
/** What the workers of a run do. */
export {
  type Facts,
  type Holding,
  initialRunState,
  type OpenWork,
  type RunState,
  type Share,
  type Work,
} from "./work.ts";
