import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError } from "../core/index.ts";
import { type Listening, listen } from "../http/index.ts";
import { type CommonOptions, openTerminal, untilStopped } from "../terminal/index.ts";
import { createStudio } from "./app.ts";

/** Nobody but this machine is served. */
const host = "127.0.0.1";
/** Ports tried after the one that is taken. */
const tries = 20;

/** The port, or the next one that is free. */
async function listenNear(
  app: ReturnType<typeof createStudio>,
  port: number,
  tell: (text: string) => void,
): Promise<Listening> {
  for (let next = port; ; next++) {
    try {
      return await listen(app, { port: next, host });
    } catch (error) {
      const isTaken = error instanceof ConfigError && (error.cause as NodeJS.ErrnoException)?.code === "EADDRINUSE";
      if (!isTaken || port === 0 || next === port + tries || next === 65535) throw error;
      tell(
        `port ${next} is taken, perhaps by another studio (\`ss -ltnp 'sport = :${next}'\` names the process); trying ${next + 1}`,
      );
    }
  }
}

/** `tenfold studio` */
export async function runStudio(
  { runs, port }: { readonly runs: string; readonly port: number },
  raw: CommonOptions,
  version: string,
): Promise<void> {
  const terminal = openTerminal(raw);
  const ended = new AbortController();
  const root = resolve(runs);
  const there = await stat(root).catch(() => undefined);
  if (there && !there.isDirectory()) {
    throw new ConfigError({ where: "--runs", expected: "a folder", found: `${runs}, a file` });
  }
  if (!there) terminal.warn(`${runs} is not there yet; runs are shown once there are any`);
  const listening = await listenNear(createStudio({ runs: root, version, signal: ended.signal }), port, terminal.warn);
  terminal.print(`${listening.url}  (runs in ${root}; Ctrl-C stops)`);
  terminal.result({ url: listening.url, runs: root });
  await untilStopped(terminal.signal);
  ended.abort();
  await listening.close();
}
