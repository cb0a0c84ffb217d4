/** Routes of word translation: words as one types, look-ups with what lies around a word, hubs, dictionaries to take away. @module */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { errorResponses, jsonResponses } from "../../http/index.ts";
import type { Side, TranslationRun } from "../../systems/word-translation/index.ts";
import type { Shelf } from "../runs/shelf.ts";
import { LastOpened } from "./last-opened.ts";

/** The room, loaded when it is first asked for. */
const loadRoom = () => import("../../systems/word-translation/index.ts");

const sides: readonly Side[] = ["source", "target"];
/** Translations that a run keeps a word. */
const mostTranslations = 10;
/** Words that a hub is shown to be the best of. */
const shownOfHub = 12;

const runParams = z.object({ run: z.string().describe("the run's id, percent-encoded") });
const word = z.string().min(1).max(200);
const sideSchema = z.enum(["source", "target"]);
const scoredSchema = z.object({ word: z.string(), score: z.number() });

const suggestionsSchema = z
  .object({ words: z.array(z.object({ word: z.string(), side: sideSchema })) })
  .openapi("WordSuggestions");

const lookupSchema = z
  .object({
    word: z.string(),
    sides: z.array(
      z.object({
        side: sideSchema,
        translations: z.array(
          scoredSchema.extend({ mutual: z.boolean().describe("whether each is the other's best") }),
        ),
        own: z.array(scoredSchema),
        other: z.array(scoredSchema),
        picture: z.array(
          z.object({
            word: z.string(),
            side: sideSchema,
            role: z.enum(["itself", "translation", "neighbour"]),
            x: z.number(),
            y: z.number(),
          }),
        ),
        explained: z.number(),
      }),
    ),
  })
  .openapi("Lookup");

const overviewSchema = z
  .object({
    sourceWords: z.number(),
    targetWords: z.number(),
    surest: z.array(z.object({ source: z.string(), target: z.string(), score: z.number() })),
    hubs: z.array(z.object({ word: z.string(), count: z.number(), bestOf: z.array(z.string()) })),
  })
  .openapi("DictionaryOverview");

/** Words that begin with a text, the most frequent first, of both languages in turns. */
function suggest(run: TranslationRun, start: string, limit: number): { word: string; side: Side }[] {
  const found = sides.map((side) => {
    const words: { word: string; side: Side }[] = [];
    for (const one of run[side]) {
      if (words.length === limit) break;
      if (one.startsWith(start)) words.push({ word: one, side });
    }
    return words;
  });
  return Array.from({ length: limit }, (_, i) => found.flatMap((words) => words[i] ?? []))
    .flat()
    .slice(0, limit);
}

/** Dictionaries to take away, by format. */
const formats = {
  tsv: { ending: "tsv", type: "text/tab-separated-values; charset=utf-8", encode: "encodeTsv" },
  muse: { ending: "txt", type: "text/plain; charset=utf-8", encode: "encodeMuse" },
  tei: { ending: "tei.xml", type: "application/xml; charset=utf-8", encode: "encodeTei" },
} as const;

/** Adds the routes of `tenfold translate`. */
export function addTranslateRoutes(app: OpenAPIHono, shelf: Shelf): void {
  const last = new LastOpened<TranslationRun>({
    command: "translate",
    files: ["run.json"],
    open: async (folder) => (await loadRoom()).readRun(folder),
  });

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/translate/{run}/words",
      summary: "Words of both vocabularies that begin with a text, the most frequent first",
      request: {
        params: runParams,
        query: z.object({ start: word, limit: z.coerce.number().int().min(1).max(100).default(20) }),
      },
      responses: jsonResponses(suggestionsSchema, "The words"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { start, limit } = context.req.valid("query");
      const { normalizeWord } = await loadRoom();
      const words = await last.use(run, (opened) =>
        suggest(opened, normalizeWord(start, opened.record.config.keepCase), limit),
      );
      return context.json({ words }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/translate/{run}/lookup",
      summary: "A word's translations in both directions, its neighbours, and a picture of them",
      request: {
        params: runParams,
        query: z.object({ word, k: z.coerce.number().int().min(1).max(mostTranslations).default(mostTranslations) }),
      },
      responses: jsonResponses(lookupSchema, "What lies around the word, once for each language that has it"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { word: text, k } = context.req.valid("query");
      const { lookUp, neighbourhood } = await loadRoom();
      const found = await last.use(run, (opened) => {
        const { word: known, toTarget, toSource } = lookUp(opened, text, k);
        const around = sides.flatMap((side) => {
          const translations = side === "source" ? toTarget : toSource;
          const near = neighbourhood(opened, side, known, k);
          if (!translations || !near) return [];
          const other = side === "source" ? "target" : "source";
          const place = opened[side].indexOf(known);
          const first = opened.best[side].indices[place * opened.best[side].k];
          const isMutual = opened.best[other].indices[first * opened.best[other].k] === place;
          return [
            {
              side,
              translations: translations.map((one, rank) => ({ ...one, mutual: rank === 0 && isMutual })),
              own: [...near.own],
              other: [...near.other],
              picture: [...near.picture],
              explained: near.explained,
            },
          ];
        });
        return { word: known, sides: around };
      });
      return context.json(found, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/translate/{run}/overview",
      summary: "The surest mutual translations, and the target words that are the best of most source words",
      request: { params: runParams, query: z.object({ count: z.coerce.number().int().min(1).max(100).default(10) }) },
      responses: jsonResponses(overviewSchema, "Both lists, `count` long at most"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { count } = context.req.valid("query");
      const { largestHubs, listTranslations } = await loadRoom();
      const found = await last.use(run, (opened) => {
        const { source, target, best } = opened;
        return {
          sourceWords: source.length,
          targetWords: target.length,
          surest: listTranslations(opened, { k: 1, mutual: true })
            .sort((a, b) => b.score - a.score)
            .slice(0, count)
            .map((one) => ({ source: one.source, target: one.target, score: one.score })),
          hubs: largestHubs(best.source, count).map((hub) => ({
            word: target[hub.word],
            count: hub.bestOf.length,
            bestOf: hub.bestOf.slice(0, shownOfHub).map((place) => source[place]),
          })),
        };
      });
      return context.json(found, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/translate/{run}/export",
      summary: "The dictionary as TSV, in MUSE's format or as TEI",
      request: {
        params: runParams,
        query: z.object({
          format: z.enum(["tsv", "muse", "tei"]),
          k: z.coerce.number().int().min(1).max(mostTranslations).default(1),
          mutual: z.enum(["true", "false"]).default("false").describe("only pairs that are each other's best"),
        }),
      },
      responses: {
        200: { description: "The file", content: { "application/octet-stream": { schema: z.string() } } },
        ...errorResponses,
      },
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { format, k, mutual } = context.req.valid("query");
      const room = await loadRoom();
      const { ending, type, encode } = formats[format];
      const text = await last.use(run, (opened) =>
        room[encode](room.listTranslations(opened, { k, mutual: mutual === "true" })),
      );
      const name = `${run.id.split("/").at(-1)}.${ending}`;
      return context.body(text, 200, {
        "Content-Type": type,
        "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      });
    },
  );
}
