/**
 * Errors as data: a stable code and the fields a reader needs; the sentence is made from them last.
 *
 * @module
 */

/** What an error says, field by field. */
export interface ErrorFields {
  /** Where it happened: a file and line, a configuration key, a parameter path, or an operation. */
  where: string;
  /** What would have been right. */
  expected: string;
  /** What was there instead. */
  found: string;
  /** What to do about it. */
  hint?: string;
  cause?: unknown;
}

/**
 * Base of every error that Tenfold throws on purpose. Its message is
 * `WHERE: expected EXPECTED, found FOUND. Hint: HINT`.
 *
 * The command line prints the message of a `TenfoldError` as one line and exits with 2 (the user's input);
 * anything else is our fault and exits with 1.
 */
export class TenfoldError extends Error {
  /** Stable identifier of the kind of error, for programs. */
  readonly code: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly hint: string | undefined;

  constructor(code: string, fields: ErrorFields) {
    const { where, expected, found, hint, cause } = fields;
    super(`${where}: expected ${expected}, found ${found}${hint ? `. Hint: ${hint}` : ""}`, { cause });
    this.name = new.target.name;
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.found = found;
    this.hint = hint;
  }
}

/** A tensor or parameter of another shape or dtype than the operation takes. */
export class ShapeError extends TenfoldError {
  constructor(fields: ErrorFields) {
    super("shape", fields);
  }
}

/** An option or configuration value outside its range. */
export class ConfigError extends TenfoldError {
  constructor(fields: ErrorFields) {
    super("config", fields);
  }
}

/** A file or row that cannot be read as what it should be. */
export class DataError extends TenfoldError {
  constructor(fields: ErrorFields) {
    super("data", fields);
  }
}

/** A run folder, checkpoint or output that cannot be written, read or continued. */
export class RunError extends TenfoldError {
  constructor(fields: ErrorFields) {
    super("run", fields);
  }
}

/** A computation that left the numbers: a loss or gradient that is NaN or infinite. */
export class DivergenceError extends TenfoldError {
  constructor(fields: ErrorFields) {
    super("divergence", fields);
  }
}

/** Training that has driven a part of the model to zero. */
export class CollapseError extends TenfoldError {
  constructor(fields: ErrorFields) {
    super("collapse", fields);
  }
}

/** Throws an "internal:" error where a condition that the code guarantees does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}
