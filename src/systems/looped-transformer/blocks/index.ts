/** The functions that every FLEQ machine has. @module */
import type { FunctionBlock } from "../function-block.ts";
import { add, multiply, subtract } from "./arithmetic.ts";
import { matmul, transpose } from "./matrices.ts";
import { divide, sigmoid, squareRoot } from "./scalars.ts";

/** Sum, difference, product, quotient, root, sigmoid, transposition, matrix product. */
export const standardBlocks: readonly FunctionBlock[] = [
  add,
  subtract,
  multiply,
  divide,
  squareRoot,
  sigmoid,
  transpose,
  matmul,
];
