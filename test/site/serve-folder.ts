/** A web server of a folder under a path of its own, as a host serves a project's pages. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".png": "image/png",
  ".gz": "application/gzip",
};
const packed = new Set([".html", ".js", ".css", ".json"]);

/** What was served: paths under the prefix, with the bytes that went over the wire. */
export interface Served {
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
}

/** Serves `folder` at `url`, which ends with a slash. */
export async function serveFolder(folder: string, prefix = "/some/path/") {
  const served: Served[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : undefined;
    const file = path === "" || path?.endsWith("/") ? `${path}index.html` : path;
    const content = file === undefined ? undefined : await readFile(join(folder, file)).catch(() => undefined);
    if (!content) {
      served.push({ path: pathname, status: 404, bytes: 0 });
      response.writeHead(404).end();
      return;
    }
    const kind = extname(file!);
    const body = packed.has(kind) ? gzipSync(content) : content;
    served.push({ path: file!, status: 200, bytes: body.length });
    response.setHeader("content-type", types[kind] ?? "text/plain");
    if (packed.has(kind)) response.setHeader("content-encoding", "gzip");
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${prefix}`, served, close: () => server.close() };
}
