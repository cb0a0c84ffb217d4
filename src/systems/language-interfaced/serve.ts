/** A model behind HTTP. @module */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { inTurn } from "../../core/index.ts";
import { createService, errorResponses } from "../../http/index.ts";
import { type Prediction, predictRows } from "./predict.ts";
import type { LiftRun } from "./run-folder.ts";
import type { Row, Schema, Value } from "./schema.ts";

/** Most rows of one request. */
const mostRows = 1000;

/** The schema of a row: an object with the columns of the model, and no other. */
function rowSchema({ features }: Schema) {
  const fields = features.map(({ name, kind }) => [
    name,
    (kind === "number" ? z.number() : z.union([z.string(), z.number()])).nullish(),
  ]);
  return z.strictObject(Object.fromEntries(fields)).openapi("Row");
}

const predictionSchema = z
  .object({
    prediction: z.union([z.string(), z.number(), z.null()]),
    valid: z.boolean(),
    raw: z.string(),
    probabilities: z.record(z.string(), z.number()).optional(),
  })
  .openapi("Prediction");

function toAnswer(
  { target }: Schema,
  { value, valid, raw, probabilities }: Prediction,
): z.output<typeof predictionSchema> {
  const classes = target.kind === "classes" ? target.classes : [];
  return {
    prediction: value ?? null,
    valid,
    raw,
    ...(probabilities && { probabilities: Object.fromEntries(classes.map((name, k) => [name, probabilities[k]!])) }),
  };
}

/**
 * The service of a run: POST /predict and GET /model beside what every service has. Requests are answered one after the other, since
 * the model fills the processor.
 */
export function liftService({ record, model }: LiftRun): OpenAPIHono {
  const { schema } = model;
  const app = createService({
    title: `tenfold lift: ${schema.target.name}`,
    version: "1.0.0",
    description: "predictions of a language model fine-tuned on a table",
    health: () => ({ target: schema.target.name }),
  });
  const next = inTurn();

  const body = z.strictObject({ rows: z.array(rowSchema(schema)).min(1).max(mostRows) }).openapi("PredictRequest");
  const answer = z.object({ predictions: z.array(predictionSchema) });
  const predict = createRoute({
    method: "post",
    path: "/predict",
    request: { body: { content: { "application/json": { schema: body } }, required: true } },
    responses: {
      200: { description: "A prediction a row, in their order", content: { "application/json": { schema: answer } } },
      ...errorResponses,
    },
  });
  app.openapi(predict, async (context) => {
    const { rows } = context.req.valid("json");
    const given = rows as Readonly<Record<string, Value | null>>[];
    const values = given.map((row): Row => schema.features.map(({ name }) => row[name] ?? undefined));
    const predictions = await next(() => predictRows(model, values));
    return context.json({ predictions: predictions.map((own) => toAnswer(schema, own)) }, 200);
  });

  const about = z.object({
    target: z.string(),
    task: z.enum(["classify", "regress"]),
    classes: z.array(z.string()).optional(),
    features: z.array(z.object({ name: z.string(), kind: z.enum(["number", "text"]) })),
    base: z.string(),
    trainedRows: z.number(),
  });
  const modelRoute = createRoute({
    method: "get",
    path: "/model",
    responses: {
      200: {
        description: "What the model predicts, and from what",
        content: { "application/json": { schema: about } },
      },
    },
  });
  app.openapi(modelRoute, (context) =>
    context.json(
      {
        target: schema.target.name,
        task: schema.target.kind === "classes" ? ("classify" as const) : ("regress" as const),
        ...(schema.target.kind === "classes" && { classes: [...schema.target.classes] }),
        features: schema.features.map(({ name, kind }) => ({ name, kind })),
        base: record.base.name,
        trainedRows: record.data.rows,
      },
      200,
    ),
  );
  return app;
}
