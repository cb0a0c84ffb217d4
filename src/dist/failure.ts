/** Errors that cross from a thread or a machine to another, as data. @module */
import { z } from "zod";
import {
  CollapseError,
  ConfigError,
  DataError,
  DivergenceError,
  type ErrorFields,
  RunError,
  ShapeError,
  TenfoldError,
} from "../core/index.ts";

/** An error's fields, as plain JSON; without a code it is one of ours. */
export interface Failure {
  readonly code?: string | undefined;
  readonly fields: ErrorFields;
}

const failureSchema = z.object({
  code: z.string().optional(),
  fields: z.object({ where: z.string(), expected: z.string(), found: z.string(), hint: z.string().optional() }),
});

const kinds: Readonly<Record<string, new (fields: ErrorFields) => TenfoldError>> = {
  collapse: CollapseError,
  config: ConfigError,
  data: DataError,
  divergence: DivergenceError,
  run: RunError,
  shape: ShapeError,
};

/** `error` as data. */
export function toFailure(error: unknown): Failure {
  if (error instanceof TenfoldError) {
    const { code, where, expected, found, hint } = error;
    return { code, fields: { where, expected, found, ...(hint !== undefined && { hint }) } };
  }
  const found = error instanceof Error ? error.message : String(error);
  return { fields: { where: "worker", expected: "a share", found } };
}

/** The error that `failure` was. */
export function fromFailure({ code, fields }: Failure): Error {
  const Kind = kinds[code ?? ""];
  return Kind ? new Kind(fields) : new Error(`internal: ${fields.found}`);
}

/** The error that `text` holds as a {@link Failure}; text that is none is the error's message. */
export function fromFailureText(text: string): Error {
  try {
    return fromFailure(failureSchema.parse(JSON.parse(text)));
  } catch {
    return new Error(text);
  }
}

/** Whether computing again, here or elsewhere, would fail alike: the numbers or the options are at fault. */
export function isFinal(error: unknown): boolean {
  return error instanceof TenfoldError && !(error instanceof DataError || error instanceof RunError);
}

/** One line that says what went wrong, without what to do about it. */
export function messageOf(error: unknown): string {
  if (error instanceof TenfoldError) return `${error.where}: expected ${error.expected}, found ${error.found}`;
  return error instanceof Error ? error.message : String(error);
}

/** The error of a round that too few workers came through. */
export function roundFailure(
  round: number,
  failures: ReadonlyMap<number, unknown>,
  { workers, quorum }: { readonly workers: number; readonly quorum: number },
): Error {
  const [[worker, first] = [0, new Error("no worker answered")]] = failures;
  // With a single reason the error is that reason: it says where in the round it happened.
  if (first instanceof TenfoldError && quorum === workers) return first;
  const found = [...failures].map(([m, error]) => `worker ${m}: ${messageOf(error)}`).join("; ");
  return new RunError({
    where: `round ${round}`,
    expected: quorum === workers ? `a share of each of ${workers} workers` : `shares of at least ${quorum} workers`,
    found: found || `worker ${worker}: ${messageOf(first)}`,
    hint: first instanceof TenfoldError ? first.hint : undefined,
    cause: first,
  });
}
