import { DivergenceError } from "../../core/index.ts";

/** The error of a made-up problem that is too large for float64 at the theorems' step. */
export function beyondNumbers(where: string, found: string): DivergenceError {
  const hint = "take a smaller --start, --smoothness, --intra or --inter";
  return new DivergenceError({ where, expected: "finite weights and objectives", found, hint });
}

/** `error`, where it is of a run that left the numbers in the words of {@link beyondNumbers}. */
export function asBeyondNumbers(error: unknown): unknown {
  return error instanceof DivergenceError ? beyondNumbers(error.where, error.found) : error;
}
