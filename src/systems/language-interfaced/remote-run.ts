/** Runs whose model is at a service. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "../../core/index.ts";
import { readFileBytes, writeFileAtomic } from "../../storage/index.ts";
import type { FitConfig } from "./config.ts";
import type { LabelledRows } from "./examples.ts";
import type { Prediction } from "./predict.ts";
import { askChat, askCompletion, fineTuneRemotely, type RemoteService } from "./remote.ts";
import type { Row, Schema } from "./schema.ts";
import { readAnswer, type Template, writePrompt } from "./template.ts";
import { chatMessages, trainingLines } from "./training-rows.ts";

/** What remote.json says. The key is never kept. */
export interface RemoteRecord {
  readonly kind: "language-interfaced-remote";
  readonly url: string;
  readonly model: string;
  readonly rows: "chat" | "completion";
  readonly schema: Schema;
  readonly template: Template;
}

const recordFile = "remote.json";

/** Whether a folder holds such a run. */
export const isRemote = (folder: string): boolean => existsSync(join(folder, recordFile));

/** The service's key, from the environment. */
const keyOf = () => process.env.OPENAI_API_KEY;

/** Fine-tunes at a service and writes the run. */
export async function fitRemote(
  folder: string,
  config: FitConfig,
  { schema, template, data }: { readonly schema: Schema; readonly template: Template; readonly data: LabelledRows },
  around: { readonly seed: number; readonly signal: AbortSignal; readonly onStatus: (status: string) => void },
): Promise<RemoteRecord> {
  const { seed, signal, onStatus } = around;
  const url = String(config.remote);
  const lines = trainingLines(config.rows === "chat" ? "chat" : "prompt", template, schema, data);
  await writeFileAtomic(join(folder, "upload.jsonl"), lines);
  const service = { url, key: keyOf(), signal };
  const model = await fineTuneRemotely(service, {
    model: config.model,
    lines,
    epochs: config.epochs,
    seed,
    pollMs: 1000 * (config.pollSeconds ?? 10),
    onStatus,
  });
  const record: RemoteRecord = { kind: "language-interfaced-remote", url, model, rows: config.rows, schema, template };
  await writeFileAtomic(join(folder, recordFile), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

/** Reads such a run. */
export async function readRemote(folder: string): Promise<RemoteRecord> {
  const path = join(folder, recordFile);
  try {
    const record = JSON.parse(new TextDecoder().decode(await readFileBytes(path))) as RemoteRecord;
    if (record.kind === "language-interfaced-remote") return record;
  } catch {
    // Told below.
  }
  throw new RunError({ where: path, expected: "a record of lift fit --remote", found: "something else" });
}

/** What a service's model predicts of rows, one request a row, a few at a time. */
export async function predictRemotely(
  { url, model, rows: kind, schema, template }: RemoteRecord,
  rows: readonly Row[],
  { signal, progress }: { readonly signal?: AbortSignal; readonly progress?: (fraction: number) => void },
): Promise<Prediction[]> {
  const service: RemoteService = { url, key: keyOf(), ...(signal && { signal }) };
  const out: Prediction[] = [];
  const together = 8;
  for (let start = 0; start < rows.length; start += together) {
    const texts = await Promise.all(
      rows
        .slice(start, start + together)
        .map((row) =>
          kind === "chat"
            ? askChat(service, model, chatMessages(template, schema, row))
            : askCompletion(service, model, writePrompt(template, schema, row)),
        ),
    );
    for (const raw of texts) {
      const value = readAnswer(schema.target, raw);
      out.push({ value, valid: value !== undefined, raw: raw.trim() });
    }
    progress?.(out.length / rows.length);
  }
  return out;
}
