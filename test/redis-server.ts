import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Program } from "./programs.ts";

/** Debian's Redis. */
export const redisServer: Program = { name: "redis-server", probe: ["redis-server", "--version"] };

/** A Redis of a test's own. */
export interface RedisServer {
  /** Its address, without a password. */
  readonly url: string;
  readonly port: number;
  /** Ends it, and starts it again on the same port with what its append-only file holds. */
  restart(): Promise<void>;
  /** Freezes it: connections stay and nothing is answered. */
  freeze(): void;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** A port of the loopback interface that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts Redis on a free port of the loopback interface, in a temporary folder, with its append-only file on. Stop it at the end.
 *
 * @param settings - more settings, such as `{ requirepass: "secret" }`
 */
export async function startRedis(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "tenfold-redis-"));
  const port = await freePort();
  const all = { bind: "127.0.0.1", port, dir: folder, appendonly: "yes", appendfsync: "always", save: "", ...settings };
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
  let server = await start(args);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async restart() {
      await end(server, "SIGTERM");
      server = await start(args);
    },
    freeze: () => void server.kill("SIGSTOP"),
    async stop() {
      await end(server, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function start(args: readonly string[]): Promise<ChildProcess> {
  const server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "pipe"] });
  // A test that is itself killed leaves no server behind.
  process.once("exit", () => server.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    let said = "";
    const listen = (chunk: Buffer) => {
      said += String(chunk);
      if (said.includes("Ready to accept connections")) resolve(server);
    };
    server.stdout.on("data", listen);
    server.stderr.on("data", listen);
    server.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)));
  });
}

function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve();
    server.once("exit", () => resolve());
    server.kill(signal);
  });
}
