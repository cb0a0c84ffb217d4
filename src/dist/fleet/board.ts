/** A page that shows what is in the queues. @module */

import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { optionalPackage } from "../../core/index.ts";
import { listen } from "../../http/index.ts";
import { keyPrefix } from "./messages.ts";
import { openRedis } from "./redis.ts";

/** A board that is served. */
export interface Board {
  readonly url: string;
  /** The queues it shows. */
  readonly queues: readonly string[];
  close(): Promise<void>;
}

/**
 * Serves bull-board over all queues of Tenfold that are in Redis. It can retry and remove jobs: keep it to yourself.
 *
 * @param port - 0 for any free one
 * @throws {ConfigError} where Redis cannot be used
 */
export async function serveBoard(address: string, port: number, host: string): Promise<Board> {
  const name = "@bull-board/api @bull-board/hono";
  const load = async () => ({
    ...(await import("@bull-board/api")),
    ...(await import("@bull-board/api/bullMQAdapter")),
    ...(await import("@bull-board/hono")),
  });
  const { createBullBoard, BullMQAdapter, HonoAdapter } = await optionalPackage("fleet", name, load);
  const { Queue } = await optionalPackage("fleet", "bullmq", () => import("bullmq"));
  const redis = await openRedis(address);
  const found = await redis.keys(`${keyPrefix}:*:meta`);
  const names = found.map((key) => key.slice(keyPrefix.length + 1, -":meta".length)).sort();
  const queues = names.map(
    (queue) => new Queue(queue, { connection: redis, prefix: keyPrefix, skipMetasUpdate: true }),
  );
  const adapter = new HonoAdapter(serveStatic);
  createBullBoard({ queues: queues.map((queue) => new BullMQAdapter(queue)), serverAdapter: adapter });
  const app = new Hono();
  app.route("/", adapter.registerPlugin());
  const leave = async () => {
    await Promise.all(queues.map((queue) => queue.close()));
    redis.disconnect();
  };
  const listening = await listen(app, { port, host }).catch(async (error: unknown) => {
    await leave();
    throw error;
  });
  return {
    url: `${listening.url}/`,
    queues: names,
    async close() {
      await listening.close();
      await leave();
    },
  };
}
