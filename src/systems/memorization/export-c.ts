/** The network as a C header that needs nothing but the C99 library. @module */
import { ConfigError } from "../../core/index.ts";
import { type ColumnEncoding, widthOf } from "./encoding.ts";
import type { Layer } from "./network.ts";
import { arbitraryAnswers, type NetworkFile } from "./network-file.ts";

const maxWeights = 20_000_000;

/** Numbers a line, so that lines stay short. */
function lines(values: readonly string[], perLine = 16): string {
  const out: string[] = [];
  for (let at = 0; at < values.length; at += perLine) out.push(`  ${values.slice(at, at + perLine).join(", ")}`);
  return out.join(",\n");
}

function cString(text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  const plain = (byte: number) => byte >= 32 && byte < 127 && !['"', "\\", "?"].includes(String.fromCharCode(byte));
  return `"${bytes.map((byte) => (plain(byte) ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`)).join("")}"`;
}

/** Names of the row's fields: letters, digits and underscores, each once. */
function fieldNames(columns: readonly ColumnEncoding[]): string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    const stem = `column_${name.replace(/[^A-Za-z0-9]+/g, "_")}`;
    let field = stem;
    for (let again = 2; taken.has(field); again++) field = `${stem}_${again}`;
    taken.add(field);
    return field;
  });
}

/** The narrowest C type for whole numbers. */
function integerType(values: ArrayLike<number>): string {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest < 128 ? "int8_t" : largest < 32768 ? "int16_t" : largest < 2147483648 ? "int32_t" : "int64_t";
}

function integer(value: number): string {
  return Math.abs(value) < 2147483648 ? String(value) : `INT64_C(${value})`;
}

function real(value: number): string {
  const text = value.toPrecision(17).replace(/(\.\d*?)0+(e|$)/, "$1$2");
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function encodeColumn(column: ColumnEncoding, field: string, at: number): string[] {
  const value = `row->${field}`;
  const end = at + widthOf(column) - 1;
  const missing = (test: string) => (column.missing ? [`  if (${test}) features[${end}] = 1.0;`] : []);
  switch (column.as) {
    case "number":
      return [
        `  features[${at}] = ${value} != ${value} ? ${real(column.middle)} : ${value};`,
        ...missing(`${value} != ${value}`),
      ];
    case "bits":
      return [
        `  pattern = memorized_pattern(${value});`,
        `  if (${value} == ${value}) {`,
        ...column.positions.map((bit, k) => `    features[${at + k}] = (double)((pattern >> ${bit}) & 1u);`),
        "  }",
        ...missing(`${value} != ${value}`),
      ];
    case "one-hot":
      return [
        ...column.categories.map(
          (text, k) => `  if (${value} != NULL && strcmp(${value}, ${cString(text)}) == 0) features[${at + k}] = 1.0;`,
        ),
        ...missing(`${value} == NULL`),
      ];
    default:
      return [
        `  if (${value} != NULL) {`,
        `    pattern = memorized_hash(${value});`,
        `    for (k = 0; k < ${column.bits}; k++) features[${at} + k] = (double)((pattern >> k) & 1u);`,
        "  }",
        ...missing(`${value} == NULL`),
      ];
  }
}

function layerData(layer: Layer, at: number): string {
  const { rowStarts, columns, weights, bias } = layer;
  const type = at === 0 ? "double" : integerType(weights);
  const write = at === 0 ? real : integer;
  const width = layer.inputs > 65535 ? "uint32_t" : "uint16_t";
  // C99 knows no empty array.
  const filled = (values: ArrayLike<number>, print: (value: number) => string) =>
    lines(values.length === 0 ? ["0"] : Array.from(values, print));
  return [
    `/* layer ${at + 1}, ${layer.role}: ${layer.inputs} -> ${layer.outputs} */`,
    `static const uint32_t memorized_starts_${at}[] = {\n${filled(rowStarts, String)}\n};`,
    `static const ${width} memorized_columns_${at}[] = {\n${filled(columns, String)}\n};`,
    `static const ${type} memorized_weights_${at}[] = {\n${filled(weights, write)}\n};`,
    `static const ${at === 0 ? "double" : "int64_t"} memorized_bias_${at}[] = {\n${filled(bias, write)}\n};`,
  ].join("\n");
}

/**
 * A C99 header with the network's weights, `memorized_encode` from a row of the table to features, `memorized_features` from features
 * to the label's number and `memorized_row_label` from a row.
 *
 * The first layer is added up in double; compile without `-ffast-math`. Later layers are whole numbers in 64 bits.
 *
 * @throws {ConfigError} where the header would hold more than 20 million weights
 */
export function exportC({ network, encoding, labels, table }: NetworkFile): string {
  const { layers } = network;
  const count = layers.reduce((total, { weights }) => total + weights.length, 0);
  if (count > maxWeights) {
    throw new ConfigError({
      where: "--c",
      expected: `a network of at most ${maxWeights} weights`,
      found: `${count}`,
      hint: "--tight makes the first layer smaller",
    });
  }
  const { columns, centre, scale } = encoding;
  const fields = fieldNames(columns);
  const widest = Math.max(...layers.map(({ inputs, outputs }) => Math.max(inputs, outputs)));
  const body: string[] = [];
  let at = 0;
  for (const [i, column] of columns.entries()) {
    body.push(...encodeColumn(column, fields[i]!, at));
    at += widthOf(column);
  }
  const usesPattern = columns.some(({ as }) => as === "bits" || as === "hash");
  const usesCounter = columns.some(({ as }) => as === "hash");
  const isNumber = ({ as }: ColumnEncoding) => as === "number" || as === "bits";
  const comment = (text: string) => text.replaceAll("*/", "* /").replace(/[^\x20-\x7e]/g, "?");
  const first = layers[0]!;
  const later = layers.slice(1);
  return `/* ${table.points} different rows of ${comment(table.name)}, memorized by tenfold.
   ${comment(arbitraryAnswers)}.
   C99; compile without -ffast-math. */
#ifndef MEMORIZED_H
#define MEMORIZED_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MEMORIZED_FEATURES ${centre.length}
#define MEMORIZED_WIDEST ${widest}

/* A row of the table. A number that is missing is NAN, a text that is missing NULL. */
typedef struct {
${columns.map((column, i) => `  ${isNumber(column) ? "double " : "const char *"}${fields[i]}; /* ${comment(column.name)} */`).join("\n")}
} memorized_row;

${
  labels.kind === "classes"
    ? `#define MEMORIZED_CLASSES ${labels.classes.length}
/* What a label's number stands for. */
static const char *const memorized_classes[] = {\n${lines(labels.classes.map(cString), 4)}\n};`
    : `/* The number that a label's number stands for. */
static inline double memorized_value(uint32_t label) { return ${real(labels.low)} + (double)label * ${real(labels.step)}; }`
}

static const double memorized_centre[MEMORIZED_FEATURES] = {\n${lines(Array.from(centre, real), 8)}\n};
static const double memorized_scale[MEMORIZED_FEATURES] = {\n${lines(Array.from(scale, real), 8)}\n};

${layers.map(layerData).join("\n\n")}
${
  columns.some(({ as }) => as === "bits")
    ? `
/* The bits of a double; minus zero counts as zero. */
static inline uint64_t memorized_pattern(double value) {
  uint64_t pattern;
  value += 0.0;
  memcpy(&pattern, &value, sizeof pattern);
  return pattern;
}
`
    : ""
}${
  usesCounter
    ? `
/* FNV-1a in 64 bits, mixed by MurmurHash3's finaliser. */
static inline uint64_t memorized_hash(const char *text) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *text; text++) hash = (hash ^ (uint64_t)(unsigned char)*text) * UINT64_C(0x100000001b3);
  hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
  hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
  return hash ^ (hash >> 33);
}
`
    : ""
}
/* The features of a row: what its columns become before they are scaled. */
static inline void memorized_encode(const memorized_row *row, double features[MEMORIZED_FEATURES]) {
${usesPattern ? "  uint64_t pattern;\n" : ""}${usesCounter ? "  int k;\n" : ""}  memset(features, 0, MEMORIZED_FEATURES * sizeof features[0]);
${body.join("\n")}
}

#define MEMORIZED_LAYER(from, to, outputs, n)                                                     \\
  for (row = 0; row < (outputs); row++) {                                                         \\
    int64_t sum = memorized_bias_##n[row];                                                        \\
    for (at = memorized_starts_##n[row]; at < memorized_starts_##n[row + 1]; at++)                \\
      sum += (int64_t)memorized_weights_##n[at] * (int64_t)(from)[memorized_columns_##n[at]];     \\
    (to)[row] = (unsigned char)(sum >= 0);                                                        \\
  }

/* The label's number for features that are not scaled yet. */
static inline uint32_t memorized_features(const double features[MEMORIZED_FEATURES]) {
  unsigned char a[MEMORIZED_WIDEST], b[MEMORIZED_WIDEST];
  double x[MEMORIZED_FEATURES];
  uint32_t row, at, label = 0;
  for (row = 0; row < MEMORIZED_FEATURES; row++) x[row] = (features[row] - memorized_centre[row]) * memorized_scale[row];
  for (row = 0; row < ${first.outputs}; row++) {
    double sum = memorized_bias_0[row];
    for (at = memorized_starts_0[row]; at < memorized_starts_0[row + 1]; at++)
      sum += memorized_weights_0[at] * x[memorized_columns_0[at]];
    a[row] = (unsigned char)(sum >= 0.0);
  }
${later.map(({ outputs }, i) => `  MEMORIZED_LAYER(${i % 2 ? "b" : "a"}, ${i % 2 ? "a" : "b"}, ${outputs}, ${i + 1})`).join("\n")}
  for (row = ${layers.at(-1)!.outputs}; row > 0; row--) label = 2 * label + ${later.length % 2 ? "b" : "a"}[row - 1];
  return label;
}

/* The label's number for a row of the table. */
static inline uint32_t memorized_row_label(const memorized_row *row) {
  double features[MEMORIZED_FEATURES];
  memorized_encode(row, features);
  return memorized_features(features);
}
#endif
`;
}
