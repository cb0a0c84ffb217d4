/** Routes of runs over many workers: how their rounds went. @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonResponses } from "../../http/index.ts";
import { parseJsonLines } from "../runs/json-lines.ts";
import type { Shelf } from "../runs/shelf.ts";

const roundSchema = z.object({
  round: z.number(),
  seconds: z.number(),
  bytesSent: z.number(),
  missing: z.array(z.number()),
  shares: z.array(z.object({ worker: z.number(), ms: z.number(), by: z.string(), retries: z.number() })),
});
const roundsSchema = z
  .object({
    rounds: z.array(roundSchema).describe("the last ones, oldest first"),
    total: z.number().describe("lines kept in all"),
  })
  .openapi("Rounds");

/** More are not told apart in a picture. */
const mostRounds = 400;

/** Adds the routes of runs over many workers. */
export function addLocalRoutes(app: OpenAPIHono, shelf: Shelf): void {
  const route = createRoute({
    method: "get",
    path: "/api/local/{run}/rounds",
    summary: "How rounds went: who computed which worker's share, for how long",
    request: { params: z.object({ run: z.string() }) },
    responses: jsonResponses(roundsSchema, "The rounds"),
  });
  app.openapi(route, async (context) => {
    const { path } = await shelf.get(context.req.valid("param").run);
    const lines = parseJsonLines(await readFile(join(path, "rounds.jsonl"), "utf8").catch(() => ""));
    const rounds = lines.slice(-mostRounds).flatMap((line) => roundSchema.safeParse(line).data ?? []);
    return context.json({ rounds, total: lines.length }, 200);
  });
}
