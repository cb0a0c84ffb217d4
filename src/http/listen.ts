import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { ConfigError } from "../core/index.ts";
import { type Terminal, untilStopped } from "../terminal/index.ts";

/** A server that takes requests. */
export interface Listening {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Takes no more connections, finishes what it began, and resolves. */
  close(): Promise<void>;
}

/** How often idle connections are closed while the last answers go out, in milliseconds. */
const closeIdleEvery = 50;

/**
 * Listens for requests.
 *
 * @param app - anything with the fetch of the web: a Hono app
 * @param options - `port`: 0 for any free one; `portOption`: what errors call it, by default `--port`
 * @throws {ConfigError} where the port is taken or the host is not this machine's
 */
export async function listen(
  app: { fetch(request: Request): Response | Promise<Response> },
  options: { readonly port: number; readonly host: string; readonly portOption?: string },
): Promise<Listening> {
  const { port, host, portOption = "--port" } = options;
  const server = serve({ fetch: (request) => app.fetch(request), port, hostname: host }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const [where, expected] =
        cause.code?.startsWith("EADDRNOTAVAIL") || cause.code === "ENOTFOUND"
          ? ["--host", "an address of this machine"]
          : [portOption, "a free port"];
      const found = cause.code === "EADDRINUSE" ? `${port}, which is taken` : cause.message;
      reject(new ConfigError({ where, expected, found, cause, hint: `${portOption} 0 takes any free port` }));
    });
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
    async close() {
      const idle = setInterval(() => server.closeIdleConnections(), closeIdleEvery);
      await new Promise((resolve) => server.close(resolve));
      clearInterval(idle);
    },
  };
}

/**
 * Serves until Ctrl-C or SIGTERM, says where, and finishes what it began before it returns.
 *
 * @param terminal - told the address: as a line, or with `--json` as `{ "url": … }`
 * @throws {ConfigError} as {@link listen}
 */
export async function serveUntilStopped(
  app: { fetch(request: Request): Response | Promise<Response> },
  { port, host, terminal }: { readonly port: number; readonly host: string; readonly terminal: Terminal },
): Promise<void> {
  const listening = await listen(app, { port, host });
  terminal.print(`${listening.url}  (Ctrl-C stops)`);
  terminal.result({ url: listening.url });
  await untilStopped(terminal.signal);
  await listening.close();
}
