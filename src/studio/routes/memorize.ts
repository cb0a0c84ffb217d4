/** Routes of networks that know a table by heart: what they are made of, and their answers over a plane. @module */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { DataError } from "../../core/index.ts";
import { jsonResponses } from "../../http/index.ts";
import {
  boundSizes,
  countNetwork,
  decodeLabel,
  forward,
  labelBits,
  type NetworkFile,
  planWidths,
  readNetworkFile,
  widthOf,
} from "../../systems/memorization/index.ts";
import type { Shelf } from "../runs/shelf.ts";

const networkSchema = z
  .object({
    table: z.object({ name: z.string(), rows: z.number(), points: z.number(), sha256: z.string() }),
    certificate: z.object({
      delta: z.number(),
      geometry: z.string(),
      eta: z.number(),
      seed: z.number(),
      tight: z.boolean(),
      smallestMargin: z.number(),
    }),
    label: z.string(),
    classes: z.array(z.string()).nullable().describe("null where labels are rounded numbers"),
    columns: z.array(z.object({ name: z.string(), as: z.string() })),
    layers: z.array(z.object({ role: z.string(), neurons: z.number(), weights: z.number() })),
    neurons: z.number(),
    sizes: z
      .array(z.object({ points: z.number(), neurons: z.number(), perPoint: z.number() }))
      .describe("the bound for other numbers of points, all else equal"),
  })
  .openapi("MemorizedTable");

const axisSchema = z.object({ column: z.string(), low: z.number(), high: z.number() });
const planeSchema = z
  .object({
    x: axisSchema,
    y: axisSchema,
    side: z.number(),
    labels: z.array(z.number()).describe("answers, row after row from the lowest y; -1 for one that no row has"),
    names: z.array(z.string()),
    lines: z
      .array(z.object({ a: z.number(), b: z.number(), c: z.number() }))
      .describe("neurons of the first layer change where a x + b y + c = 0, x and y from 0 to 1 over the plane"),
    neurons: z.number().describe("neurons of the first layer, of which `lines` may be some"),
  })
  .openapi("Plane");

const params = z.object({ run: z.string() });
/** Places a side at which the plane is looked at. */
const side = 80;
/** More lines make a picture of nothing but lines. */
const mostLines = 400;
const sizesAt = [10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000];

/** The first coordinate of a column. */
function placeOf({ columns }: NetworkFile["encoding"], index: number): number {
  return columns.slice(0, index).reduce((sum, column) => sum + widthOf(column), 0);
}

function numberColumn({ encoding }: NetworkFile, name: string): { place: number; low: number; high: number } {
  const index = encoding.columns.findIndex((column) => column.name === name && column.as === "number");
  const numbers = encoding.columns.filter(({ as }) => as === "number").map((column) => column.name);
  if (index < 0) {
    const expected = numbers.length > 0 ? `one of ${numbers.join(", ")}` : "a table with columns of numbers";
    throw new DataError({ where: "column", expected, found: name });
  }
  const place = placeOf(encoding, index);
  // Two columns over their whole ranges have a largest norm of sqrt 2 before it is scaled to 1.
  const half = 1 / (Math.SQRT2 * encoding.scale[place]!);
  return { place, low: encoding.centre[place]! - half, high: encoding.centre[place]! + half };
}

function describe(file: NetworkFile): z.output<typeof networkSchema> {
  const { table, certificate, encoding, labels, network } = file;
  const { delta, geometry, eta } = certificate;
  const { neurons } = countNetwork(network);
  const question = { dimensions: encoding.centre.length, delta, labelBits: labelBits(labels), eta, geometry };
  return {
    table,
    certificate,
    label: labels.column,
    classes: labels.kind === "classes" ? [...labels.classes] : null,
    columns: encoding.columns.map(({ name, as }) => ({ name, as })),
    layers: network.layers.map(({ role, outputs, weights }) => ({ role, neurons: outputs, weights: weights.length })),
    neurons,
    sizes: sizesAt.map((points) => {
      const bound = boundSizes(planWidths({ ...question, points })).neurons;
      return { points, neurons: bound, perPoint: bound / points };
    }),
  };
}

/** The answers over the plane of two columns, all others in the middle of their ranges. */
async function lookAtPlane(file: NetworkFile, xName: string, yName: string): Promise<z.output<typeof planeSchema>> {
  const { encoding, network, labels } = file;
  const [x, y] = [numberColumn(file, xName), numberColumn(file, yName)];
  const dimensions = encoding.centre.length;
  const data = new Float64Array(side * side * dimensions);
  const reach = Math.SQRT1_2;
  const coordinate = (step: number) => reach * ((2 * (step + 0.5)) / side - 1);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const start = (row * side + column) * dimensions;
      data[start + y.place] = coordinate(row);
      data[start + x.place] = coordinate(column);
    }
  }
  const answers = await forward(network, { count: side * side, dimensions, data, geometry: "ball" });
  const names: string[] = [];
  const codes = new Map<number, number>();
  const numbered = Array.from(answers.labels, (label) => {
    const known = codes.get(label);
    if (known !== undefined) return known;
    const name = decodeLabel(labels, label);
    const code = name === undefined ? -1 : names.push(String(name)) - 1;
    codes.set(label, code);
    return code;
  });
  const first = network.layers[0]!;
  const every = Math.ceil(first.outputs / mostLines);
  const lines = Array.from({ length: Math.ceil(first.outputs / every) }, (_, i) => {
    const neuron = i * every;
    const weight = (place: number) => {
      for (let at = first.rowStarts[neuron]!; at < first.rowStarts[neuron + 1]!; at++) {
        if (first.columns[at] === place) return first.weights[at]!;
      }
      return 0;
    };
    const [a, b] = [weight(x.place), weight(y.place)];
    // From coordinates in [-reach, reach] to places in [0, 1].
    return { a: 2 * reach * a, b: 2 * reach * b, c: first.bias[neuron]! - reach * (a + b) };
  });
  const axis = (column: string, { low, high }: { low: number; high: number }) => ({ column, low, high });
  return { x: axis(xName, x), y: axis(yName, y), side, labels: numbered, names, lines, neurons: first.outputs };
}

/** Adds the routes of memorized tables. */
export function addMemorizeRoutes(app: OpenAPIHono, shelf: Shelf): void {
  const read = async (id: string) => readNetworkFile((await shelf.get(id)).path);
  app.openapi(
    createRoute({
      method: "get",
      path: "/api/memorize/{run}",
      summary: "What the network is made of, and how its size grows with the points",
      request: { params },
      responses: jsonResponses(networkSchema, "The network"),
    }),
    async (context) => context.json(describe(await read(context.req.valid("param").run)), 200),
  );
  app.openapi(
    createRoute({
      method: "get",
      path: "/api/memorize/{run}/plane",
      summary: "The network's answers over the plane of two columns of numbers",
      request: { params, query: z.object({ x: z.string(), y: z.string() }) },
      responses: jsonResponses(planeSchema, "The plane"),
    }),
    async (context) => {
      const { x, y } = context.req.valid("query");
      return context.json(await lookAtPlane(await read(context.req.valid("param").run), x, y), 200);
    },
  );
}
