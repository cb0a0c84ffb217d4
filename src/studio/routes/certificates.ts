/** Routes of what is certified: how measured errors are spread, and which weights of a random network are kept. @module */
import { join } from "node:path";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonResponses } from "../../http/index.ts";
import { readFileBytes } from "../../storage/index.ts";
import { decodeSubnetwork, readApproximation } from "../../systems/binary-subnetworks/index.ts";
import type { FoundRun } from "../runs/find-runs.ts";
import type { Shelf } from "../runs/shelf.ts";
import { readJson } from "../runs/summary.ts";

const errorsSchema = z
  .object({
    inputs: z.number(),
    zeros: z.number(),
    bins: z.array(z.object({ from: z.number(), to: z.number(), count: z.number() })),
  })
  .openapi("MeasuredErrors");

const masksSchema = z
  .object({
    layers: z.array(
      z.object({
        name: z.string(),
        rows: z.number(),
        columns: z.number(),
        kept: z.number(),
        picture: z
          .object({ height: z.number(), width: z.number(), shares: z.array(z.number()) })
          .describe("the mask, or where it is larger the share that is kept in each of its blocks, row after row"),
      }),
    ),
  })
  .openapi("Masks");

/** Larger masks are shown as shares of blocks. */
const largestPicture = 128;

interface Mask {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Calls `visit` for every weight that is kept. */
  each(visit: (row: number, column: number) => void): void;
}

async function masksOf({ path, mark }: FoundRun): Promise<Mask[]> {
  if (mark === "certificate.json") {
    const { certificate, layers } = await readApproximation(path);
    return layers.map(({ width, rowOffsets, sources }, l) => ({
      name: `layer ${l + 1}`,
      rows: width,
      columns: certificate.layerWidths[l]!,
      each(visit) {
        for (let row = 0; row < width; row++) {
          for (let edge = rowOffsets[row]!; edge < rowOffsets[row + 1]!; edge++) visit(row, sources[edge]!);
        }
      },
    }));
  }
  const file = join(path, "subnetwork.safetensors");
  const { layers, masks } = decodeSubnetwork(await readFileBytes(file), file);
  return layers.map(({ path: name, shape }, l) => {
    const rows = shape[0]!;
    const columns = masks[l]!.length / rows;
    return {
      name,
      rows,
      columns,
      each(visit) {
        for (const [i, kept] of masks[l]!.entries()) if (kept) visit(Math.floor(i / columns), i % columns);
      },
    };
  });
}

function pictureOf({ name, rows, columns, each }: Mask): z.output<typeof masksSchema>["layers"][number] {
  const [height, width] = [Math.min(rows, largestPicture), Math.min(columns, largestPicture)];
  const counts = new Float64Array(height * width);
  let kept = 0;
  each((row, column) => {
    kept++;
    counts[Math.floor((row * height) / rows) * width + Math.floor((column * width) / columns)]!++;
  });
  const size = (i: number, parts: number, whole: number) =>
    Math.ceil(((i + 1) * whole) / parts) - Math.ceil((i * whole) / parts);
  const shares = Array.from(counts, (count, at) => {
    const block = size(Math.floor(at / width), height, rows) * size(at % width, width, columns);
    return Math.round((1000 * count) / block) / 1000;
  });
  return { name, rows, columns, kept, picture: { height, width, shares } };
}

/** Adds the routes of what is certified. */
export function addCertificateRoutes(app: OpenAPIHono, shelf: Shelf): void {
  const params = z.object({ run: z.string() });
  app.openapi(
    createRoute({
      method: "get",
      path: "/api/certificates/{run}/errors",
      summary: "Measured errors, counted over orders of magnitude; no bins where none were kept",
      request: { params },
      responses: jsonResponses(errorsSchema, "The counts"),
    }),
    async (context) => {
      const { path } = await shelf.get(context.req.valid("param").run);
      const parsed = errorsSchema.safeParse(await readJson(join(path, "errors.json")));
      return context.json(parsed.data ?? { inputs: 0, zeros: 0, bins: [] }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: "get",
      path: "/api/subnet/{run}/masks",
      summary: "Which weights of the random network are kept, layer by layer",
      request: { params },
      responses: jsonResponses(masksSchema, "The masks"),
    }),
    async (context) => {
      const run = await shelf.get(context.req.valid("param").run);
      return context.json({ layers: (await masksOf(run)).map(pictureOf) }, 200);
    },
  );
}
