/** What was measured of a room's paper, from the newest report under the folder. @module */
import { join } from "node:path";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonResponses } from "../../http/index.ts";
import { figureHtml, type ReportDocument } from "../../report/index.ts";
import type { Shelf } from "../runs/shelf.ts";
import { readJson } from "../runs/summary.ts";

const claimSchema = z.object({
  id: z.string(),
  statement: z.string(),
  source: z.string(),
  paper: z.string(),
  window: z.string(),
  found: z.string().nullable(),
  error: z.string().nullable(),
  status: z.enum(["holds", "does not hold", "failed"]),
  repeat: z.string(),
  figures: z.array(z.string()).describe("HTML"),
});
const answerSchema = z
  .object({
    report: z.string().nullable().describe("id of the report; null where the room was never measured"),
    paper: z.string().nullable(),
    summary: z.string().nullable(),
    claims: z.array(claimSchema),
  })
  .openapi("Claims");

/** Adds the route of claims. */
export function addClaimRoute(app: OpenAPIHono, shelf: Shelf): void {
  const route = createRoute({
    method: "get",
    path: "/api/rooms/{room}/claims",
    summary: "The claims of a room's paper, as the newest report has them",
    request: { params: z.object({ room: z.string() }) },
    responses: jsonResponses(answerSchema, "The claims"),
  });
  app.openapi(route, async (context) => {
    const { room: name } = context.req.valid("param");
    const reports = (await shelf.list()).filter(({ reportsClaims }) => reportsClaims);
    for (const { id } of reports.sort((a, b) => b.changed.localeCompare(a.changed))) {
      const document = (await readJson(join((await shelf.get(id)).path, "report.json"))) as unknown as ReportDocument;
      const room = document.rooms.find((one) => one.name === name);
      if (!room) continue;
      const claims = room.claims.map((claim) => {
        const { id, statement, source, paper, window, status, repeat, figures } = claim;
        const drawn = figures.map((figure) => figureHtml(figure, id).toString());
        return {
          id,
          statement,
          source,
          paper,
          window,
          status,
          repeat,
          found: claim.found ?? null,
          error: claim.error ?? null,
          figures: drawn,
        };
      });
      return context.json({ report: id, paper: room.paper, summary: room.summary, claims }, 200);
    }
    return context.json({ report: null, paper: null, summary: null, claims: [] }, 200);
  });
}
