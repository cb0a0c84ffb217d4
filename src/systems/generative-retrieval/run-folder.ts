/** What a run leaves beside its checkpoints, and how it is read again. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type HostTensor, hostTensor, RunError } from "../../core/index.ts";
import { readSafetensors, writeSafetensors } from "../../storage/index.ts";
import { RunFolder } from "../../train/index.ts";
import { type Catalogue, readCatalogue } from "./catalogue-file.ts";
import { type FitConfig, fitSchema } from "./config.ts";
import { type ContentSource, loadContent, saveContent } from "./content.ts";
import { type GeneratorParams, type GeneratorSpec, paramsFromTensors, specOf, tensorsOfParams } from "./generator.ts";
import type { Interactions } from "./interactions.ts";
import type { Quantizer } from "./quantizer.ts";

/** From new items to IDs: how contents are made and how they are quantised. */
export interface ItemCoder {
  readonly source: ContentSource;
  readonly quantizer: Quantizer;
}

const files = {
  coder: "item-coder.safetensors",
  interactions: "interactions.safetensors",
  model: "model.safetensors",
} as const;

/** Writes how new items get their IDs. */
export async function writeItemCoder(folder: string, { source, quantizer }: ItemCoder): Promise<void> {
  const { facts, tensors } = saveContent(source);
  const { tensors: own, ...rest } = quantizer;
  const named = (prefix: string, of: Readonly<Record<string, HostTensor>>) =>
    Object.fromEntries(Object.entries(of).map(([name, tensor]) => [`${prefix}.${name}`, tensor]));
  await writeSafetensors(
    join(folder, files.coder),
    { ...named("content", tensors), ...named("quantizer", own) },
    { content: JSON.stringify(facts), quantizer: JSON.stringify(rest) },
  );
}

/** Reads how new items get their IDs. */
export async function readItemCoder(folder: string): Promise<ItemCoder> {
  const path = join(folder, files.coder);
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata.content === undefined || metadata.quantizer === undefined) {
    throw new RunError({ where: path, expected: "an item coder as recommend fit writes it", found: "something else" });
  }
  const named = (prefix: string) =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, tensor]) =>
        name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), tensor]] : [],
      ),
    );
  return {
    source: loadContent(JSON.parse(metadata.content), named("content")),
    quantizer: { ...JSON.parse(metadata.quantizer), tensors: named("quantizer") },
  };
}

/** Writes the interactions that a run was fitted to: `evaluate` splits them anew. */
export async function writeInteractions(folder: string, { users, offsets, items }: Interactions): Promise<void> {
  const tensors = { offsets: hostTensor(offsets, [offsets.length]), items: hostTensor(items, [items.length]) };
  await writeSafetensors(join(folder, files.interactions), tensors, { users: JSON.stringify(users) });
}

/** Reads the interactions of a run. */
export async function readRunInteractions(folder: string): Promise<Interactions> {
  const path = join(folder, files.interactions);
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata.users === undefined)
    throw new RunError({ where: path, expected: "interactions", found: "other tensors" });
  return {
    users: JSON.parse(metadata.users) as string[],
    offsets: tensors.offsets.data as Int32Array,
    items: tensors.items.data as Int32Array,
  };
}

/** Writes trained parameters. */
export async function writeModel(folder: string, params: GeneratorParams): Promise<void> {
  await writeSafetensors(join(folder, files.model), tensorsOfParams(params));
}

/** A finished run. */
export interface Run {
  readonly path: string;
  readonly config: FitConfig;
  readonly seed: number;
  /** Hashes of the files it was fitted to. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly spec: GeneratorSpec;
  readonly params: GeneratorParams;
  readonly catalogue: Catalogue;
}

/**
 * Reads a finished run.
 *
 * @throws {RunError} where the folder is no run of this room, or its training has not ended
 */
export async function readRun(path: string): Promise<Run> {
  const { identity } = RunFolder.inspect(path);
  if (identity.kind !== "generative-retrieval") {
    const hint = "name the folder that recommend fit --out wrote";
    throw new RunError({ where: path, expected: "a run of recommend fit", found: "another run", hint });
  }
  if (!existsSync(join(path, files.model))) {
    const hint = "go on with it: recommend fit … --resume";
    throw new RunError({ where: path, expected: "a finished run", found: "one whose training has not ended", hint });
  }
  const config = fitSchema.parse(identity.config);
  const spec = specOf(config);
  const { tensors } = await readSafetensors(join(path, files.model));
  return {
    path,
    config,
    seed: Number(identity.seed),
    inputs: identity.inputs as Record<string, string>,
    spec,
    params: paramsFromTensors(spec, tensors, join(path, files.model)),
    catalogue: await readCatalogue(path),
  };
}
