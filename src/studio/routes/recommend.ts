/** Routes of recommendations: the tree of IDs, items by text, users' histories, and what comes next with its search. @module */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DataError } from "../../core/index.ts";
import { jsonResponses } from "../../http/index.ts";
import type { Catalogue, Interactions, KeptPrefixes, Served } from "../../systems/generative-retrieval/index.ts";
import type { Shelf } from "../runs/shelf.ts";
import { LastOpened } from "./last-opened.ts";

/** The room, loaded when it is first asked for. */
const loadRoom = () => import("../../systems/generative-retrieval/index.ts");

/** The longest list that is recommended; prefixes that a search keeps are at least as many. */
const longestList = 20;
/** Items of a user that are shown, the last ones. */
const mostOfUser = 20;
/** Letters of a title. */
const titleLength = 120;

const runParams = z.object({ run: z.string().describe("the run's id, percent-encoded") });
const itemSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    semanticId: z.array(z.number()),
    count: z.number().describe("interactions in the training part"),
  })
  .openapi("ShownItem");

const treeSchema = z
  .object({
    prefix: z.array(z.number()),
    count: z.number().describe("items below the prefix"),
    levels: z.number(),
    children: z.array(
      z.object({
        code: z.number(),
        count: z.number(),
        example: itemSchema.describe("the item below it with most interactions"),
      }),
    ),
  })
  .openapi("IdTree");

const requestSchema = z
  .object({
    history: z.array(z.string().min(1)).max(1000).describe("ids of items in order of time"),
    k: z.int().min(1).max(longestList).default(10),
    excludeSeen: z.boolean().default(true),
    temperature: z.number().min(0).max(100).default(0),
    seed: z.int().default(0),
  })
  .openapi("NextItemsRequest");

const answerSchema = z
  .object({
    items: z.array(
      itemSchema.extend({
        score: z.number(),
        source: z.enum(["model", "popular", "prefix", "neighbour"]),
      }),
    ),
    unknown: z.array(z.string()),
    notes: z.array(z.string()),
    beam: z.array(
      z.object({
        considered: z.number().describe("prefixes that were weighed"),
        kept: z.array(
          z.object({
            prefix: z.array(z.number()),
            score: z.number().describe("log-probability in nats"),
            count: z.number().describe("items below it"),
            goesOn: z.number().describe("kept prefixes of the next level, or recommended items, that begin with it"),
          }),
        ),
      }),
    ),
  })
  .openapi("NextItems");

type ShownItem = z.output<typeof itemSchema>;

function show({ items, ids, counts }: Catalogue, place: number): ShownItem {
  const { id, fields, text } = items[place]!;
  const named = Object.entries(fields).find(([column]) => /^(title|name)$/i.test(column))?.[1];
  const title = (named ?? text) || id;
  return {
    id,
    title: title.length > titleLength ? `${title.slice(0, titleLength)} …` : title,
    semanticId: Array.from(ids.codes.subarray(place * ids.levels, (place + 1) * ids.levels)),
    count: counts[place]!,
  };
}

/** The children of a prefix, those with most items first. */
function branches(catalogue: Catalogue, prefix: readonly number[]): z.output<typeof treeSchema> {
  const { trie, ids, counts } = catalogue;
  const node = prefix.length < ids.levels ? trie.find(prefix) : undefined;
  if (node === undefined) {
    throw new DataError({
      where: "prefix",
      expected: `the first codes of an item's ID, at most ${ids.levels - 1}`,
      found: prefix.join("-"),
    });
  }
  const { children, leaves } = trie.depths[prefix.length]!;
  const below = trie.depths[prefix.length + 1]!;
  const list = Array.from({ length: children[node + 1]! - children[node]! }, (_, i) => {
    const child = children[node]! + i;
    const [first, end] = [below.leaves[child]!, below.leaves[child + 1]!];
    const places = trie.items.subarray(first, end);
    const favourite = places.reduce((best, place) => (counts[place]! > counts[best]! ? place : best));
    return { code: below.codes[child]!, count: end - first, example: show(catalogue, favourite) };
  });
  return {
    prefix: [...prefix],
    count: leaves[node + 1]! - leaves[node]!,
    levels: ids.levels,
    children: list.sort((a, b) => b.count - a.count || a.code - b.code),
  };
}

/** Items whose id or text has every word, those with most interactions first. */
function searchItems(catalogue: Catalogue, search: string, limit: number): ShownItem[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = catalogue.items.flatMap(({ id, text }, place) => {
    const all = `${id} ${text}`.toLowerCase();
    return words.every((word) => all.includes(word)) ? [place] : [];
  });
  return found
    .sort((a, b) => catalogue.counts[b]! - catalogue.counts[a]! || a - b)
    .slice(0, limit)
    .map((place) => show(catalogue, place));
}

/** How many items begin with a prefix. */
function countBelow({ trie }: Catalogue, prefix: ArrayLike<number>): number {
  const node = trie.find(prefix);
  if (node === undefined) return 0;
  const { leaves } = trie.depths[prefix.length]!;
  return leaves[node + 1]! - leaves[node]!;
}

/** The levels of a search, with what went on from each prefix. */
function describeBeam(
  catalogue: Catalogue,
  levels: readonly Omit<KeptPrefixes, "query">[],
  recommended: readonly (readonly number[])[],
): z.output<typeof answerSchema>["beam"] {
  return levels.map(({ considered, kept }, level) => {
    const next = levels[level + 1]?.kept.map(({ prefix }) => Array.from(prefix)) ?? recommended;
    return {
      considered,
      kept: kept.map(({ prefix, score }) => ({
        prefix: Array.from(prefix),
        score,
        count: countBelow(catalogue, prefix),
        goesOn: next.filter((longer) => prefix.every((code, i) => longer[i] === code)).length,
      })),
    };
  });
}

interface Opened {
  readonly served: Served;
  readonly interactions: Interactions;
}

/** Adds the routes of `tenfold recommend`. */
export function addRecommendRoutes(app: OpenAPIHono, shelf: Shelf): void {
  const last = new LastOpened<Opened>({
    command: "recommend",
    files: ["run.json", "model.safetensors", "catalogue.safetensors"],
    open: async (folder) => {
      const { openServed, readRunInteractions } = await loadRoom();
      return { served: await openServed(folder, longestList), interactions: await readRunInteractions(folder) };
    },
    dispose: ({ served }) => served.dispose(),
  });

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/recommend/{run}/tree",
      summary: "What lies below a prefix of semantic IDs",
      request: {
        params: runParams,
        query: z.object({
          prefix: z
            .string()
            .regex(/^(\d+(-\d+)*)?$/)
            .default("")
            .describe("codes with - between; empty for all"),
        }),
      },
      responses: jsonResponses(treeSchema, "The codes that come next, those with most items first"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { prefix } = context.req.valid("query");
      const codes = prefix === "" ? [] : prefix.split("-").map(Number);
      const tree = await last.use(run, ({ served }) => branches(served.answerer.catalogue, codes));
      return context.json(tree, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/recommend/{run}/items",
      summary: "Items whose id or text has every word of a search",
      request: {
        params: runParams,
        query: z.object({
          search: z.string().min(1).max(200),
          limit: z.coerce.number().int().min(1).max(100).default(20),
        }),
      },
      responses: jsonResponses(
        z.object({ items: z.array(itemSchema) }),
        "The items, those with most interactions first",
      ),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { search, limit } = context.req.valid("query");
      const items = await last.use(run, ({ served }) => searchItems(served.answerer.catalogue, search, limit));
      return context.json({ items }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/recommend/{run}/users/{user}",
      summary: "The history of a user of the run, without its last item, and that item",
      request: {
        params: runParams.extend({ user: z.coerce.number().int().min(1).describe("the user's number, from 1") }),
      },
      responses: jsonResponses(
        z.object({
          name: z.string(),
          users: z.number(),
          history: z.array(itemSchema),
          next: itemSchema.nullable().describe("what the user went on with, never trained on; null without a history"),
        }),
        "The user",
      ),
    }),
    async (context) => {
      const { run: id, user } = context.req.valid("param");
      const run = await shelf.get(id);
      const found = await last.use(run, ({ served, interactions: { users, offsets, items } }) => {
        if (user > users.length) {
          throw new DataError({ where: "user", expected: `a number from 1 to ${users.length}`, found: String(user) });
        }
        const { catalogue } = served.answerer;
        const places = Array.from(items.subarray(offsets[user - 1], offsets[user]));
        const next = places.length > 1 ? places.at(-1)! : undefined;
        return {
          name: users[user - 1]!,
          users: users.length,
          history: places.slice(Math.max(0, places.length - 1 - mostOfUser), -1).map((place) => show(catalogue, place)),
          next: next === undefined ? null : show(catalogue, next),
        };
      });
      return context.json(found, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/api/recommend/{run}/next",
      summary: "Items after a history, and the search that found them",
      request: {
        params: runParams,
        body: { content: { "application/json": { schema: requestSchema } }, required: true },
      },
      responses: jsonResponses(answerSchema, "The items, best first, and what the search kept at each level"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const request = context.req.valid("json");
      const found = await last.use(run, async ({ served: { answerer } }) => {
        const levels: Omit<KeptPrefixes, "query">[] = [];
        const asked = { ...request, cold: "off" as const, coldShare: 0 };
        const [answer] = await answerer.answer([asked], (_, level) => levels.push(level));
        const { catalogue } = answerer;
        const { items, unknown, notes } = answer!;
        return {
          items: items.map(({ id, score, source }) => ({
            ...show(catalogue, catalogue.placeOf.get(id)!),
            score,
            source,
          })),
          unknown: [...unknown],
          notes: [...notes],
          beam: describeBeam(
            catalogue,
            levels,
            items.map(({ semanticId }) => semanticId),
          ),
        };
      });
      return context.json(found, 200);
    },
  );
}
