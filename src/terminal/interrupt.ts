import { once } from "node:events";

let controller: AbortController | undefined;

/**
 * A signal aborted by the first Ctrl-C, or SIGTERM, with which schedulers stop a job; a second one ends the process at once. The
 * handlers are the process's and installed on first use: a command that never asks keeps Node's behaviour, where the first ends it.
 */
export function interruptSignal(): AbortSignal {
  if (!controller) {
    const created = new AbortController();
    controller = created;
    const stop = (code: number, message: string) => () => {
      if (created.signal.aborted) process.exit(code);
      process.stderr.write(message);
      created.abort();
    };
    process.on("SIGINT", stop(130, "\nstopping; press Ctrl-C again to stop at once\n"));
    process.on("SIGTERM", stop(143, "\nstopping\n"));
  }
  return controller.signal;
}

/** Resolves at Ctrl-C, which `signal` tells of, or at SIGTERM: for what runs until somebody ends it. */
export async function untilStopped(signal: AbortSignal): Promise<void> {
  await Promise.race([once(process, "SIGTERM"), signal.aborted || once(signal, "abort")]);
}
