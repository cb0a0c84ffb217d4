/**
 * What a training run leaves on disk, and how it goes on from there.
 *
 * ```
 * run.json            what is trained, on which data, from which seed
 * metrics.jsonl       a line for every reported step and evaluation: the same bytes for the same run
 * checkpoints/        step-….safetensors, and index.json with their hashes
 * events.out.…        the same metrics for TensorBoard
 * model.onnx          the trained model
 * report.json         the last figures, and how long it took
 * lock                the process that is at it, while there is one
 * ```
 *
 * @module
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type HostTensor, RunError, schemaProblem } from "../core/index.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  ensureEmptyDirectory,
  readFileBytes,
  sha256,
  TensorBoardWriter,
  writeFailure,
  writeFileAtomic,
} from "../storage/index.ts";
import { RunLock } from "./run-lock.ts";

/** Version of the layout above. A folder of another version is refused. */
const layoutVersion = 1;

/** What identifies a run: a folder goes on only with the same. Values are compared as JSON. */
export type RunIdentity = Readonly<Record<string, unknown>>;

/** A checkpoint: tensors by name, and JSON-safe facts. */
export interface Checkpoint {
  readonly step: number;
  readonly tensors: Readonly<Record<string, HostTensor>>;
  readonly facts: Readonly<Record<string, unknown>>;
}

const identitySchema = z.record(z.string(), z.unknown());

const indexSchema = z.array(
  z.object({ file: z.string().regex(/^[\w.-]+$/), step: z.int().nonnegative(), sha256: z.string() }),
);

const metricsLineSchema = z.object({ step: z.number() });

/** How many checkpoints stay. */
const kept = 3;

/** An open run folder. */
export class RunFolder {
  readonly path: string;
  readonly #lock: RunLock | undefined;
  #events: TensorBoardWriter | undefined;

  private constructor(path: string, lock?: RunLock) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Starts a run in a new folder, which is this process's until {@link close}.
   *
   * @param options - `goOn`: how a run that is there is gone on with, in the words of the command that asks
   * @throws {RunError} where the folder holds something and `force` is not set, another process is at it, or it cannot be written
   */
  static async create(
    path: string,
    identity: RunIdentity,
    { force = false, goOn = "with --resume" }: { readonly force?: boolean; readonly goOn?: string } = {},
  ): Promise<RunFolder> {
    if (!force && existsSync(join(path, "run.json"))) {
      const hint = `go on with it ${goOn}, replace it with --force, or choose another folder`;
      throw new RunError({ where: path, expected: "a new or empty folder", found: "a run", hint });
    }
    RunLock.requireFree(path);
    await ensureEmptyDirectory(path, { force });
    const folder = new RunFolder(path, await RunLock.take(path));
    try {
      mkdirSync(join(path, "checkpoints"));
      await folder.#write("run.json", { layoutVersion, ...identity });
    } catch (error) {
      folder.close();
      throw error instanceof RunError ? error : writeFailure(path, error);
    }
    return folder;
  }

  /**
   * Opens a run to go on with it; it is this process's until {@link close}.
   *
   * @throws {RunError} where there is no run, or one of another layout, model, data or seed, or another process is at it
   */
  static async open(path: string, identity: RunIdentity): Promise<RunFolder> {
    const file = join(path, "run.json");
    if (!existsSync(file)) {
      const hint = "check the path, or start a run there without --resume";
      throw new RunError({ where: path, expected: "a run folder with a run.json", found: "none", hint });
    }
    const saved = parse(file, identitySchema);
    for (const [key, value] of Object.entries({ layoutVersion, ...identity })) {
      const mine = JSON.stringify(value);
      const theirs: string | undefined = JSON.stringify(saved[key]);
      if (mine === theirs) continue;
      throw new RunError({
        where: `${file}, "${key}"`,
        expected: `${theirs ?? "nothing"}, as the run in this folder has it`,
        found: mine,
        hint: "go on with the options the run was started with, or choose another folder",
      });
    }
    return new RunFolder(path, await RunLock.take(path));
  }

  /**
   * Opens a run to look at: whatever was trained there.
   *
   * @returns the folder, its run.json, and whether the run came to its end
   * @throws {RunError} where there is no run
   */
  static inspect(path: string): { folder: RunFolder; identity: RunIdentity; finished: boolean } {
    const file = join(path, "run.json");
    if (!existsSync(file)) {
      throw new RunError({
        where: path,
        expected: "a run folder with a run.json",
        found: "none",
        hint: "check the path",
      });
    }
    const identity = parse(file, identitySchema);
    return { folder: new RunFolder(path), identity, finished: existsSync(join(path, "report.json")) };
  }

  /** Whether there is a checkpoint to go on from. */
  get hasCheckpoint(): boolean {
    return this.#index().length > 0;
  }

  /** Writes a checkpoint; an interruption at any moment leaves the one before it valid. */
  async saveCheckpoint({ step, tensors, facts }: Checkpoint): Promise<void> {
    const file = `step-${String(step).padStart(9, "0")}.safetensors`;
    const bytes = encodeSafetensors(tensors, { facts: JSON.stringify(facts) });
    await writeFileAtomic(join(this.path, "checkpoints", file), bytes);
    const entries = [...this.#index().filter((entry) => entry.step < step), { file, step, sha256: sha256(bytes) }];
    await this.#write("checkpoints/index.json", entries.slice(-kept));
    for (const old of entries.slice(0, -kept)) rmSync(join(this.path, "checkpoints", old.file), { force: true });
  }

  /**
   * The newest checkpoint, checked against its hash.
   *
   * @throws {RunError} where its bytes are not those that were written
   */
  async loadCheckpoint(): Promise<Checkpoint | undefined> {
    const entry = this.#index().at(-1);
    if (!entry) return undefined;
    const path = join(this.path, "checkpoints", entry.file);
    const bytes = await readFileBytes(path);
    const found = sha256(bytes);
    if (found !== entry.sha256) {
      const before = this.#index().at(-2);
      throw new RunError({
        where: path,
        expected: `the checkpoint with sha256 ${entry.sha256.slice(0, 12)}…`,
        found: `${found.slice(0, 12)}…: the file is damaged`,
        hint: before ? `delete it to go on from step ${before.step}` : "start the run anew with --force",
      });
    }
    const { tensors, metadata } = decodeSafetensors(bytes, path);
    return { step: entry.step, tensors, facts: JSON.parse(metadata.facts ?? "{}") };
  }

  /** Appends a line to metrics.jsonl, and its numbers to the TensorBoard file. */
  log(line: { readonly step: number; readonly [key: string]: unknown }): void {
    try {
      appendFileSync(join(this.path, "metrics.jsonl"), `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw writeFailure(join(this.path, "metrics.jsonl"), error);
    }
    this.#events ??= new TensorBoardWriter(this.path);
    const kind = typeof line.kind === "string" ? `${line.kind}/` : "";
    for (const [key, value] of Object.entries(line)) {
      if (typeof value === "number" && key !== "step") this.#events.scalar(`${kind}${key}`, value, line.step);
    }
  }

  /**
   * Drops the lines of metrics.jsonl that a run going on from `step` will write again, and whatever came after them.
   *
   * @throws {RunError} where a line before them is damaged
   */
  async rewindMetrics(step: number): Promise<void> {
    const path = join(this.path, "metrics.jsonl");
    if (!existsSync(path)) return;
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    const steps = lines.map(stepOfLine);
    const last = steps.findLastIndex((own) => own !== undefined && own <= step);
    const damaged = steps.indexOf(undefined);
    if (damaged >= 0 && damaged < last) {
      throw new RunError({
        where: `${path}:${damaged + 1}`,
        expected: "a line of JSON with a step",
        found: JSON.stringify(lines[damaged]!.slice(0, 40)),
        hint: "delete the line: the run goes on without what it said",
      });
    }
    const before = lines.filter((_, at) => steps[at] !== undefined && steps[at] <= step);
    await writeFileAtomic(path, before.map((line) => `${line}\n`).join(""));
  }

  /** Writes the trained model. */
  async saveModel(bytes: Uint8Array): Promise<void> {
    await writeFileAtomic(join(this.path, "model.onnx"), bytes);
  }

  /** Writes report.json. */
  async saveReport(report: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#write("report.json", report);
  }

  /** Closes what is open, and leaves the folder to others. */
  close(): void {
    this.#events?.close();
    this.#events = undefined;
    this.#lock?.release();
  }

  /** The checkpoints that are still there, oldest first. */
  #index(): z.output<typeof indexSchema> {
    const path = join(this.path, "checkpoints", "index.json");
    if (!existsSync(path)) return [];
    return parse(path, indexSchema).filter(({ file }) => existsSync(join(this.path, "checkpoints", file)));
  }

  #write(file: string, value: unknown): Promise<void> {
    return writeFileAtomic(join(this.path, file), `${JSON.stringify(value, null, 2)}\n`);
  }
}

/** The step of a line of metrics.jsonl; undefined where it is no such line. */
function stepOfLine(line: string): number | undefined {
  try {
    return metricsLineSchema.parse(JSON.parse(line)).step;
  } catch {
    return undefined;
  }
}

function parse<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new RunError({ where: path, expected: "JSON as Tenfold writes it", found, cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path: field, expected, found } = schemaProblem(parsed.error);
  throw new RunError({ where: field ? `${path}, "${field}"` : path, expected, found });
}
