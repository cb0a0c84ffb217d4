/** Routes of language-interfaced models: what one is, its predictions on its rows, a row of one's own, where predictions change. @module */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DataError } from "../../core/index.ts";
import { jsonResponses } from "../../http/index.ts";
import type { LabelledRows, LiftRun, Prediction, Row, Schema, Value } from "../../systems/language-interfaced/index.ts";
import type { Shelf } from "../runs/shelf.ts";
import { LastOpened } from "./last-opened.ts";

/** The room, loaded when it is first asked for. */
const loadRoom = () => import("../../systems/language-interfaced/index.ts");

/** Rows predicted first; then twice as many each time, while less than this has passed, in milliseconds. */
const firstRows = 16;
const patienceMs = 700;
/** Training rows drawn over a decision boundary. */
const mostPoints = 500;

const runParams = z.object({ run: z.string().describe("the run's id, percent-encoded") });
const valueSchema = z.union([z.string(), z.number(), z.null()]);

const modelSchema = z
  .object({
    target: z.string(),
    task: z.enum(["classify", "regress"]),
    classes: z.array(z.string()).describe("empty where numbers are predicted"),
    features: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(["number", "text"]),
        categories: z.array(z.string()).describe("texts of the training rows; empty for numbers"),
        low: z.number().nullable().describe("of the training rows; null for texts"),
        high: z.number().nullable(),
      }),
    ),
    rows: z.object({ train: z.number(), heldOut: z.number().describe("0 where none were kept") }),
    example: z.array(valueSchema).describe("a training row"),
  })
  .openapi("LiftModel");

const predictionSchema = z.object({
  prediction: valueSchema,
  valid: z.boolean(),
  raw: z.string(),
  probabilities: z.array(z.number()).nullable().describe("of the classes, in their order"),
  interval: z
    .array(z.number())
    .nullable()
    .describe("of a number: the two ends of the range that holds nine tenths of the probability"),
});

const predictionsSchema = z
  .object({
    total: z.number(),
    rows: z.array(
      predictionSchema.extend({
        row: z.number().describe("from 1"),
        values: z.array(valueSchema),
        answer: valueSchema,
      }),
    ),
    next: z.number().nullable().describe("the offset to go on with; null at the end"),
  })
  .openapi("LiftPredictions");

const askedSchema = predictionSchema
  .extend({
    prompt: z.string().describe("the row as the model reads it"),
    written: z.object({ raw: z.string(), valid: z.boolean() }).describe("what the model writes where nothing binds it"),
  })
  .openapi("LiftAnswer");

const boundarySchema = z
  .object({
    xs: z.array(z.number()),
    ys: z.array(z.number()),
    classes: z.array(z.array(z.number())).describe("class numbers: `classes[iy][ix]`"),
    points: z.array(z.object({ x: z.number(), y: z.number(), class: z.number() })),
    rows: z.number().describe("training rows, of which the points are the first"),
  })
  .openapi("LiftBoundary");

const jsonBody = <S extends z.ZodType>(schema: S) => ({
  content: { "application/json": { schema } },
  required: true,
});

const toJson = (value: Value): string | number | null => value ?? null;

function describeModel({ model: { schema }, train, heldOut }: LiftRun): z.output<typeof modelSchema> {
  const { target, features } = schema;
  return {
    target: target.name,
    task: target.kind === "classes" ? "classify" : "regress",
    classes: target.kind === "classes" ? [...target.classes] : [],
    features: features.map((feature, column) => {
      if (feature.kind === "text") {
        const { name, kind, categories } = feature;
        return { name, kind, categories: [...categories], low: null, high: null };
      }
      const values = train.rows.flatMap((row) => (typeof row[column] === "number" ? [row[column]] : []));
      const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
      const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      return { name: feature.name, kind: feature.kind, categories: [], low, high };
    }),
    rows: { train: train.rows.length, heldOut: heldOut?.rows.length ?? 0 },
    example: (train.rows[0] ?? []).map(toJson),
  };
}

const show = ({ value, valid, raw, probabilities, interval }: Prediction): z.output<typeof predictionSchema> => ({
  prediction: toJson(value),
  valid,
  raw,
  probabilities: probabilities ? [...probabilities] : null,
  interval: interval ? [...interval] : null,
});

/** A row from its columns by name; columns that are not given are missing. */
function rowFrom({ features }: Schema, given: Readonly<Record<string, Value | null>>): Row {
  const unknown = Object.keys(given).find((name) => !features.some((feature) => feature.name === name));
  if (unknown !== undefined) {
    const names = features.map(({ name }) => name).join(", ");
    throw new DataError({ where: "row", expected: `the columns ${names}`, found: unknown });
  }
  return features.map(({ name, kind }): Value => {
    const value = given[name] ?? undefined;
    if (value === undefined || kind === "text") return value === undefined ? undefined : String(value);
    if (typeof value === "number") return value;
    throw new DataError({ where: `row, column ${name}`, expected: "a number", found: JSON.stringify(value) });
  });
}

/** The rows of a part of a run. */
function partOf({ train, heldOut }: LiftRun, part: "train" | "heldOut"): LabelledRows {
  if (part === "train") return train;
  if (heldOut) return heldOut;
  throw new DataError({
    where: "part",
    expected: "a run that held rows out",
    found: "one that kept none",
    hint: "fit with --hold-out 0.2",
  });
}

/** Adds the routes of `tenfold lift`. */
export function addLiftRoutes(app: OpenAPIHono, shelf: Shelf): void {
  const last = new LastOpened<LiftRun>({
    command: "lift",
    files: ["lift.json"],
    open: async (folder) => (await loadRoom()).readRun(folder),
  });

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/lift/{run}/model",
      summary: "What a model predicts, and from what columns",
      request: { params: runParams },
      responses: jsonResponses(modelSchema, "The model"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      return context.json(await last.use(run, describeModel), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/api/lift/{run}/predictions",
      summary: "Predictions on the rows that were learned or held out, as many as take a second or so",
      request: {
        params: runParams,
        query: z.object({
          part: z.enum(["train", "heldOut"]),
          offset: z.coerce.number().int().min(0).default(0),
          limit: z.coerce.number().int().min(1).max(1000).default(200),
        }),
      },
      responses: jsonResponses(predictionsSchema, "The rows with their predictions"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { part, offset, limit } = context.req.valid("query");
      const { predictRows } = await loadRoom();
      const { signal } = context.req.raw;
      const found = await last.use(run, async (opened) => {
        const { rows, answers } = partOf(opened, part);
        const end = Math.min(rows.length, offset + limit);
        const predictions: Prediction[] = [];
        const began = performance.now();
        for (let count = firstRows; offset + predictions.length < end; count *= 2) {
          if (performance.now() - began > patienceMs) break;
          const start = offset + predictions.length;
          const some = rows.slice(start, Math.min(end, start + count));
          predictions.push(...(await predictRows(opened.model, some, { signal })));
        }
        const next = offset + predictions.length;
        return {
          total: rows.length,
          rows: predictions.map((prediction, i) => ({
            row: offset + i + 1,
            values: rows[offset + i]!.map(toJson),
            answer: toJson(answers[offset + i]),
            ...show(prediction),
          })),
          next: next < rows.length ? next : null,
        };
      });
      return context.json(found, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/api/lift/{run}/predict",
      summary: "The prediction for a row, its prompt, and what the model writes by itself",
      request: {
        params: runParams,
        body: jsonBody(z.strictObject({ row: z.record(z.string(), valueSchema) })),
      },
      responses: jsonResponses(askedSchema, "The prediction"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { row: given } = context.req.valid("json");
      const { predictRows, writePrompt } = await loadRoom();
      const { signal } = context.req.raw;
      const found = await last.use(run, async ({ model }) => {
        const row = rowFrom(model.schema, given);
        const [prediction] = await predictRows(model, [row], { interval: true, signal });
        const [written] = await predictRows(model, [row], { decode: "free", signal });
        return {
          ...show(prediction!),
          prompt: writePrompt(model.template, model.schema, row),
          written: { raw: written!.raw, valid: written!.valid },
        };
      });
      return context.json(found, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/api/lift/{run}/boundary",
      summary: "Predicted classes over two columns of numbers, all others at their mean or most frequent text",
      request: {
        params: runParams,
        body: jsonBody(z.strictObject({ x: z.string(), y: z.string(), size: z.int().min(2).max(40).default(20) })),
      },
      responses: jsonResponses(boundarySchema, "A class for each point of a grid, and training rows"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      const { x, y, size } = context.req.valid("json");
      const { decisionBoundary } = await loadRoom();
      const { signal } = context.req.raw;
      const found = await last.use(run, async ({ model, train }) => {
        const { xs, ys, classes } = await decisionBoundary(model, train, { x, y, size }, { signal });
        const { features, target } = model.schema;
        const names = target.kind === "classes" ? target.classes : [];
        const [ix, iy] = [x, y].map((name) => features.findIndex((feature) => feature.name === name)) as [
          number,
          number,
        ];
        const points = train.rows.slice(0, mostPoints).flatMap((row, i) => {
          const [along, up] = [row[ix], row[iy]];
          if (typeof along !== "number" || typeof up !== "number") return [];
          return [{ x: along, y: up, class: names.indexOf(String(train.answers[i])) }];
        });
        return {
          xs: [...xs],
          ys: [...ys],
          classes: classes.map((row) => [...row]),
          points,
          rows: train.rows.length,
        };
      });
      return context.json(found, 200);
    },
  );
}
