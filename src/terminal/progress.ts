import { SingleBar } from "cli-progress";

/** How far a long piece of work has come, shown while it runs. */
export interface Progress {
  /** `done` of the total is done; `note` says in a few words what goes on. Cheap: call it as often as you like. */
  update(done: number, note?: string): void;
  /** Takes the bar away. */
  stop(): void;
}

/** A {@link Progress} on a stream, of which lines printed elsewhere on the same terminal must take care. */
export interface ProgressDisplay extends Progress {
  /** Clears the bar's line before something else is written to the terminal; the bar comes back by itself. */
  hide(): void;
}

/** Seconds between two lines where there is no terminal. */
const lineInterval = 5;

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `45/100, 12.3/s, 5 s left`: the count and rate only where the total counts things, not for a fraction of 1. */
export function progressText(done: number, total: number, elapsedSeconds: number): string {
  const parts: string[] = [];
  const rate = elapsedSeconds > 0 ? done / elapsedSeconds : 0;
  if (total > 1) {
    parts.push(`${Math.floor(done)}/${total}`);
    if (rate > 0) parts.push(rate >= 1 ? `${rate.toPrecision(3)}/s` : `${formatSeconds(1 / rate)} each`);
  } else {
    parts.push(`${Math.floor((100 * done) / total)} %`);
  }
  // The first hundredths of a fraction hold what comes before the work, such as compiling it: their rate would foretell days.
  const foretells = total > 1 ? rate > 0 : done / total >= 0.02;
  if (foretells && done < total) parts.push(`${formatSeconds((total - done) / rate)} left`);
  return parts.join(", ");
}

/** A bar on a terminal. */
export function barProgress(stream: NodeJS.WriteStream, label: string, total: number): ProgressDisplay {
  const start = performance.now();
  const bar = new SingleBar({
    stream,
    barsize: 24,
    fps: 8,
    clearOnComplete: true,
    forceRedraw: true,
    gracefulExit: false,
    linewrap: null,
    format: (options, params, payload: { note: string }) => {
      const filled = Math.round(params.progress * (options.barsize ?? 0));
      const drawn = "█".repeat(filled) + "░".repeat((options.barsize ?? 0) - filled);
      const numbers = progressText(params.value, params.total, (performance.now() - start) / 1000);
      const line = `${label} ${drawn} ${numbers}${payload.note ? `  ${payload.note}` : ""}`;
      return line.slice(0, Math.max(20, (stream.columns || 80) - 1));
    },
  });
  bar.start(total, 0, { note: "" });
  return {
    update: (done, note) => bar.update(Math.min(done, total), note === undefined ? {} : { note }),
    hide: () => stream.write("\r\x1b[K"),
    stop: () => bar.stop(),
  };
}

/** A plain line now and then: for logs, where a bar would be noise. */
export function lineProgress(write: (line: string) => void, label: string, total: number): ProgressDisplay {
  const start = performance.now();
  let last = start;
  return {
    update(done, note) {
      const now = performance.now();
      if (now - last < lineInterval * 1000) return;
      last = now;
      write(`${label}: ${progressText(Math.min(done, total), total, (now - start) / 1000)}${note ? ` (${note})` : ""}`);
    },
    hide() {},
    stop() {},
  };
}
