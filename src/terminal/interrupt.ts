import { once } from "node:events";

let controller: AbortController | undefined;

/**
 * A signal aborted by the first Ctrl-C, after which a second one exits with 130. The handler is the process's and installed
 * on first use: a command that never asks keeps Node's behaviour, where the first Ctrl-C ends it.
 */
export function interruptSignal(): AbortSignal {
  if (!controller) {
    const created = new AbortController();
    controller = created;
    process.on("SIGINT", () => {
      if (created.signal.aborted) process.exit(130);
      process.stderr.write("\nstopping; press Ctrl-C again to stop at once\n");
      created.abort();
    });
  }
  return controller.signal;
}

/** Resolves at Ctrl-C, which `signal` tells of, or at SIGTERM: for what runs until somebody ends it. */
export async function untilStopped(signal: AbortSignal): Promise<void> {
  await Promise.race([once(process, "SIGTERM"), signal.aborted || once(signal, "abort")]);
}
