/** Fine-tuning by a service that speaks OpenAI's protocol: files, fine-tuning jobs, completions. @module */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { RunError } from "../../core/index.ts";

/** Where a service is. */
export interface RemoteService {
  /** Such as `https://api.openai.com/v1`. */
  readonly url: string;
  readonly key: string | undefined;
  readonly signal?: AbortSignal;
}

const fileSchema = z.object({ id: z.string() });
const jobSchema = z.object({
  id: z.string(),
  status: z.string(),
  fine_tuned_model: z.string().nullish(),
  error: z.object({ message: z.string().nullish() }).nullish(),
});
const chatSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })).min(1),
});
const textSchema = z.object({ choices: z.array(z.object({ text: z.string() })).min(1) });

/** A request, its answer checked; failures say what the service said. */
async function ask<T extends z.ZodType>(
  { url, key, signal }: RemoteService,
  path: string,
  schema: T,
  request: { readonly method?: string; readonly body?: FormData | string } = {},
): Promise<z.output<T>> {
  const where = `${url.replace(/\/$/, "")}${path}`;
  const headers: Record<string, string> = {
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(typeof request.body === "string" && { "content-type": "application/json" }),
  };
  let response: Response;
  try {
    response = await fetch(where, {
      method: request.method ?? "GET",
      headers,
      ...(request.body !== undefined && { body: request.body }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new RunError({ where, expected: "an answer", found, hint: "check the address", cause: error });
  }
  const text = await response.text();
  if (!response.ok) {
    const hint = response.status === 401 ? "set OPENAI_API_KEY" : undefined;
    throw new RunError({ where, expected: "success", found: `${response.status}: ${text.slice(0, 200)}`, hint });
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new RunError({ where, expected: "an answer of OpenAI's protocol", found: text.slice(0, 200) });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a job is asked for. */
export interface RemoteJob {
  readonly model: string;
  readonly lines: string;
  readonly epochs: number | undefined;
  readonly seed: number;
  readonly pollMs: number;
  readonly onStatus: (status: string) => void;
}

/**
 * Uploads training rows, starts a fine-tuning job and waits for its end. On an abort the job is cancelled.
 *
 * @returns the name of the fine-tuned model
 * @throws {RunError} where the service cannot be reached, refuses, or the job fails
 */
export async function fineTuneRemotely(service: RemoteService, job: RemoteJob): Promise<string> {
  const form = new FormData();
  form.append("purpose", "fine-tune");
  form.append("file", new Blob([job.lines], { type: "application/jsonl" }), "train.jsonl");
  const file = await ask(service, "/files", fileSchema, { method: "POST", body: form });
  const body = JSON.stringify({
    model: job.model,
    training_file: file.id,
    seed: Math.abs(job.seed) % 2 ** 31,
    method: {
      type: "supervised",
      supervised: { hyperparameters: job.epochs === undefined ? {} : { n_epochs: job.epochs } },
    },
  });
  let state = await ask(service, "/fine_tuning/jobs", jobSchema, { method: "POST", body });
  const path = `/fine_tuning/jobs/${encodeURIComponent(state.id)}`;
  try {
    while (!["succeeded", "failed", "cancelled"].includes(state.status)) {
      job.onStatus(state.status);
      await sleep(job.pollMs, undefined, service.signal ? { signal: service.signal } : {});
      state = await ask(service, path, jobSchema);
    }
  } catch (error) {
    if (service.signal?.aborted) {
      const { url, key } = service;
      await ask({ url, key }, `${path}/cancel`, jobSchema, { method: "POST" }).catch(() => {});
    }
    throw error;
  }
  if (state.status === "succeeded" && state.fine_tuned_model) return state.fine_tuned_model;
  const found = `${state.status}${state.error?.message ? `: ${state.error.message}` : ""}`;
  throw new RunError({ where: `${service.url}${path}`, expected: "a job that succeeds", found });
}

/** What a service's model answers to messages. */
export async function askChat(service: RemoteService, model: string, messages: readonly unknown[]): Promise<string> {
  const body = JSON.stringify({ model, messages, temperature: 0, max_tokens: 16 });
  const { choices } = await ask(service, "/chat/completions", chatSchema, { method: "POST", body });
  return choices[0]!.message.content ?? "";
}

/** How a service's model goes on from a prompt. */
export async function askCompletion(service: RemoteService, model: string, prompt: string): Promise<string> {
  const body = JSON.stringify({ model, prompt, temperature: 0, max_tokens: 16, stop: ["@@@"] });
  const { choices } = await ask(service, "/completions", textSchema, { method: "POST", body });
  return choices[0]!.text;
}
