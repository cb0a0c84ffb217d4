/** Sigmoid, entry by entry; quotient and square root of numbers, which are the first rows of matrices. @module */
import { type BlockLayer, type FunctionBlock, type Shape, valueBound } from "../function-block.ts";
import { rowAt } from "../rows.ts";
import type { Entry } from "../sparse-matrix.ts";
import { addProductOf, productBound } from "./product.ts";
import { fitSigmoids, type SigmoidTerm } from "./sigmoid-sums.ts";

/** Divisors and radicands for which the stated accuracy holds, by absolute value. */
const smallest = 2 ** -8;
const largest = 2 ** 8;

/** Sigmoids whose sum starts Newton's iteration: within 4e-6 of the reciprocal, and 2e-6 of the inverse root. */
const sigmoids = 24;
/** Slope of the ramp that tells a sign: it is full from 2^-20 on. */
const signSlope = 2 ** 20;

/** c = 1 / (1 + e^-a), entry by entry: exact, as it is the softmax of a and 0. */
export const sigmoid: FunctionBlock = {
  name: "sigmoid",
  operands: 1,
  description: "1 / (1 + e^-a), entry by entry",
  fillsZeros: true,
  plan(allocator, size) {
    const result = allocator.allocate("sigmoid", size);
    return {
      result,
      bound: 1,
      layers: [
        ({ rows, attend }) => {
          for (let i = 0; i < size; i++) {
            attend({
              name: `sigmoid row ${i}`,
              own: true,
              scores: [{ reader: [[rows.indicator.offset, 1]], read: [[rowAt(rows.a, i), 1]] }],
              values: [[rowAt(result, i), rows.indicator.offset, 1]],
            });
          }
        },
      ],
    };
  },
  compute: (a) => a.map((value) => 1 / (1 + Math.exp(-value))),
};

/** Adds the sum of sigmoids of the number in row `from` to row `to`, a head a sigmoid. */
function addSigmoids(
  { rows, attend }: BlockLayer,
  name: string,
  terms: readonly SigmoidTerm[],
  from: number,
  to: number,
) {
  for (const [t, { rate, weight }] of terms.entries()) {
    attend({
      name: `${name} sigmoid ${t}`,
      own: true,
      scores: [{ reader: [[rows.indicator.offset, -rate]], read: [[from, 1]] }],
      values: [[to, rows.indicator.offset, weight]],
    });
  }
}

/** The first entries of result columns, where the function works on first rows only. */
function firstRows(size: number, compute: (k: number) => number): Float64Array {
  const out = new Float64Array(size * size);
  for (let k = 0; k < size; k++) out[k] = compute(k);
  return out;
}

/** Of functions of first rows: both operands have one row, and as many columns. */
const oneRow = (a: Shape, b: Shape = a): Shape | undefined =>
  a[0] === 1 && b[0] === 1 && a[1] === b[1] ? a : undefined;

/** Where the first operand that is outside of [2^-8, 2^8] stands. */
function outside(values: ArrayLike<number>, what: string): string | undefined {
  for (const value of Array.from(values)) {
    if (value !== 0 && !(Math.abs(value) >= smallest && Math.abs(value) <= largest)) {
      return `${what} ${value}, which is outside of 2^-8 to 2^8`;
    }
  }
  return undefined;
}

/**
 * c = a / b, in the first row; a / 0 is 0. A sum of sigmoids gives r near 1 / |b|, then r + r (1 - |b| r), and the product with a, whose
 * sign is turned where b is negative.
 */
export const divide: FunctionBlock = {
  name: "div",
  operands: 2,
  description: "a / b of numbers or rows, b from 2^-8 to 2^8 or its negative; a / 0 is 0",
  shape: oneRow,
  plan(allocator, size) {
    const result = allocator.allocate("div", size);
    const [positive, negative, magnitude, dividend, inverse, shortfall, correction] = [
      "positive",
      "negative",
      "magnitude",
      "dividend",
      "inverse",
      "shortfall",
      "correction",
    ].map((name) => allocator.allocate(`div.${name}`, 1).offset) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const terms = fitSigmoids((x) => 1 / x, smallest, largest, sigmoids);
    return {
      result,
      bound: productBound,
      prepare({ rows, units }) {
        const divisor = rowAt(rows.b, 0);
        units.group("div: sign and magnitude of b", () => {
          for (const [sign, row] of [
            [1, positive],
            [-1, negative],
          ] as const) {
            // min(1, slope relu(±b))
            units.unit([[divisor, sign * signSlope]], [[row, 1]]);
            units.unit(
              [
                [divisor, sign * signSlope],
                [rows.indicator.offset, -1],
              ],
              [[row, -1]],
            );
            units.unit([[divisor, sign]], [[magnitude, 1]]);
          }
        });
      },
      layers: [
        (layer) => {
          addSigmoids(layer, "div", terms, magnitude, inverse);
          const { rows, units } = layer;
          units.group("div: a with the sign of b", () => {
            for (const [sign, row] of [
              [1, positive],
              [-1, negative],
            ] as const) {
              const on: Entry[] = [
                [row, 1],
                [rows.indicator.offset, -1],
              ];
              units.gated([[rowAt(rows.a, 0), sign]], on, dividend, valueBound);
            }
          });
        },
        (layer) => {
          const { rows } = layer;
          addProductOf(layer, "div: -|b| r", {
            left: [[magnitude, 1]],
            right: [[inverse, 1]],
            to: shortfall,
            weight: -1,
          });
          layer.units.group("div: 1 - |b| r", () => {
            layer.units.unit([[rows.indicator.offset, 1]], [[shortfall, 1]]);
          });
        },
        (layer) => {
          addProductOf(layer, "div: r (1 - |b| r)", { left: [[inverse, 1]], right: [[shortfall, 1]], to: correction });
        },
        (layer) => {
          addProductOf(layer, "div: a times the inverse", {
            left: [[dividend, 1]],
            right: [
              [inverse, 1],
              [correction, 1],
            ],
            to: rowAt(result, 0),
          });
        },
      ],
    };
  },
  compute: (a, b, size) => firstRows(size, (k) => (b[k] === 0 ? 0 : a[k]! / b[k]!)),
  domain: (_, b) => outside(b.subarray(0, Math.sqrt(b.length)), "the divisor"),
};

/**
 * c = the square root of a, in the first row; 0 where a is negative. A sum of sigmoids gives r near 1 / sqrt(a), p = a r is near the
 * root, and p + p (1 - p r) / 2 is Newton's step.
 */
export const squareRoot: FunctionBlock = {
  name: "sqrt",
  operands: 1,
  description: "the square root of a number or a row, from 2^-8 to 2^8; 0 for 0 and below",
  shape: (a) => oneRow(a),
  plan(allocator, size) {
    const result = allocator.allocate("sqrt", size);
    const [radicand, inverse, root, shortfall] = ["radicand", "inverse", "root", "shortfall"].map(
      (name) => allocator.allocate(`sqrt.${name}`, 1).offset,
    ) as [number, number, number, number];
    const terms = fitSigmoids((x) => x ** -0.5, smallest, largest, sigmoids);
    return {
      result,
      bound: 1.5 * productBound,
      prepare({ rows, units }) {
        units.group("sqrt: a where it is positive", () => {
          units.unit([[rowAt(rows.a, 0), 1]], [[radicand, 1]]);
        });
      },
      layers: [
        (layer) => addSigmoids(layer, "sqrt", terms, radicand, inverse),
        (layer) => addProductOf(layer, "sqrt: a r", { left: [[radicand, 1]], right: [[inverse, 1]], to: root }),
        (layer) => {
          addProductOf(layer, "sqrt: -p r", { left: [[root, 1]], right: [[inverse, 1]], to: shortfall, weight: -1 });
          layer.units.group("sqrt: 1 - p r", () => {
            layer.units.unit([[layer.rows.indicator.offset, 1]], [[shortfall, 1]]);
          });
        },
        (layer) => {
          const to = rowAt(result, 0);
          addProductOf(layer, "sqrt: p (1 - p r) / 2", { left: [[root, 1]], right: [[shortfall, 1]], to, weight: 0.5 });
          layer.units.group("sqrt: p", () => layer.units.linear([[root, 1]], [[to, 1]]));
        },
      ],
    };
  },
  compute: (a, _, size) => firstRows(size, (k) => Math.sqrt(Math.max(0, a[k]!))),
  domain: (a) =>
    outside(
      Array.from(a.subarray(0, Math.sqrt(a.length))).filter((value) => value > 0),
      "the radicand",
    ),
};
