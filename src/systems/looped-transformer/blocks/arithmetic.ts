/** Sum, difference and product, entry by entry. @module */
import { type FunctionBlock, valueBound } from "../function-block.ts";
import { rowAt } from "../rows.ts";
import { addProductOf, productBound } from "./product.ts";

function linearBlock(name: string, description: string, sign: 1 | -1): FunctionBlock {
  return {
    name,
    operands: 2,
    description,
    plan(allocator, size) {
      const result = allocator.allocate(name, size);
      return {
        result,
        bound: 2 * valueBound,
        layers: [
          ({ rows, units }) => {
            units.group(`${name}: a ${sign === 1 ? "+" : "-"} b`, () => {
              for (let i = 0; i < size; i++) {
                const terms = [
                  [rowAt(rows.a, i), 1],
                  [rowAt(rows.b, i), sign],
                ] as const;
                units.linear(terms, [[rowAt(result, i), 1]]);
              }
            });
          },
        ],
      };
    },
    compute: (a, b) => a.map((value, i) => value + sign * b[i]!),
  };
}

/** c = a + b */
export const add = linearBlock("add", "a + b, entry by entry", 1);

/** c = a - b */
export const subtract = linearBlock("sub", "a - b, entry by entry", -1);

/** c = a * b, entry by entry; relative error about (2^-12 a b)^4 / 30. */
export const multiply: FunctionBlock = {
  name: "mul",
  operands: 2,
  description: "a times b, entry by entry",
  plan(allocator, size) {
    const result = allocator.allocate("mul", size);
    return {
      result,
      bound: productBound,
      layers: [
        (layer) => {
          for (let i = 0; i < size; i++) {
            addProductOf(layer, `mul row ${i}`, {
              left: [[rowAt(layer.rows.a, i), 1]],
              right: [[rowAt(layer.rows.b, i), 1]],
              to: rowAt(result, i),
            });
          }
        },
      ],
    };
  },
  compute: (a, b) => a.map((value, i) => value * b[i]!),
};
