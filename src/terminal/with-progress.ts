import type { WorkHooks } from "../core/index.ts";
import type { Terminal } from "./terminal.ts";

/** Runs `work` under a progress bar that is taken away at the end; Ctrl-C aborts its signal. */
export async function withProgress<T>(
  terminal: Terminal,
  label: string,
  work: (hooks: Required<WorkHooks>) => Promise<T>,
): Promise<T> {
  const progress = terminal.progress(label, 1);
  try {
    return await work({ progress: (fraction) => progress.update(fraction), signal: terminal.signal });
  } finally {
    progress.stop();
  }
}
