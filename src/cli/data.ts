import type { Command } from "commander";
import { addCommonOptions, type CommonOptions, openTerminal, type Progress, runAction } from "../terminal/index.ts";

/** Kilobytes, for the numbers of a progress bar. */
const kilo = (bytes: number) => Math.ceil(bytes / 1000);

async function listData(raw: CommonOptions): Promise<void> {
  const { listSources } = await import("../data/index.ts");
  const terminal = openTerminal(raw);
  const sources = listSources().map(({ name, title, licence, homepage }) => ({ name, title, licence, homepage }));
  terminal.table(sources, [
    { header: "name", value: (source) => source.name },
    { header: "what it is", value: (source) => source.title, maxWidth: 36 },
    { header: "licence", value: (source) => source.licence, maxWidth: 34 },
  ]);
  terminal.result(sources);
}

async function getData(name: string, raw: CommonOptions & { readonly dataDir?: string }): Promise<void> {
  const { downloadSource } = await import("../data/index.ts");
  const terminal = openTerminal(raw);
  let current: { readonly file: string; readonly progress: Progress } | undefined;
  const folder = await downloadSource(name, {
    dir: raw.dataDir,
    signal: terminal.signal,
    onProgress({ file, received, total }) {
      if (total === undefined) return;
      if (current?.file !== file) {
        current?.progress.stop();
        current = { file, progress: terminal.progress(`${file} (kB)`, kilo(total)) };
      }
      current.progress.update(kilo(received));
    },
  }).finally(() => current?.progress.stop());
  terminal.print(folder);
  terminal.result({ name, folder });
}

/** `tenfold data`: the public data sets known by name, and fetching them. */
export function registerData(program: Command): void {
  const data = program.command("data").description("list the public data sets known by name, and fetch them");
  const list = addCommonOptions(data.command("list").description("names, contents and licences"));
  list.action(runAction(listData));
  const get = addCommonOptions(data.command("get").description("download a data set and check its SHA-256"));
  get.argument("<name>", "a name that `tenfold data list` shows");
  get.option("--data-dir <dir>", "folder of data sets (default: the cache of the user)");
  get.action(runAction(getData));
}
