/** A run in one line: what it is, how far it came, its main figure. Reads the ends of files, never all of them. @module */
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { RunLock } from "../../train/index.ts";
import type { FoundRun } from "./find-runs.ts";
import { isObject, type Json, parseJsonLines } from "./json-lines.ts";

/** Whether a run came to its end, is being written, or was left in the middle. */
export type RunState = "finished" | "running" | "stopped";

/** A run as the list shows it. */
export interface RunSummary {
  readonly id: string;
  /** The command of its room; null for reports and for `tenfold train` in the ordinary order. */
  readonly room: string | null;
  /** Such as `mlp on digits, order ff-rr`. */
  readonly what: string;
  readonly state: RunState;
  /** When a file of it last changed, ISO 8601. */
  readonly changed: string;
  readonly seed: number | null;
  /** How far training came; null where nothing is trained in steps. */
  readonly step: number | null;
  readonly epoch: number | null;
  readonly epochs: number | null;
  /** The figure that says most, such as accuracy on the test part. */
  readonly figure: { readonly name: string; readonly value: number } | null;
  /** Whether there is a metrics.jsonl. */
  readonly hasMetrics: boolean;
  /** Whether it is the report of `tenfold reproduce`. */
  readonly reportsClaims: boolean;
}

/** Enough for the last lines of metrics.jsonl. */
const tailBytes = 8192;

const objectIn = (value: Json, key: string): Json => {
  const inner = value[key];
  return isObject(inner) ? inner : {};
};
const numberIn = (value: Json, key: string): number | null => {
  const inner = value[key];
  return typeof inner === "number" ? inner : null;
};
const textIn = (value: Json, key: string): string | null => {
  const inner = value[key];
  return typeof inner === "string" ? inner : null;
};

/** A JSON object from a file; empty where there is none, or another thing. */
export async function readJson(path: string): Promise<Json> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** The objects in the last lines of a file of JSON lines, oldest first; half lines at either end are left out. */
async function lastLines(path: string): Promise<Json[]> {
  const file = await open(path).catch(() => undefined);
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(tailBytes), 0, tailBytes, start);
    const text = buffer.toString("utf8", 0, bytesRead);
    return parseJsonLines(start > 0 ? text.slice(text.indexOf("\n") + 1) : text);
  } finally {
    await file.close();
  }
}

/** Figures that may be the main one of a line of metrics, the first that is there. */
const mainFigures = [
  ["accuracy", "accuracy"],
  ["testAccuracy", "accuracy"],
  ["score", "recall"],
  ["suboptimality", "suboptimality"],
  ["objective", "objective"],
  ["loss", "loss"],
] as const;

function mainFigure(lines: readonly Json[]): RunSummary["figure"] {
  const validation = lines.filter(({ kind }) => kind === "validation").at(-1);
  const last = validation ?? lines.filter(({ kind }) => kind === "epoch").at(-1) ?? lines.at(-1);
  if (!last) return null;
  for (const [key, name] of mainFigures) {
    const value = numberIn(last, key);
    if (value !== null) return { name, value };
  }
  return null;
}

/** What a record says of the run that it belongs to. */
type Told = Partial<Pick<RunSummary, "room" | "what" | "seed" | "epochs" | "figure">>;

function tellTraining(record: Json): Told {
  const model = textIn(record, "model") ?? "model";
  const order = textIn(record, "order") ?? "rr";
  const on = `${model} on ${textIn(record, "data") ?? "data"}`;
  const seed = numberIn(record, "seed");
  const epochs = numberIn(record, "epochs");
  if ("lowRank" in record)
    return { room: "lowrank", what: `${on}, ${textIn(record, "method") ?? "low rank"}`, seed, epochs };
  if ("normTuning" in record)
    return { room: "norm", what: `${on}, trains ${textIn(record, "choice") ?? "norms"}`, seed, epochs };
  if ("weights" in record && "keep" in record)
    return { room: "subnet", what: `${on}, mask by ${textIn(record, "method") ?? "scores"}`, seed, epochs };
  return { room: order === "rr" ? null : "order", what: `${on}, order ${order}`, seed, epochs };
}

function tellRun(record: Json): Told {
  if (Object.keys(record).length === 0) return { what: "a run.json that cannot be read" };
  if ("local" in record) {
    const { config, seed } = objectIn(record, "local") as { config?: unknown; seed?: unknown };
    const told = isObject(config) ? config : {};
    const what = textIn(told, "task") ?? `${textIn(told, "model") ?? "model"} on ${textIn(told, "data") ?? "data"}`;
    const workers = numberIn(told, "workers");
    return {
      room: "local",
      what: `${what}, ${textIn(told, "method") ?? "local SGD"}, ${workers ?? "?"} workers`,
      seed: typeof seed === "number" ? seed : null,
      epochs: numberIn(told, "epochs"),
    };
  }
  const seed = numberIn(record, "seed");
  const config = objectIn(record, "config");
  if (record.kind === "generative-retrieval") {
    return {
      room: "recommend",
      what: `${textIn(config, "ids")} IDs, ${textIn(config, "preset")} model`,
      seed,
      epochs: numberIn(config, "epochs"),
    };
  }
  if (record.kind === "word-translation") {
    const mutual = numberIn(objectIn(record, "diagnosis"), "mutualRate");
    return {
      room: "translate",
      what: `dictionary, start: ${textIn(record, "start") ?? "unknown"}`,
      seed,
      figure: mutual === null ? null : { name: "mutual", value: mutual },
    };
  }
  return tellTraining(record);
}

function tellCertificate(record: Json): Told {
  const error = numberIn(record, "measuredError");
  const figure = error === null ? null : { name: "error", value: error };
  const seed = numberIn(record, "seed");
  if (record.format === "tenfold norm reconstruction")
    return { room: "norm", what: `target rebuilt by norms, ${textIn(record, "domain")}`, seed, figure };
  return { room: "subnet", what: `target found in signs, ${textIn(record, "domain")}`, seed, figure };
}

function tellLift(record: Json): Told {
  const recipe = objectIn(record, "recipe");
  const score = objectIn(objectIn(record, "heldOut"), "score");
  const accuracy = numberIn(score, "accuracy");
  const rae = numberIn(score, "rae");
  const figure =
    accuracy !== null ? { name: "accuracy", value: accuracy } : rae !== null ? { name: "rae", value: rae } : null;
  return {
    room: "lift",
    what: `${textIn(recipe, "target") ?? "a column"} from a table, ${textIn(record, "tune") ?? ""}`.replace(/, $/, ""),
    seed: numberIn(record, "seed"),
    figure,
  };
}

function tellReport(record: Json): Told {
  const rooms = Array.isArray(record.rooms) ? (record.rooms as { claims?: { status?: string }[] }[]) : [];
  const claims = rooms.flatMap((room) => room.claims ?? []);
  const holding = claims.filter(({ status }) => status === "holds").length;
  return {
    room: null,
    what: `claims of ${rooms.length} ${rooms.length === 1 ? "room" : "rooms"}, ${holding} of ${claims.length} hold`,
    figure: claims.length === 0 ? null : { name: "hold", value: holding / claims.length },
  };
}

async function tell({ path, mark }: FoundRun): Promise<Told> {
  switch (mark) {
    case "run.json":
      return tellRun(await readJson(join(path, "run.json")));
    case "lift.json":
      return tellLift(await readJson(join(path, "lift.json")));
    case "certificate.json":
      return tellCertificate(await readJson(join(path, "certificate.json")));
    case "report":
      return tellReport(await readJson(join(path, "report.json")));
    case "network file":
      return { room: "memorize", what: "a table known by heart" };
  }
}

/** When a file last changed, in milliseconds; 0 where there is none. */
async function changedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

/** The line of a run, or undefined where it is gone. */
export async function summarize(run: FoundRun): Promise<RunSummary | undefined> {
  const { id, path, mark } = run;
  const metrics = join(path, mark === "lift.json" ? "training/train/metrics.jsonl" : "metrics.jsonl");
  const isFile = mark === "network file";
  const [told, lines, ownChange, metricsChange, reportChange] = await Promise.all([
    tell(run),
    isFile ? [] : lastLines(metrics),
    changedAt(isFile ? path : join(path, mark === "report" ? "report.json" : mark)),
    isFile ? 0 : changedAt(metrics),
    isFile ? 0 : changedAt(join(path, "report.json")),
  ]);
  if (ownChange === 0) return undefined;
  const changed = Math.max(ownChange, metricsChange, reportChange);
  const written = mark !== "run.json" || reportChange > 0 || told.room === "translate";
  const last = lines.at(-1);
  return {
    id,
    room: told.room ?? null,
    what: told.what ?? "",
    state: !isFile && RunLock.isHeld(path) ? "running" : written ? "finished" : "stopped",
    changed: new Date(changed).toISOString(),
    seed: told.seed ?? null,
    step: last ? numberIn(last, "step") : null,
    epoch: last ? numberIn(last, "epoch") : null,
    epochs: told.epochs ?? null,
    figure: told.figure ?? mainFigure(lines),
    hasMetrics: metricsChange > 0,
    reportsClaims: mark === "report",
  };
}
