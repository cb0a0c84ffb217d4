import { serveUntilStopped } from "../../http/index.ts";
import { requireOutside } from "../../storage/index.ts";
import { type CommonOptions, openTerminal } from "../../terminal/index.ts";
import { writeBundle } from "./bundle.ts";
import type { ExportConfig, ServeConfig } from "./config.ts";
import { readRun } from "./run-folder.ts";
import { recommendService } from "./service.ts";
import { openServed } from "./serving.ts";

/** `tenfold recommend export` */
export async function runExport(path: string, { onnx, force }: ExportConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const run = await readRun(path);
  await requireOutside(onnx, path);
  const files = await writeBundle(run, onnx, force);
  terminal.print(`written to ${onnx}: ${files.join(", ")}`);
  terminal.result({ onnx, files });
}

/** `tenfold recommend serve` */
export async function runServe(path: string, config: ServeConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { port, host, maxBodyBytes } = config;
  const served = await openServed(path);
  const app = recommendService(path, served.answerer, { maxBodyBytes });
  await serveUntilStopped(app, { port, host, terminal });
  await served.dispose();
}
