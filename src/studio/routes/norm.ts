/** Routes of norm tuning: what was trained of one network, side by side. @module */
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonResponses } from "../../http/index.ts";
import type { Shelf } from "../runs/shelf.ts";
import { readJson } from "../runs/summary.ts";

const choicesSchema = z
  .object({
    rows: z.array(z.record(z.string(), z.unknown())).describe("row.json of each choice that was trained to its end"),
  })
  .openapi("Choices");

/** Adds the routes of norm tuning. */
export function addNormRoutes(app: OpenAPIHono, shelf: Shelf): void {
  const route = createRoute({
    method: "get",
    path: "/api/norm/{run}/choices",
    summary: "The choices of what to train that lie beside this one, with their figures",
    request: { params: z.object({ run: z.string() }) },
    responses: jsonResponses(choicesSchema, "The choices"),
  });
  app.openapi(route, async (context) => {
    const { path } = await shelf.get(context.req.valid("param").run);
    const family = dirname(path);
    const entries = await readdir(family, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const rows = await Promise.all(folders.map((name) => readJson(join(family, name, "row.json"))));
    return context.json({ rows: rows.filter((row) => Object.keys(row).length > 0) }, 200);
  });
}
