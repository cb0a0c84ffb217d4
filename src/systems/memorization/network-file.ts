/** net.json: a network, how a table's cells become its inputs and what its outputs mean, under one hash. @module */
import { z } from "zod";
import { DataError, schemaProblem } from "../../core/index.ts";
import { readFileBytes, sha256 } from "../../storage/index.ts";
import type { Encoding } from "./encoding.ts";
import type { LabelCoding } from "./label-coding.ts";
import type { Layer, Network } from "./network.ts";

/** Everything that {@link encodeNetworkFile} writes. */
export interface NetworkFile {
  /** The table that was memorized. */
  readonly table: {
    readonly name: string;
    readonly sha256: string;
    readonly rows: number;
    readonly points: number;
    /** What was done with cells without a value. */
    readonly missing: "error" | "drop" | "keep";
  };
  /** What was found out about the points. */
  readonly certificate: {
    readonly delta: number;
    readonly deltaKind: "exact" | "probable";
    readonly deltaMissProbability: number;
    readonly geometry: "sphere" | "ball";
    readonly eta: number;
    readonly seed: number;
    readonly tight: boolean;
    readonly smallestMargin: number;
  };
  readonly encoding: Encoding;
  readonly labels: LabelCoding;
  readonly network: Network;
}

const dtypes = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float64: Float64Array,
} as const;
type DTypeName = keyof typeof dtypes;

const arraySchema = z.strictObject({
  dtype: z.enum(Object.keys(dtypes) as [DTypeName, ...DTypeName[]]),
  base64: z.string(),
});
type StoredArray = z.output<typeof arraySchema>;

const columnSchema = z.discriminatedUnion("as", [
  z.strictObject({ name: z.string(), as: z.literal("number"), middle: z.number(), missing: z.boolean() }),
  z.strictObject({
    name: z.string(),
    as: z.literal("bits"),
    positions: z.array(z.int().min(0).max(63)),
    missing: z.boolean(),
  }),
  z.strictObject({ name: z.string(), as: z.literal("one-hot"), categories: z.array(z.string()), missing: z.boolean() }),
  z.strictObject({ name: z.string(), as: z.literal("hash"), bits: z.int().min(1).max(64), missing: z.boolean() }),
]);

const documentSchema = z.strictObject({
  format: z.literal("tenfold-memorization"),
  version: z.literal(1),
  sha256: z.string(),
  warning: z.string(),
  table: z.strictObject({
    name: z.string(),
    sha256: z.string(),
    rows: z.int(),
    points: z.int(),
    missing: z.enum(["error", "drop", "keep"]),
  }),
  certificate: z.strictObject({
    delta: z.number(),
    deltaKind: z.enum(["exact", "probable"]),
    deltaMissProbability: z.number(),
    geometry: z.enum(["sphere", "ball"]),
    eta: z.number(),
    seed: z.number(),
    tight: z.boolean(),
    smallestMargin: z.number(),
  }),
  encoding: z.strictObject({ columns: z.array(columnSchema), centre: arraySchema, scale: arraySchema }),
  labels: z.discriminatedUnion("kind", [
    z.strictObject({ column: z.string(), kind: z.literal("classes"), classes: z.array(z.string()).min(2) }),
    z.strictObject({
      column: z.string(),
      kind: z.literal("quantized"),
      low: z.number(),
      step: z.number(),
      bits: z.int().min(1).max(31),
    }),
  ]),
  layers: z
    .array(
      z.strictObject({
        role: z.enum(["separate", "compress", "group", "rank", "decode", "output"]),
        inputs: z.int().min(1),
        outputs: z.int().min(1),
        rowStarts: arraySchema,
        columns: arraySchema,
        weights: arraySchema,
        bias: arraySchema,
      }),
    )
    .min(1),
});

/** What goes with every network: it knows its points and nothing else. */
export const arbitraryAnswers =
  "no answer for a row that was not in the table can be relied on: this network knows its rows, and was not built to generalise";

/** The narrowest type that holds every value exactly. */
function storeArray(values: ArrayLike<number>): StoredArray {
  let [low, high, whole] = [0, 0, true];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    low = Math.min(low, value);
    high = Math.max(high, value);
    whole &&= Number.isInteger(value) && !Object.is(value, -0);
  }
  const fits = (bits: number, signed: boolean) =>
    signed ? low >= -(2 ** (bits - 1)) && high < 2 ** (bits - 1) : low >= 0 && high < 2 ** bits;
  const integers: [DTypeName, number, boolean][] = [
    ["uint8", 8, false],
    ["int8", 8, true],
    ["uint16", 16, false],
    ["int16", 16, true],
    ["uint32", 32, false],
    ["int32", 32, true],
  ];
  const dtype = (whole && integers.find(([, bits, signed]) => fits(bits, signed))?.[0]) || "float64";
  const { buffer } = dtypes[dtype].from(values);
  return { dtype, base64: Buffer.from(buffer).toString("base64") };
}

/** @param read - what is being read, for messages */
function loadArray({ dtype, base64 }: StoredArray, read: string): ArrayLike<number> {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  const type = dtypes[dtype];
  if (bytes.length % type.BYTES_PER_ELEMENT === 0) return new type(bytes.buffer);
  throw new DataError({ where: read, expected: `whole numbers of ${dtype}`, found: `${bytes.length} bytes` });
}

/**
 * The text of net.json. Arrays are base64 of little-endian numbers in the narrowest type that holds them exactly; `sha256` is that of
 * the same document without it.
 */
export function encodeNetworkFile({ table, certificate, encoding, labels, network }: NetworkFile): string {
  const content = {
    format: "tenfold-memorization",
    version: 1,
    warning: arbitraryAnswers,
    table,
    certificate,
    encoding: {
      columns: encoding.columns,
      centre: storeArray(encoding.centre),
      scale: storeArray(encoding.scale),
    },
    labels,
    layers: network.layers.map((layer) => ({
      role: layer.role,
      inputs: layer.inputs,
      outputs: layer.outputs,
      rowStarts: storeArray(layer.rowStarts),
      columns: storeArray(layer.columns),
      weights: storeArray(layer.weights),
      bias: storeArray(layer.bias),
    })),
  };
  const { format, version, ...rest } = content;
  const hash = sha256(JSON.stringify(content));
  return `${JSON.stringify({ format, version, sha256: hash, ...rest })}\n`;
}

function loadLayer(stored: z.output<typeof documentSchema>["layers"][number], inputs: number, where: string): Layer {
  const layer = {
    role: stored.role,
    inputs: stored.inputs,
    outputs: stored.outputs,
    rowStarts: Uint32Array.from(loadArray(stored.rowStarts, where)),
    columns: Uint32Array.from(loadArray(stored.columns, where)),
    weights: Float64Array.from(loadArray(stored.weights, where)),
    bias: Float64Array.from(loadArray(stored.bias, where)),
  };
  const { rowStarts, columns, weights, bias, outputs } = layer;
  const ascending = rowStarts.every((start, row) => row === 0 || start >= rowStarts[row - 1]!);
  const whole =
    layer.inputs === inputs &&
    rowStarts.length === outputs + 1 &&
    rowStarts[0] === 0 &&
    rowStarts[outputs] === weights.length &&
    columns.length === weights.length &&
    bias.length === outputs &&
    ascending &&
    columns.every((column) => column < layer.inputs) &&
    weights.every(Number.isFinite) &&
    bias.every(Number.isFinite);
  if (whole) return layer;
  throw new DataError({
    where,
    expected: `a layer with ${inputs} inputs whose arrays fit`,
    found: "arrays that do not",
  });
}

/**
 * A network from the text of net.json.
 *
 * @param where - the file's name, for messages
 * @throws {DataError} where the text is cut off, is another document, or was changed after it was written
 */
export function decodeNetworkFile(text: string, where: string): NetworkFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const found = text.trim() === "" ? "an empty file" : "text that is no JSON, or ends too early";
    throw new DataError({ where, expected: "a network written by tenfold memorize fit", found, cause });
  }
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) {
    const problem = schemaProblem(parsed.error);
    const found = `another document (at ${problem.path || "its root"}: expected ${problem.expected}, found ${problem.found})`;
    throw new DataError({ where, expected: "a network written by tenfold memorize fit", found });
  }
  const { sha256: written, ...content } = json as Record<string, unknown>;
  const actual = sha256(JSON.stringify(content));
  if (actual !== written) {
    throw new DataError({
      where,
      expected: `content with the SHA-256 that it states, ${String(written).slice(0, 12)}…`,
      found: `${actual.slice(0, 12)}…`,
      hint: "the file was changed after it was written: fit it again",
    });
  }
  const { table, certificate, encoding, labels, layers } = parsed.data;
  const centre = Float64Array.from(loadArray(encoding.centre, where));
  const scale = Float64Array.from(loadArray(encoding.scale, where));
  let inputs = centre.length;
  const loaded = layers.map((stored, at) => {
    const layer = loadLayer(stored, inputs, `${where}: layer ${at + 1}`);
    inputs = layer.outputs;
    return layer;
  });
  return {
    table,
    certificate,
    encoding: { columns: encoding.columns, centre, scale },
    labels,
    network: { layers: loaded },
  };
}

/** Reads net.json. @throws {DataError} as {@link decodeNetworkFile}, or where it cannot be read */
export async function readNetworkFile(path: string): Promise<NetworkFile> {
  return decodeNetworkFile(new TextDecoder().decode(await readFileBytes(path)), path);
}
