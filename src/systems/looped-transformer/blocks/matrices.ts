/** Transposition and matrix product. @module */
import { matrixProduct, transposed } from "../../../linalg/index.ts";
import { type BlockLayer, type FunctionBlock, valueBound } from "../function-block.ts";
import { type RowRange, rowAt } from "../rows.ts";
import type { Entry } from "../sparse-matrix.ts";
import { productScale } from "./product.ts";

/** Scores of a scratch column that is alone within reach. */
const chosen = 64;

/** c = aᵀ: exact but for the gates, whose width costs 1e-13. */
export const transpose: FunctionBlock = {
  name: "transpose",
  operands: 1,
  description: "a transposed",
  shape: ([rows, columns]) => [columns, rows],
  plan(allocator, size) {
    const result = allocator.allocate("transpose", size);
    // Block i holds column i of a, in every scratch column.
    const columns = Array.from({ length: size }, (_, i) => allocator.allocate(`transpose.column${i}`, size));
    return {
      result,
      bound: valueBound,
      layers: [
        ({ rows, units, attend }) => {
          for (const [i, column] of columns.entries()) {
            attend({
              name: `transpose column ${i}`,
              own: false,
              scores: [{ reader: [[rows.indicator.offset, chosen]], read: [[rowAt(rows.unit, i), 1]] }],
              values: Array.from({ length: size }, (_, r) => [rowAt(column, r), rowAt(rows.a, r), 1] as const),
            });
          }
          units.group("transpose: row i of the result is entry k of column i, in scratch column k", () => {
            for (const [i, column] of columns.entries()) {
              for (let k = 0; k < size; k++) {
                const on: Entry[] = [
                  [rowAt(rows.unit, k), 1],
                  [rows.indicator.offset, -1],
                ];
                units.gated([[rowAt(column, k), 1]], on, rowAt(result, i), valueBound);
              }
            }
          });
        },
      ],
    };
  },
  compute: (a, _, size) => transposed(a, size, size),
};

/**
 * Adds aᵀ b to `result`, by heads in which column k of b attends to the columns of a with scores c a_i · b_k, and to the constant
 * column with 0: the weight of column i, less the constant's, is w_0 (e^(c a_i · b_k) - 1). As all weights add up to 1, the
 * constant's is 1 less the others.
 *
 * @param scales - c of each head, and its share: shares times scales add up to 1
 */
export function addTransposedProduct(
  { rows, attend, units }: BlockLayer,
  { a, b, result }: { readonly a: RowRange; readonly b: RowRange; readonly result: RowRange },
  scales: readonly (readonly [scale: number, share: number])[],
): void {
  const size = a.size;
  let offset = 0;
  for (const [scale, share] of scales) {
    const factor = (size + 1) * share;
    offset -= factor;
    attend({
      name: `matmul, scale ${scale}`,
      own: false,
      scores: Array.from({ length: size }, (_, r) => ({ reader: [[rowAt(b, r), scale]], read: [[rowAt(a, r), 1]] })),
      values: Array.from({ length: size }, (_, i) => [
        [rowAt(result, i), rowAt(rows.unit, i), factor] as const,
        [rowAt(result, i), rows.indicator.offset, factor] as const,
      ]).flat(),
    });
  }
  units.group("matmul: weights less 1", () => {
    for (let i = 0; i < size; i++) units.unit([[rows.indicator.offset, 1]], [[rowAt(result, i), offset]]);
  });
}

/** The largest absolute value that {@link addTransposedProduct} adds. */
export function transposedProductBound(size: number, scales: readonly (readonly [scale: number, share: number])[]) {
  return (size + 1) * scales.reduce((sum, [, share]) => sum + Math.abs(share), 0);
}

/** Scales c and -c cancel even powers of the error, 2c and -2c the third. */
const balanced = ([1, -1, 2, -2] as const).map((factor) => {
  const scale = factor * productScale;
  const share = (Math.abs(factor) === 1 ? 4 / 3 : -1 / 3) / (2 * scale);
  return [scale, share] as const;
});

/** c = aᵀ b. */
export const matmul: FunctionBlock = {
  name: "matmul",
  operands: 2,
  description: "the matrix product of a transposed and b",
  shape: ([inner, rows], [same, columns]) => (inner === same ? [rows, columns] : undefined),
  plan(allocator, size) {
    const result = allocator.allocate("matmul", size);
    return {
      result,
      bound: transposedProductBound(size, balanced),
      layers: [(layer) => addTransposedProduct(layer, { a: layer.rows.a, b: layer.rows.b, result }, balanced)],
    };
  },
  compute: (a, b, size) => matrixProduct(transposed(a, size, size), b, size, size, size),
};
