/** The scales with which frozen random maps compute a layer of the target. @module */
import { hostTensor, TenfoldError } from "../../core/index.ts";
import { compile, matmul, mul, sum, type Tensor } from "../../engine/index.ts";
import {
  type LinearOperator,
  minimumNormByGradients,
  orthogonalize,
  type Pause,
  transposed,
} from "../../linalg/index.ts";
import type { ReluLayer } from "../../nn/index.ts";
import type { FrozenBlock } from "./frozen.ts";

/** The scales of a block's two norm layers, and how well they do. */
export interface Scales {
  /** float64[width] */
  readonly first: Float64Array;
  /** float64[outDim] */
  readonly second: Float64Array;
  /** Largest over smallest singular value of the linear system that was solved. */
  readonly conditionNumber: number;
  /** ‖diag(second) B diag(first) A - W‖ / ‖W‖ in Frobenius norms, every row of W scaled to about 1. */
  readonly residual: number;
}

/** The residual above which a layer counts as out of reach. */
export const largestResidual = 1e-9;

/** A width or mask with which frozen weights cannot compute the target: a refusal, with how close they come. */
export class InfeasibleError extends TenfoldError {
  readonly layer: number;
  readonly width: number;
  readonly neededWidth: number;
  /** Relative error of the closest weights found. */
  readonly residual: number;

  constructor(fields: { layer: number; width: number; neededWidth: number; residual: number; sparse: boolean }) {
    const { layer, width, neededWidth, residual, sparse } = fields;
    const narrow = width < neededWidth;
    super("infeasible", {
      where: `layer ${layer}`,
      expected: narrow
        ? `at least ${neededWidth} frozen neurons to reconstruct it`
        : "frozen weights that can reach every weight of it",
      found: `${width}, which leave a residual of ${residual.toExponential(1)}`,
      hint: narrow || !sparse ? "take a larger --width-factor" : "take a larger --sparsity or --width-factor",
    });
    this.layer = layer;
    this.width = width;
    this.neededWidth = neededWidth;
    this.residual = residual;
  }
}

/** Neurons that the construction needs for a layer: one a weight, or less with the second norm's scales. */
export function neededWidth({ inDim, outDim }: Pick<ReluLayer, "inDim" | "outDim">, minimal: boolean): number {
  return minimal ? inDim * outDim - outDim + 1 : inDim * outDim;
}

/** Options of {@link solveScales}. */
export interface SolveOptions {
  /** Whether the second norm's scales are unknowns too, which saves outDim - 1 neurons. */
  readonly minimal: boolean;
  readonly pause?: Pause;
}

/**
 * Finds scales with diag(second) B diag(first) A as close to the layer's weight as they can be.
 *
 * @remarks Source: Giannou et al. (2023), Theorem 1, for `second` = 1 (here the power of two nearest to each row's size, and 0 for rows
 * of zeros); Burkholz (2024) for `minimal`.
 */
export async function solveScales(layer: ReluLayer, frozen: FrozenBlock, options: SolveOptions): Promise<Scales> {
  const { outDim, inDim, weight } = layer;
  const rows: Row[] = [];
  for (let j = 0; j < outDim; j++) {
    const values = weight.subarray(j * inDim, (j + 1) * inDim);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (largest === 0) continue;
    const size = 2 ** Math.round(Math.log2(largest));
    rows.push({ index: j, size, values: values.map((value) => value / size) });
  }
  const problem: Problem = { rows, frozen, columns: transposed(frozen.first, frozen.width, inDim) };
  const found =
    rows.length === 0
      ? { first: new Float64Array(frozen.width), factors: [], conditionNumber: 1 }
      : options.minimal
        ? await solveMinimal(problem, options.pause)
        : await solvePlain(problem, options.pause);
  const second = new Float64Array(outDim);
  for (const [at, { index, size }] of rows.entries()) second[index] = found.factors[at]! * size;
  const { first, conditionNumber } = found;
  return { first, second, conditionNumber, residual: residualOf(problem, first, found.factors) };
}

/** A row of the target's weight that is not zero, scaled. */
interface Row {
  readonly index: number;
  readonly size: number;
  /** float64[inDim], the largest about 1. */
  readonly values: Float64Array;
}

interface Problem {
  readonly rows: readonly Row[];
  readonly frozen: FrozenBlock;
  /** float64[inDim, width]: the first map, turned. */
  readonly columns: Float64Array;
}

interface Solved {
  readonly first: Float64Array;
  /** A factor for each of the problem's rows. */
  readonly factors: readonly number[];
  readonly conditionNumber: number;
}

const secondRow = ({ second, width }: FrozenBlock, j: number) => second.subarray(j * width, (j + 1) * width);

/** B_j diag(first) A for each of the problem's rows: what the frozen maps compute with these scales. */
function computed({ rows, frozen }: Problem, first: Float64Array): Float64Array[] {
  const { width, inDim } = frozen;
  return rows.map(({ index }) => {
    const through = secondRow(frozen, index);
    const out = new Float64Array(inDim);
    for (let k = 0; k < width; k++) {
      const factor = through[k]! * first[k]!;
      if (factor === 0) continue;
      for (let i = 0; i < inDim; i++) out[i]! += factor * frozen.first[k * inDim + i]!;
    }
    return out;
  });
}

function residualOf(problem: Problem, first: Float64Array, factors: readonly number[]): number {
  let [error, size] = [0, 0];
  const found = computed(problem, first);
  for (const [at, { values }] of problem.rows.entries()) {
    for (const [i, value] of values.entries()) {
      error += (factors[at]! * found[at]![i]! - value) ** 2;
      size += value * value;
    }
  }
  return size === 0 ? 0 : Math.sqrt(error / size);
}

/** Equations from which on the matrix is no longer formed, where there is enough slack for gradients to find the solution soon. */
const mostFormed = 1500;
const slackForGradients = 1.04;
/** Numbers in a matrix that is formed, at most. */
const mostNumbers = 2e8;

/** One equation for each weight: sum over k of B_jk A_ki first_k = W_ji. */
async function solvePlain(problem: Problem, pause: Pause | undefined): Promise<Solved> {
  const { rows, frozen } = problem;
  const { inDim, width } = frozen;
  const wanted = Float64Array.from(rows.flatMap(({ values }) => [...values]));
  const factors = rows.map(() => 1);
  const count = rows.length * inDim;
  if (count > mostFormed && width >= slackForGradients * count) {
    const operator = onEngine(problem);
    const options = { columns: width, maxIterations: 20 * count, ...(pause && { pause }) };
    const { x, conditionNumber } = await minimumNormByGradients(operator, wanted, options);
    await operator.dispose();
    return { first: x, factors, conditionNumber };
  }
  const equation = (at: number, i: number) => {
    const through = secondRow(frozen, rows[at]!.index);
    return (k: number) => through[k]! * problem.columns[i * width + k]!;
  };
  if (count > width) {
    const qr = await orthogonalize(formUnknowns(count, width, inDim, equation), width, count, pause);
    return { first: qr.solveR(qr.applyQTransposed(wanted)), factors, conditionNumber: qr.conditionNumber() };
  }
  const qr = await orthogonalize(formEquations(count, width, inDim, equation), count, width, pause);
  let first: Float64Array = new Float64Array(width);
  // The second and third time on what the first left: rounding is all that remains.
  for (let round = 0; round < 3; round++) {
    const remains = Float64Array.from(
      computed(problem, first).flatMap((row, at) => [...row].map((value, i) => rows[at]!.values[i]! - value)),
    );
    const step = qr.applyQ(padded(qr.solveRTransposed(remains), width));
    first = first.map((value, k) => value + step[k]!);
  }
  return { first, factors, conditionNumber: qr.conditionNumber() };
}

/** The coefficient of unknown k in the equation for weight i of row `at`. */
type Equation = (at: number, i: number) => (k: number) => number;

/** Coefficients, an equation a row. */
function formEquations(count: number, width: number, perRow: number, equation: Equation): Float64Array {
  checkSize(count, width);
  const matrix = new Float64Array(count * width);
  for (let e = 0; e < count; e++) {
    const coefficient = equation(Math.floor(e / perRow), e % perRow);
    for (let k = 0; k < width; k++) matrix[e * width + k] = coefficient(k);
  }
  return matrix;
}

/** Coefficients, an unknown a row. */
function formUnknowns(count: number, width: number, perRow: number, equation: Equation): Float64Array {
  return transposed(formEquations(count, width, perRow, equation), count, width);
}

function checkSize(count: number, width: number): void {
  if (count * width <= mostNumbers) return;
  throw new TenfoldError("config", {
    where: "norm reconstruct",
    expected: `at most ${mostNumbers} coefficients where the width leaves no slack`,
    found: `${count} x ${width}`,
    hint: `take --width-factor ${slackForGradients} or more, which needs no matrix`,
  });
}

function padded(values: Float64Array, length: number): Float64Array {
  const out = new Float64Array(length);
  out.set(values);
  return out;
}

/** The plain system as products with B and A, on all cores. */
function onEngine({ rows, frozen }: Problem): LinearOperator & { dispose(): Promise<void> } {
  const { inDim, width } = frozen;
  const count = rows.length;
  const through = new Float64Array(count * width);
  for (const [at, { index }] of rows.entries()) through.set(secondRow(frozen, index), at * width);
  const b = hostTensor(through, [count, width]);
  const bTurned = hostTensor(transposed(through, count, width), [width, count]);
  const a = hostTensor(frozen.first, [width, inDim]);
  const forward = compile((x: Tensor, left: Tensor, right: Tensor) => matmul(mul(left, x), right));
  const backward = compile((y: Tensor, left: Tensor, right: Tensor) => sum(mul(matmul(left, y), right), 1));
  return {
    apply: async (x) => (await forward(hostTensor(x, [1, width]), b, a)).data as Float64Array,
    applyTransposed: async (y) => (await backward(hostTensor(y, [count, inDim]), bTurned, a)).data as Float64Array,
    async dispose() {
      await forward.dispose();
      await backward.dispose();
    },
  };
}

/**
 * Each row only up to a factor, which the second norm gives: for all i but the row's largest i0,
 * sum over k of B_jk (A_ki - W_ji / W_ji0 A_ki0) first_k = 0. The solution is a vector across all equations.
 */
async function solveMinimal(problem: Problem, pause: Pause | undefined): Promise<Solved> {
  const { rows, frozen, columns } = problem;
  const { inDim, width } = frozen;
  const leads = rows.map(({ values }) => {
    let lead = 0;
    for (const [i, value] of values.entries()) if (Math.abs(value) > Math.abs(values[lead]!)) lead = i;
    return lead;
  });
  const perRow = inDim - 1;
  const count = rows.length * perRow;
  const equation: Equation = (at, place) => {
    const { index, values } = rows[at]!;
    const lead = leads[at]!;
    const i = place < lead ? place : place + 1;
    const ratio = values[i]! / values[lead]!;
    const through = secondRow(frozen, index);
    return (k) => through[k]! * (columns[i * width + k]! - ratio * columns[lead * width + k]!);
  };
  const { vector, conditionNumber } = await acrossAll(count, width, perRow, equation, pause);
  const found = computed(problem, vector);
  const factors = rows.map(({ values }, at) => {
    const row = found[at]!;
    const size = row.reduce((total, value) => total + value * value, 0);
    return size === 0 ? 0 : row.reduce((total, value, i) => total + value * values[i]!, 0) / size;
  });
  // Share the size between both norms, by a power of two that changes no digit.
  const logs = factors.filter((factor) => factor !== 0).map((factor) => Math.log2(Math.abs(factor)));
  const balance = logs.length === 0 ? 1 : 2 ** Math.round(logs.reduce((total, log) => total + log, 0) / logs.length);
  return {
    first: vector.map((value) => value * balance),
    factors: factors.map((factor) => factor / balance),
    conditionNumber,
  };
}

/** A vector that solves all equations with 0 on the right; the one that comes closest where there is none. */
async function acrossAll(
  count: number,
  width: number,
  perRow: number,
  equation: Equation,
  pause: Pause | undefined,
): Promise<{ vector: Float64Array; conditionNumber: number }> {
  if (count === 0) return { vector: new Float64Array(width).fill(1), conditionNumber: 1 };
  if (count < width) {
    const matrix = formEquations(count, width, perRow, equation);
    const qr = await orthogonalize(matrix.slice(), count, width, pause);
    const start = new Float64Array(width).fill(1, count);
    let vector = qr.applyQ(start);
    for (let round = 0; round < 2; round++) {
      const remains = new Float64Array(count);
      for (let e = 0; e < count; e++) {
        for (let k = 0; k < width; k++) remains[e]! += matrix[e * width + k]! * vector[k]!;
      }
      const step = qr.applyQ(padded(qr.solveRTransposed(remains), width));
      vector = vector.map((value, k) => value - step[k]!);
    }
    return { vector, conditionNumber: qr.conditionNumber() };
  }
  // Inverse iteration: the direction in which the equations say least.
  const square = count === width;
  const qr = square
    ? await orthogonalize(formEquations(count, width, perRow, equation), count, width, pause)
    : await orthogonalize(formUnknowns(count, width, perRow, equation), width, count, pause);
  let y: Float64Array = Float64Array.from({ length: width }, (_, i) => 1 + 0.5 * Math.sin(12.9898 * (i + 1)));
  for (let step = 0; step < 50; step++) {
    y = square ? qr.solveRTransposed(qr.solveR(y)) : qr.solveR(qr.solveRTransposed(y));
    const size = Math.sqrt(y.reduce((total, value) => total + value * value, 0));
    y = y.map((value) => value / size);
  }
  return { vector: square ? qr.applyQ(y) : y, conditionNumber: qr.conditionNumber() };
}
