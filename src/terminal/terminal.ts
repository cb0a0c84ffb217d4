import { assert } from "../core/index.ts";
import { interruptSignal } from "./interrupt.ts";
import { barProgress, lineProgress, type Progress, type ProgressDisplay } from "./progress.ts";
import { type Column, formatTable } from "./table.ts";

/** Where a command's words and numbers go: results to standard output, everything about them to standard error. */
export interface Terminal {
  /** Whether `--json` was given. */
  readonly json: boolean;
  /** A note on standard error; nothing with `--quiet`. */
  info(text: string): void;
  /** A warning on standard error; nothing with `--quiet`. */
  warn(text: string): void;
  /** A line of the result on standard output; nothing with `--json`. */
  print(text: string): void;
  /** A table of the result on standard output; nothing with `--json`. See {@link formatTable}. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void;
  /**
   * Shows progress on standard error: a bar with rate and time left on a terminal, a line at most every 5 seconds elsewhere,
   * nothing with `--quiet`. One at a time.
   *
   * @param total - what `done` counts to; 1 for a fraction
   */
  progress(label: string, total: number): Progress;
  /**
   * The whole result, printed as one JSON document with `--json` and not at all without. Call it once.
   *
   * @throws where a number in it is NaN or infinite, which JSON cannot say
   */
  result(document: unknown): void;
  /** Aborted by the first Ctrl-C; the second ends the process at once with exit code 130. */
  readonly signal: AbortSignal;
}

function stringify(document: unknown): string {
  const text = JSON.stringify(
    document,
    function (this: unknown, key, value: unknown) {
      const finite = typeof value !== "number" || Number.isFinite(value);
      assert(finite, `result holds ${String(value)} at key "${key}", which JSON cannot say`);
      return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
    },
    2,
  );
  assert(text !== undefined, "result is undefined");
  return text;
}

/**
 * Opens the terminal for one command.
 *
 * @param raw - the command's options, of which `json` and `quiet` count
 * @example
 * ```ts
 * const terminal = openTerminal(raw);
 * const progress = terminal.progress("epochs", 10);
 * for (let epoch = 1; epoch <= 10 && !terminal.signal.aborted; epoch++) progress.update(epoch);
 * progress.stop();
 * terminal.result({ epochs: 10 });
 * ```
 */
export function openTerminal(raw: { readonly json?: boolean; readonly quiet?: boolean }): Terminal {
  const json = raw.json === true;
  const quiet = raw.quiet === true;
  const none: ProgressDisplay = { update() {}, hide() {}, stop() {} };
  let shown = none;
  let hasResult = false;
  const write = (stream: NodeJS.WriteStream, text: string) => {
    shown.hide();
    stream.write(`${text}\n`);
  };
  const note = (text: string) => {
    if (!quiet) write(process.stderr, text);
  };
  const print = (text: string) => {
    if (!json) write(process.stdout, text);
  };
  return {
    json,
    info: note,
    warn: (text) => note(`warning: ${text}`),
    print,
    table: (rows, columns) => print(formatTable(rows, columns)),
    progress(label, total) {
      if (quiet) return none;
      shown.stop();
      const display = process.stderr.isTTY
        ? barProgress(process.stderr, label, total)
        : lineProgress((line) => process.stderr.write(`${line}\n`), label, total);
      shown = display;
      return {
        update: display.update,
        stop() {
          display.stop();
          if (shown === display) shown = none;
        },
      };
    },
    result(document) {
      assert(!hasResult, "a command has one result");
      hasResult = true;
      if (json) write(process.stdout, stringify(document));
    },
    get signal() {
      return interruptSignal();
    },
  };
}
