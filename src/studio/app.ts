/** The studio's HTTP service: its API, and the page that uses it. @module */
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { compress } from "hono/compress";
import { HTTPException } from "hono/http-exception";
import { createService } from "../http/index.ts";
import { figureStyle, theme } from "../report/index.ts";
import { onlyOwnPages } from "./guard.ts";
import { addCertificateRoutes } from "./routes/certificates.ts";
import { addClaimRoute } from "./routes/claims.ts";
import { addLiftRoutes } from "./routes/lift.ts";
import { addLocalRoutes } from "./routes/local.ts";
import { addLowRankRoutes } from "./routes/lowrank.ts";
import { addMemorizeRoutes } from "./routes/memorize.ts";
import { addNormRoutes } from "./routes/norm.ts";
import { addRecommendRoutes } from "./routes/recommend.ts";
import { addRunRoutes } from "./routes/runs.ts";
import { addTranslateRoutes } from "./routes/translate.ts";
import { Shelf } from "./runs/shelf.ts";

/** What the studio is made of. */
export interface StudioOptions {
  /** Folder whose runs are shown; it need not be there yet. */
  readonly runs: string;
  /** Version of the package. */
  readonly version: string;
  /** Ends what goes on for ever: the streams of runs that are watched. */
  readonly signal?: AbortSignal;
}

/** Where `npm run build` puts the page, seen from the compiled package and from the sources. */
const webFolders = [join(import.meta.dirname, "web"), join(import.meta.dirname, "../../dist/studio/web")];

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".gz": "application/gzip",
  ".json": "application/json",
};

/** The page's own files. Names in `assets/` are of a fixed alphabet, so that no path leads elsewhere. */
async function readAsset(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!/^[\w-]+(\.[\w-]+)+$/.test(name)) return undefined;
  for (const folder of webFolders) {
    const bytes = await readFile(join(folder, "assets", name)).catch(() => undefined);
    if (bytes) return new Uint8Array(bytes);
  }
  return undefined;
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tenfold studio</title>
<style>${theme}${figureStyle}</style>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/main.css">
<script type="module" src="/assets/main.js"></script>
</head>
<body><div id="studio"><p class="wait">Loading the studio …</p></div>
<noscript>The studio needs JavaScript; its data are at /openapi.json.</noscript></body>
</html>
`;

/** The studio as a service that answers requests. */
export function createStudio({ runs, version, signal }: StudioOptions): OpenAPIHono {
  const app = createService({
    title: "Tenfold studio",
    version,
    description: "Runs on this machine: what they are, their curves while they train, and what each method is about.",
    guard: onlyOwnPages,
  });
  app.use(compress());
  const shelf = new Shelf(runs);
  addRunRoutes(app, shelf, signal);
  addClaimRoute(app, shelf);
  addLocalRoutes(app, shelf);
  addLowRankRoutes(app, shelf);
  addNormRoutes(app, shelf);
  addCertificateRoutes(app, shelf);
  addMemorizeRoutes(app, shelf);
  addTranslateRoutes(app, shelf);
  addRecommendRoutes(app, shelf);
  addLiftRoutes(app, shelf);
  app.get("/assets/:name", async (context) => {
    const name = context.req.param("name");
    const bytes = await readAsset(name);
    if (!bytes) throw new HTTPException(404, { message: "assets: expected a file of the page, found none" });
    return context.body(bytes, 200, {
      "Content-Type": types[extname(name)] ?? "application/octet-stream",
      "Cache-Control": "no-cache",
    });
  });
  app.get("*", async (context, next) => {
    const { path } = context.req;
    return path.startsWith("/api/") || path.startsWith("/assets/") ? next() : context.html(page);
  });
  return app;
}
