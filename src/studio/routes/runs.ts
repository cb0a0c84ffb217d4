/** Routes of runs: the list, one run, its curves, its growth, its files. @module */
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { streamSSE } from "hono/streaming";
import { errorResponses, jsonResponses } from "../../http/index.ts";
import type { FoundRun } from "../runs/find-runs.ts";
import { follow } from "../runs/follow.ts";
import { readMetrics } from "../runs/metrics.ts";
import type { Shelf } from "../runs/shelf.ts";
import { readJson, summarize } from "../runs/summary.ts";

const summarySchema = z
  .object({
    id: z.string(),
    room: z.string().nullable(),
    what: z.string(),
    state: z.enum(["finished", "running", "stopped"]),
    changed: z.string(),
    seed: z.number().nullable(),
    step: z.number().nullable(),
    epoch: z.number().nullable(),
    epochs: z.number().nullable(),
    figure: z.object({ name: z.string(), value: z.number() }).nullable(),
    hasMetrics: z.boolean(),
    reportsClaims: z.boolean(),
  })
  .openapi("RunSummary");

const detailSchema = z
  .object({
    summary: summarySchema,
    /** run.json, lift.json or certificate.json; without tensors' contents. */
    record: z.record(z.string(), z.unknown()),
    report: z.record(z.string(), z.unknown()),
    checkpoints: z.array(z.object({ file: z.string(), step: z.number(), sha256: z.string(), bytes: z.number() })),
    files: z.array(z.object({ name: z.string(), bytes: z.number() })),
  })
  .openapi("Run");

const metricsSchema = z
  .object({
    curves: z.array(
      z.object({
        kind: z.string(),
        name: z.string(),
        steps: z.array(z.number()),
        values: z.array(z.number()),
        total: z.number(),
      }),
    ),
    bytes: z.number(),
  })
  .openapi("Metrics");

const runParams = z.object({ run: z.string().describe("the run's id, percent-encoded") });

/** Curves longer than this are thinned, keeping their extremes. */
const mostPoints = 10_000;

/** The file that says what a run is. */
function recordPath({ path, mark }: FoundRun): string {
  if (mark === "network file") return path;
  return join(path, mark === "report" ? "report.json" : mark);
}

const metricsPath = ({ path, mark }: FoundRun) =>
  join(path, mark === "lift.json" ? "training/train/metrics.jsonl" : "metrics.jsonl");

/** The files of a run that may be taken away, those of checkpoints as `checkpoints/name`. */
async function filesOf({ path, mark }: FoundRun): Promise<{ name: string; bytes: number }[]> {
  if (mark === "network file") return [];
  const names = async (folder: string, prefix: string) =>
    (await readdir(folder, { withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isFile())
      .map((entry) => `${prefix}${entry.name}`);
  const all = [...(await names(path, "")), ...(await names(join(path, "checkpoints"), "checkpoints/"))];
  const sized = await Promise.all(
    all.map(async (name) => ({ name, bytes: (await stat(join(path, name)).catch(() => undefined))?.size ?? -1 })),
  );
  return sized.filter(({ bytes }) => bytes >= 0).sort((a, b) => a.name.localeCompare(b.name));
}

async function checkpointsOf({ path }: FoundRun): Promise<z.output<typeof detailSchema>["checkpoints"]> {
  let index: unknown;
  try {
    index = JSON.parse(await readFile(join(path, "checkpoints", "index.json"), "utf8"));
  } catch {
    return [];
  }
  const entry = z.array(z.object({ file: z.string(), step: z.number(), sha256: z.string() })).safeParse(index);
  const entries = await Promise.all(
    (entry.data ?? []).map(async (one) => {
      const bytes = (await stat(join(path, "checkpoints", one.file)).catch(() => undefined))?.size;
      return bytes === undefined ? undefined : { ...one, bytes };
    }),
  );
  return entries.filter((one) => one !== undefined);
}

const gone = (id: string) =>
  new HTTPException(404, { message: `run: expected ${JSON.stringify(id)}, found that it was deleted meanwhile` });

/** Adds the routes of runs. */
export function addRunRoutes(app: OpenAPIHono, shelf: Shelf, signal?: AbortSignal): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/api/runs",
      summary: "Every run under the folder, a line each",
      responses: jsonResponses(z.object({ root: z.string(), runs: z.array(summarySchema) }), "The runs"),
    }),
    async (context) => context.json({ root: shelf.root, runs: await shelf.list() }, 200),
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/runs/{run}",
      summary: "One run: its configuration, report, checkpoints and files",
      request: { params: runParams },
      responses: jsonResponses(detailSchema, "The run"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const [summary, record, report, checkpoints, files] = await Promise.all([
        summarize(run),
        run.mark === "network file" || run.mark === "report" ? {} : readJson(recordPath(run)),
        run.mark === "network file" || run.mark === "report" ? {} : readJson(join(run.path, "report.json")),
        checkpointsOf(run),
        filesOf(run),
      ]);
      if (!summary) throw gone(run.id);
      return context.json({ summary, record, report, checkpoints, files }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/runs/{run}/metrics",
      summary: "The curves of a run",
      request: {
        params: runParams,
        query: z.object({ points: z.coerce.number().int().min(2).max(mostPoints).default(mostPoints) }),
      },
      responses: jsonResponses(metricsSchema, "The curves"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { curves, bytes } = await readMetrics(metricsPath(run), context.req.valid("query").points);
      return context.json(
        { curves: curves.map((curve) => ({ ...curve, steps: [...curve.steps], values: [...curve.values] })), bytes },
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/runs/{run}/live",
      summary: "What is added to a run's metrics, as server-sent events `lines`, `rewound`, `finished`, `gone`",
      request: { params: runParams, query: z.object({ from: z.coerce.number().int().min(0).default(0) }) },
      responses: {
        200: { description: "The events", content: { "text/event-stream": { schema: z.string() } } },
        ...errorResponses,
      },
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { from } = context.req.valid("query");
      return streamSSE(context, async (stream) => {
        const ended = new AbortController();
        stream.onAbort(() => ended.abort());
        signal?.addEventListener("abort", () => ended.abort(), { once: true, signal: ended.signal });
        let finished = false;
        const tellState = async () => {
          const now = await summarize(run);
          if (finished || now?.state !== "finished") return;
          finished = true;
          await stream.writeSSE({ event: "finished", data: JSON.stringify(now) });
        };
        // A comment now and then, so that a connection that is dead is noticed.
        const pulse = setInterval(() => void stream.write(": still here\n\n").then(tellState), pulseMs);
        try {
          await tellState();
          for await (const event of follow(metricsPath(run), run.path, from, ended.signal)) {
            await stream.writeSSE({ event: event.type, data: JSON.stringify(event) });
          }
        } finally {
          clearInterval(pulse);
        }
      });
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/runs/{run}/files/{file}",
      summary: "A file of a run, by its name in the run's list of files",
      request: { params: runParams.extend({ file: z.string().describe("the file's name, percent-encoded") }) },
      responses: {
        200: { description: "The file", content: { "application/octet-stream": { schema: z.string() } } },
        ...errorResponses,
      },
    }),
    async (context) => {
      const { run: id, file } = context.req.valid("param");
      const run = await shelf.get(id);
      const known = (await filesOf(run)).find(({ name }) => name === file);
      if (!known) {
        throw new HTTPException(404, {
          message: `file: expected one that the run's list of files names, found ${JSON.stringify(file)}`,
        });
      }
      const isPage = file === "index.html" && run.mark === "report";
      const stream = Readable.toWeb(createReadStream(join(run.path, known.name))) as ReadableStream<Uint8Array>;
      return context.body(stream, 200, {
        "Content-Length": String(known.bytes),
        "Content-Type": isPage ? "text/html; charset=utf-8" : "application/octet-stream",
        ...(!isPage && {
          "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(known.name.split("/").at(-1)!)}`,
        }),
      });
    },
  );
}

const pulseMs = 1000;
