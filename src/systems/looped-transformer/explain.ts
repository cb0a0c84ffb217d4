/** A machine in words: what each layer is for, and what its heads and units read and write. @module */
import { type RowRange, rowName } from "./rows.ts";
import { rowEntries, type SparseMatrix } from "./sparse-matrix.ts";
import type { Head, LoopedTransformer, TransformerLayer } from "./transformer.ts";

/** One layer as a row of the table. */
export interface LayerSummary {
  readonly layer: number;
  readonly name: string;
  readonly purpose: string;
  readonly heads: readonly string[];
  readonly units: number;
  readonly nonzero: number;
  readonly groups: readonly { readonly purpose: string; readonly units: number }[];
}

/** One unit of a layer, as a formula of named rows. */
export interface UnitFormula {
  readonly unit: number;
  readonly purpose: string;
  readonly formula: string;
}

/** All layers of a transformer, in order. */
export function summarizeLayers({ layers }: LoopedTransformer): LayerSummary[] {
  return layers.map((layer, at) => ({
    layer: at + 1,
    name: layer.name,
    purpose: layer.purpose,
    heads: layer.heads.map(({ name }) => name),
    units: layer.feedForward.bias.length,
    nonzero: countNonzero(layer),
    groups: layer.feedForward.groups,
  }));
}

function countNonzero({ heads, feedForward }: TransformerLayer): number {
  const { inner, outer, bias } = feedForward;
  const matrices: SparseMatrix[] = [inner, outer, ...heads.flatMap(({ query, key, value }) => [query, key, value])];
  return matrices.reduce((sum, { values }) => sum + values.length, bias.filter((value) => value !== 0).length);
}

/** What a head compares and copies, by rows. */
export function explainHead({ name, query, key, value }: Head, ranges: readonly RowRange[]) {
  const lines = (matrix: SparseMatrix) =>
    Array.from({ length: matrix.rows }, (_, r) => formula(matrix, r, ranges)).filter((text) => text !== "0");
  const copies = Array.from({ length: value.rows }, (_, r) => [r, formula(value, r, ranges)] as const)
    .filter(([, text]) => text !== "0")
    .map(([r, text]) => `${rowName(ranges, r)} += ${text}`);
  return { name, query: lines(query), key: lines(key), copies };
}

/** Every unit of a layer as `relu(…) -> row`. */
export function explainUnits({ feedForward }: TransformerLayer, ranges: readonly RowRange[]): UnitFormula[] {
  const { inner, bias, outer, groups } = feedForward;
  const outputs = Array.from({ length: bias.length }, (): string[] => []);
  for (let r = 0; r < outer.rows; r++) {
    for (const [unit, weight] of rowEntries(outer, r)) outputs[unit]!.push(term(weight, rowName(ranges, r)));
  }
  const purposes = groups.flatMap(({ purpose, units }) => Array<string>(units).fill(purpose));
  return Array.from(bias, (shift, unit) => {
    const sum = formula(inner, unit, ranges);
    const constant = shift === 0 ? "" : ` ${shift < 0 ? "-" : "+"} ${Math.abs(shift)}`;
    return { unit, purpose: purposes[unit]!, formula: `relu(${sum}${constant}) -> ${outputs[unit]!.join(", ")}` };
  });
}

const term = (weight: number, name: string) =>
  weight === 1 ? name : weight === -1 ? `-${name}` : `${Number(weight.toPrecision(6))} ${name}`;

function formula(matrix: SparseMatrix, row: number, ranges: readonly RowRange[]): string {
  const terms = rowEntries(matrix, row).map(([at, weight]) => term(weight, rowName(ranges, at)));
  return terms.length === 0 ? "0" : terms.join(" + ").replaceAll("+ -", "- ");
}
