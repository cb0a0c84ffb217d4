/** Recommendations over HTTP. @module */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { inTurn } from "../../core/index.ts";
import { createService, errorResponses } from "../../http/index.ts";
import { catalogueVersion, readCatalogue, writeCatalogue } from "./catalogue-file.ts";
import { coldLanes, defaultColdShare } from "./config.ts";
import type { Answer, Answerer, Request } from "./recommend.ts";
import { type ItemCoder, readItemCoder } from "./run-folder.ts";
import { growWith } from "./serving.ts";

const ids = z.array(z.union([z.string().min(1), z.number().int()]).transform(String)).max(100_000);

const requestSchema = z
  .strictObject({
    history: ids.default([]),
    k: z.number().int().min(1).max(1000).default(10),
    excludeSeen: z.boolean().default(false),
    allow: ids.optional(),
    deny: ids.optional(),
    where: z.object({ column: z.string(), value: z.string() }).optional(),
    temperature: z.number().min(0).default(0),
    seed: z.number().int().default(0),
    cold: z.enum(coldLanes).default("off"),
    coldShare: z.number().min(0).max(1).default(defaultColdShare),
  })
  .openapi("Request");

const answerSchema = z
  .object({
    items: z.array(
      z.object({
        id: z.string(),
        score: z.number(),
        semanticId: z.array(z.number().int()),
        source: z.enum(["model", "popular", "prefix", "neighbour"]),
      }),
    ),
    unknown: z.array(z.string()),
    notes: z.array(z.string()),
  })
  .openapi("Answer");

const newItemsSchema = z
  .object({
    items: z
      .array(
        z.object({
          id: z.union([z.string().min(1), z.number().int()]).transform(String),
          text: z.string(),
          fields: z.record(z.string(), z.string()).default({}),
        }),
      )
      .min(1)
      .max(10_000),
  })
  .openapi("NewItems");

const addedSchema = z
  .object({
    items: z.array(z.object({ id: z.string(), semanticId: z.array(z.number().int()) })),
    catalogue: z.number().int(),
  })
  .openapi("Added");

const json = <S extends z.ZodType>(schema: S) => ({ content: { "application/json": { schema } } });

const recommendRoute = createRoute({
  method: "post",
  path: "/recommend",
  summary: "Items after a history",
  request: { body: { ...json(requestSchema), required: true } },
  responses: { 200: { description: "The list, best first", ...json(answerSchema) }, ...errorResponses },
});

const itemsRoute = createRoute({
  method: "post",
  path: "/items",
  summary: "Gives new items IDs; they may be recommended from then on",
  request: { body: { ...json(newItemsSchema), required: true } },
  responses: { 200: { description: "The IDs of the new items", ...json(addedSchema) }, ...errorResponses },
});

/** The most requests answered together. */
const batchSize = 64;

/**
 * Requests that come while others are computed wait and are answered together. A request that cannot be answered is
 * answered alone, so that its error is its own.
 */
class Batcher {
  readonly #answerer: Answerer;
  readonly #waiting: { request: Request; resolve: (answer: Answer) => void; reject: (error: unknown) => void }[] = [];
  #running = false;

  constructor(answerer: Answerer) {
    this.#answerer = answerer;
  }

  answer(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (!this.#running) {
        this.#running = true;
        // After what the event loop has at hand: requests of one moment come together.
        setImmediate(() => void this.#run());
      }
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, batchSize);
      try {
        const answers = await this.#answerer.answer(some.map(({ request }) => request));
        for (const [i, { resolve }] of some.entries()) resolve(answers[i]);
      } catch {
        for (const { request, resolve, reject } of some) {
          await this.#answerer.answer([request]).then(([answer]) => resolve(answer), reject);
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = false;
  }
}

/**
 * The service: POST /recommend, POST /items, GET /health, GET /openapi.json.
 *
 * @param folder - of the run or bundle: a catalogue that grows is written there before it is used, one change after the other, and
 * requests see the catalogue of before or that of after; one that `add-item` grew is taken up at the next request
 */
export function recommendService(
  folder: string,
  answerer: Answerer,
  { maxBodyBytes }: { readonly maxBodyBytes?: number } = {},
): OpenAPIHono {
  const app = createService({
    title: "tenfold recommend",
    version: "1.0.0",
    description: "What comes next, decoded as the semantic ID of an item",
    health: () => ({ items: answerer.catalogue.items.length }),
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
  });
  const batcher = new Batcher(answerer);
  let coder: Promise<ItemCoder> | undefined;
  const next = inTurn();
  let version: string | undefined;
  /** Takes what others have added to the folder since. */
  const refresh = async () => {
    const now = await catalogueVersion(folder);
    if (version !== undefined && now !== version) answerer.catalogue = await readCatalogue(folder);
    version = now;
  };
  app.openapi(recommendRoute, async (context) => {
    await next(refresh);
    const { items, unknown, notes } = await batcher.answer(context.req.valid("json"));
    const listed = items.map((item) => ({ ...item, semanticId: [...item.semanticId] }));
    return context.json({ items: listed, unknown: [...unknown], notes: [...notes] }, 200);
  });
  app.openapi(itemsRoute, async (context) => {
    const { items } = context.req.valid("json");
    const grow = async () => {
      coder ??= readItemCoder(folder);
      await refresh();
      const grown = await growWith(await coder, answerer.catalogue, items);
      await writeCatalogue(folder, grown.catalogue);
      answerer.catalogue = grown.catalogue;
      version = await catalogueVersion(folder);
      return grown;
    };
    const grown = await next(grow);
    const added = grown.items.map(({ id, semanticId }) => ({ id, semanticId: [...semanticId] }));
    return context.json({ items: added, catalogue: grown.catalogue.items.length }, 200);
  });
  return app;
}
