import { Command } from "commander";
import { RunError, TenfoldError } from "../core/index.ts";

/** A message on one line, with what it quotes from files unable to move the cursor or to change colours. */
function printable(text: string): string {
  const code = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/\s*\n\s*/g, " ").replace(/[\x00-\x1f\x7f-\x9f]/g, code);
}

/**
 * Prints what went wrong as one line on standard error.
 *
 * @param error - whatever was thrown
 * @param debug - whether to print the stack too
 * @returns the exit code: 2 for a {@link TenfoldError} (the user's input), 130 for work stopped by Ctrl-C, 1 for anything else
 */
export function reportFailure(error: unknown, debug = false): 1 | 2 | 130 {
  const message = printable(error instanceof Error ? error.message : String(error));
  const stopped = error instanceof Error && error.name === "AbortError";
  const known = error instanceof TenfoldError;
  if (stopped) process.stderr.write("tenfold: stopped\n");
  else if (known) process.stderr.write(`tenfold: ${message}\n`);
  else process.stderr.write(`tenfold: internal error: ${message}${debug ? "" : ". Hint: --debug shows the stack"}\n`);
  if (debug && error instanceof Error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) process.stderr.write(`${at.stack}\n`);
  }
  return stopped ? 130 : known ? 2 : 1;
}

/** Ends the process quietly when the reader of standard output goes away (`tenfold … | head`). Call it once a process. */
export function exitOnClosedOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    const found = error.code === "ENOSPC" ? "no space left on the device" : error.message;
    process.exit(
      reportFailure(new RunError({ where: "standard output", expected: "room for the result", found, cause: error })),
    );
  });
}

/**
 * Makes a commander action of `fn`: what it throws becomes one line on standard error and the exit code of
 * {@link reportFailure}; the stack is shown with `--debug`.
 *
 * @example
 * ```ts
 * command.action(runAction(async (raw: CommonOptions) => openTerminal(raw).result({ seed: raw.seed })));
 * ```
 */
export function runAction<Args extends unknown[]>(
  fn: (...args: Args) => void | Promise<void>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    try {
      await fn(...args);
    } catch (error) {
      const command = args.at(-1);
      const debug = command instanceof Command && command.optsWithGlobals<{ debug?: boolean }>().debug === true;
      process.exitCode = reportFailure(error, debug);
    }
  };
}
