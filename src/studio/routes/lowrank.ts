/** Routes of low-rank runs: ranks while they were learned, the frontier, submodels. @module */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ConfigError } from "../../core/index.ts";
import { errorResponses, jsonResponses } from "../../http/index.ts";
import { writeFileAtomic } from "../../storage/index.ts";
import {
  buildSubmodel,
  exportOnnx,
  type FrontierConfig,
  loadParams,
  measureFrontier,
  openRecipe,
} from "../../systems/low-rank/index.ts";
import type { FoundRun } from "../runs/find-runs.ts";
import { isObject, parseJsonLines } from "../runs/json-lines.ts";
import type { Shelf } from "../runs/shelf.ts";
import { readJson } from "../runs/summary.ts";

const ranksSchema = z
  .object({
    layers: z.record(
      z.string(),
      z.array(z.object({ epoch: z.number(), rank: z.number() })).describe("where it changed, the start first"),
    ),
  })
  .openapi("LearnedRanks");

const pointSchema = z.looseObject({
  method: z.string(),
  ranks: z.record(z.string(), z.number()),
  macs: z.number(),
  parameters: z.number(),
  share: z.number(),
  latencyMsP50: z.number(),
  accuracy: z.number().nullable(),
  loss: z.number(),
});
const frontierSchema = z.object({ points: z.array(pointSchema), batch: z.number().nullable() }).openapi("Frontier");

const params = z.object({ run: z.string() });

/** Ranks of the layers by epoch: from the shapes at the start, and where `fit` tells that they shrank. */
async function learnedRanks({ path }: FoundRun): Promise<z.output<typeof ranksSchema>> {
  const layers: Record<string, { epoch: number; rank: number }[]> = {};
  const { parameters } = await readJson(join(path, "run.json"));
  for (const [name, shape] of Object.entries((parameters ?? {}) as Record<string, string>)) {
    const rank = /\.u$/.test(name) && /, (\d+)\]$/.exec(shape)?.[1];
    if (rank) layers[name.slice(0, -2)] = [{ epoch: 0, rank: Number(rank) }];
  }
  const metrics = await readFile(join(path, "metrics.jsonl"), "utf8").catch(() => "");
  for (const { kind, epoch, ranks } of parseJsonLines(metrics)) {
    if (kind !== "shrink" || !isObject(ranks)) continue;
    for (const [layer, rank] of Object.entries(ranks as Readonly<Record<string, number>>)) {
      const own = layers[layer] ?? [];
      layers[layer] = own;
      if (own.at(-1)?.rank !== rank) own.push({ epoch: Number(epoch), rank });
    }
  }
  return { layers };
}

/** Runs beside the learned one that were trained by `tenfold lowrank frontier`. */
const baselines = [
  ["unordered", "unordered"],
  ["svd-of-dense", "dense"],
  ["dense", "dense"],
] as const;

function methodsThere(path: string): FrontierConfig["methods"] {
  const there = baselines.filter(([, folder]) => existsSync(join(path, "baselines", folder, "report.json")));
  return ["ordered", ...there.map(([method]) => method)];
}

async function readFrontier(path: string): Promise<z.output<typeof frontierSchema>> {
  const parsed = frontierSchema.safeParse(await readJson(join(path, "frontier.json")));
  return parsed.data ?? { points: [], batch: null };
}

/** Budgets of the submodels that are measured, as shares of the dense network's multiply-adds. */
const budgets = [0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05];

/** Adds the routes of low-rank runs. */
export function addLowRankRoutes(app: OpenAPIHono, shelf: Shelf): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/api/lowrank/{run}/ranks",
      summary: "Ranks of the layers by epoch",
      request: { params },
      responses: jsonResponses(ranksSchema, "The ranks"),
    }),
    async (context) => context.json(await learnedRanks(await shelf.get(context.req.valid("param").run)), 200),
  );
  app.openapi(
    createRoute({
      method: "get",
      path: "/api/lowrank/{run}/frontier",
      summary: "The frontier that was measured last; no points where none was",
      request: { params },
      responses: jsonResponses(frontierSchema, "The frontier"),
    }),
    async (context) => context.json(await readFrontier((await shelf.get(context.req.valid("param").run)).path), 200),
  );
  app.openapi(
    createRoute({
      method: "post",
      path: "/api/lowrank/{run}/frontier",
      summary:
        "Measures the frontier of the run and of the baselines that lie beside it, and keeps it in the run's folder",
      request: { params },
      responses: jsonResponses(frontierSchema, "The frontier"),
    }),
    async (context) => {
      const { path } = await shelf.get(context.req.valid("param").run);
      const recipe = await openRecipe(path);
      const frontier = await measureFrontier(
        recipe,
        path,
        { methods: methodsThere(path), budgets, batch: 256 },
        { signal: context.req.raw.signal },
      );
      await writeFileAtomic(join(path, "frontier.json"), `${JSON.stringify(frontier, null, 2)}\n`);
      return context.json(await readFrontier(path), 200);
    },
  );
  app.openapi(
    createRoute({
      method: "get",
      path: "/api/lowrank/{run}/onnx",
      summary: "The submodel of these ranks as ONNX",
      request: { params, query: z.object({ ranks: z.string().describe('JSON such as {"1.weight":8}') }) },
      responses: {
        200: { description: "The model", content: { "application/octet-stream": { schema: z.string() } } },
        ...errorResponses,
      },
    }),
    async (context) => {
      const { path, id } = await shelf.get(context.req.valid("param").run);
      const recipe = await openRecipe(path);
      const trained = await loadParams(recipe, "ordered", path);
      const ranks = checkRanks(context.req.valid("query").ranks, recipe.fullRanks);
      const submodel = await buildSubmodel(recipe.task.model, trained, ranks, recipe.train);
      const bytes = exportOnnx(recipe.task.model, submodel, recipe.train.inputs.shape.slice(1));
      const name = `${id.split("/").at(-1)}-${Object.values(ranks).join("-")}.onnx`;
      return context.body(new Uint8Array(bytes), 200, {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      });
    },
  );
}

function checkRanks(text: string, fullRanks: Readonly<Record<string, number>>): Record<string, number> {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    given = undefined;
  }
  const parsed = z.record(z.string(), z.int().min(1)).safeParse(given);
  const fits = parsed.success && Object.entries(parsed.data).every(([layer, rank]) => rank <= (fullRanks[layer] ?? 0));
  if (parsed.success && fits) return parsed.data;
  throw new ConfigError({
    where: "ranks",
    expected: `JSON with ranks up to ${JSON.stringify(fullRanks)}`,
    found: text.slice(0, 200),
  });
}
