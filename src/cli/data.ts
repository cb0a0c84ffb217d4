import type { Command } from "commander";
import { z } from "zod";
import { addAction, type CommonOptions, openTerminal, type Progress } from "../terminal/index.ts";

const getSchema = z.object({
  dataDir: z.string().optional().describe("folder of data sets (default: the cache of the user)"),
});

/** Kilobytes, for the numbers of a progress bar. */
const kilo = (bytes: number) => Math.ceil(bytes / 1000);

async function listData(_: unknown, raw: CommonOptions): Promise<void> {
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

async function getData(name: string, { dataDir }: z.output<typeof getSchema>, raw: CommonOptions): Promise<void> {
  const { downloadSource } = await import("../data/index.ts");
  const terminal = openTerminal(raw);
  let current: { readonly file: string; readonly progress: Progress } | undefined;
  const folder = await downloadSource(name, {
    dir: dataDir,
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
  addAction(data, "list", {
    description: "names, contents and licences",
    schema: z.object({}),
    load: async () => listData,
  });
  addAction(data, "get <name>", {
    description: "download a data set and check its SHA-256",
    argumentHelp: { name: "a name that `tenfold data list` shows" },
    schema: getSchema,
    load: async () => getData,
  });
}
