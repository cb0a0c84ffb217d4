/** Where a model's predictions change, over two of its columns. @module */
import { max, min } from "simple-statistics";
import { ConfigError } from "../../core/index.ts";
import type { LabelledRows } from "./examples.ts";
import { type LiftModel, type PredictOptions, predictRows } from "./predict.ts";
import type { Row, Schema, Value } from "./schema.ts";

/** Predictions on a grid. */
export interface Boundary {
  /** Values along x, and up y. */
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  /** `classes[iy][ix]`: class numbers; y rises with iy. */
  readonly classes: readonly (readonly number[])[];
}

function columnOf({ features }: Schema, name: string, option: string): number {
  const place = features.findIndex((feature) => feature.name === name && feature.kind === "number");
  if (place >= 0) return place;
  const names = features.filter(({ kind }) => kind === "number").map((feature) => feature.name);
  throw new ConfigError({ where: option, expected: `a column of numbers: ${names.join(", ")}`, found: name });
}

/** What stands in all other columns: the mean, or the most frequent text. */
function middleRow({ features }: Schema, { rows }: LabelledRows): Value[] {
  return features.map((feature, i) => {
    if (feature.kind === "number") return feature.mean;
    const counts = new Map<Value, number>();
    for (const row of rows) counts.set(row[i], (counts.get(row[i]) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  });
}

/**
 * Predictions over two columns, from the smallest to the largest value that training saw; all other columns at their mean.
 *
 * @throws {ConfigError} where a column is none of numbers, or the model predicts numbers
 */
export async function decisionBoundary(
  model: LiftModel,
  train: LabelledRows,
  { x, y, size }: { readonly x: string; readonly y: string; readonly size: number },
  options: PredictOptions = {},
): Promise<Boundary> {
  const { schema } = model;
  const { target } = schema;
  if (target.kind !== "classes") {
    throw new ConfigError({
      where: "boundary",
      expected: "a model that predicts classes",
      found: "one that predicts numbers",
    });
  }
  const [ix, iy] = [columnOf(schema, x, "--x"), columnOf(schema, y, "--y")];
  const range = (column: number) => {
    const values = train.rows.map((row) => row[column]).filter((value): value is number => typeof value === "number");
    const [low, high] = [min(values), max(values)];
    return Array.from({ length: size }, (_, i) => low + ((high - low) * i) / (size - 1));
  };
  const [xs, ys] = [range(ix), range(iy)];
  const middle = middleRow(schema, train);
  const rows = ys.flatMap((up) => xs.map((along): Row => middle.with(ix, along).with(iy, up)));
  const predictions = await predictRows(model, rows, options);
  const numbers = predictions.map(({ value }) => target.classes.indexOf(String(value)));
  return { xs, ys, classes: ys.map((_, row) => numbers.slice(row * size, (row + 1) * size)) };
}

const palette = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#000000"];

const escapeXml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** The picture: a square a prediction, a dot a training row. */
export function boundarySvg(
  { xs, ys, classes }: Boundary,
  schema: Schema,
  train: LabelledRows,
  { x, y }: { readonly x: string; readonly y: string },
): string {
  const names = schema.target.kind === "classes" ? schema.target.classes : [];
  const [width, height, margin] = [500, 500, 50];
  const [cellWidth, cellHeight] = [width / xs.length, height / ys.length];
  const color = (k: number) => palette[k % palette.length]!;
  const cells = classes.flatMap((row, iy) =>
    row.map((k, ix) => {
      const [left, top] = [margin + ix * cellWidth, margin + height - (iy + 1) * cellHeight];
      const size = `width="${(cellWidth + 0.5).toFixed(2)}" height="${(cellHeight + 0.5).toFixed(2)}"`;
      return `<rect x="${left.toFixed(2)}" y="${top.toFixed(2)}" ${size} fill="${color(k)}" opacity="0.35"/>`;
    }),
  );
  const [ix, iy] = [x, y].map((name) => schema.features.findIndex((feature) => feature.name === name)) as [
    number,
    number,
  ];
  const share = (value: number, values: readonly number[]) => (value - values[0]!) / (values.at(-1)! - values[0]! || 1);
  const dots = train.rows.flatMap((row, i) => {
    const [along, up] = [row[ix], row[iy]];
    if (typeof along !== "number" || typeof up !== "number") return [];
    const [cx, cy] = [margin + width * share(along, xs), margin + height * (1 - share(up, ys))];
    return [
      `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="3" fill="${color(names.indexOf(String(train.answers[i])))}" stroke="#fff"/>`,
    ];
  });
  const legend = names.map(
    (name, k) =>
      `<text x="${margin + width + 12}" y="${margin + 16 + 20 * k}" fill="${color(k)}">${escapeXml(name)}</text>`,
  );
  const label = (px: number, py: number, text: string, more = "") =>
    `<text x="${px}" y="${py}" text-anchor="middle" ${more}>${escapeXml(text)}</text>`;
  const total = [width + 2 * margin + 120, height + 2 * margin];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total.join(" ")}" font-family="sans-serif" font-size="14">
${[...cells, ...dots, ...legend].join("\n")}
${label(margin + width / 2, margin + height + 34, `${x}, ${xs[0]} to ${xs.at(-1)}`)}
${label(20, margin + height / 2, `${y}, ${ys[0]} to ${ys.at(-1)}`, `transform="rotate(-90 20 ${margin + height / 2})"`)}
</svg>
`;
}
