/** A trained model for serving elsewhere: two graphs, the catalogue and the item coder, in one folder with a version and hashes. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../../core/index.ts";
import { ensureEmptyDirectory, readFileBytes, sha256, sha256File, writeFileAtomic } from "../../storage/index.ts";
import { type Catalogue, readCatalogue, writeCatalogue } from "./catalogue-file.ts";
import type { DecoderGraphs } from "./compact-decoder.ts";
import { type GeneratorSpec, generatorGraphs } from "./generator.ts";
import { type Run, readItemCoder, writeItemCoder } from "./run-folder.ts";

/** Version of the layout below. A bundle of another is refused. */
const formatVersion = 1;
const factsFile = "bundle.json";
const graphFiles = { encoder: "encoder.onnx", decoder: "decoder.onnx" } as const;

/** What bundle.json says. */
interface BundleFacts {
  readonly kind: "generative-retrieval-bundle";
  readonly formatVersion: number;
  readonly spec: GeneratorSpec;
  /** Rows of one history that the decoder takes, of the paper's layout. */
  readonly beamSize: number;
  /** SHA-256 of the graphs, which never change, by file. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Hashes of the files that the run was fitted to. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** A bundle read from a folder. */
export interface Bundle {
  readonly spec: GeneratorSpec;
  readonly beamSize: number;
  readonly graphs: DecoderGraphs;
  readonly catalogue: Catalogue;
}

/** Whether a folder holds a bundle. */
export function isBundle(folder: string): boolean {
  return existsSync(join(folder, factsFile));
}

/**
 * Writes a run's model as a bundle; bundle.json comes last, so that a folder that has it is whole.
 *
 * @returns the files written
 * @throws {RunError} where the folder is not empty and `force` is not set, or cannot be written
 */
export async function writeBundle(run: Run, folder: string, force: boolean): Promise<string[]> {
  const coder = await readItemCoder(run.path);
  const { beamSize } = run.config;
  const graphs = generatorGraphs(run.spec, run.params, beamSize);
  await ensureEmptyDirectory(folder, { force });
  for (const key of ["encoder", "decoder"] as const) await writeFileAtomic(join(folder, graphFiles[key]), graphs[key]);
  await writeItemCoder(folder, coder);
  await writeCatalogue(folder, run.catalogue);
  const facts: BundleFacts = {
    kind: "generative-retrieval-bundle",
    formatVersion,
    spec: run.spec,
    beamSize,
    sha256: { [graphFiles.encoder]: sha256(graphs.encoder), [graphFiles.decoder]: sha256(graphs.decoder) },
    inputs: run.inputs,
  };
  await writeFileAtomic(join(folder, factsFile), `${JSON.stringify(facts, null, 2)}\n`);
  return [...Object.values(graphFiles), "item-coder.safetensors", "catalogue.safetensors", factsFile];
}

/**
 * Reads a bundle.
 *
 * @throws {DataError} where it is of another version or a graph is not the one that was written
 */
export async function readBundle(folder: string): Promise<Bundle> {
  const path = join(folder, factsFile);
  const facts = parseFacts(new TextDecoder().decode(await readFileBytes(path)), path);
  const graphs = {} as Record<keyof DecoderGraphs, Uint8Array>;
  for (const key of ["encoder", "decoder"] as const) {
    const file = join(folder, graphFiles[key]);
    graphs[key] = await readFileBytes(file);
    if ((await sha256File(file)) !== facts.sha256[graphFiles[key]]) {
      throw new DataError({ where: file, expected: "the graph that was exported", found: "other bytes" });
    }
  }
  return { spec: facts.spec, beamSize: facts.beamSize, graphs, catalogue: await readCatalogue(folder) };
}

function parseFacts(text: string, path: string): BundleFacts {
  let facts: Partial<BundleFacts> = {};
  try {
    facts = JSON.parse(text) as Partial<BundleFacts>;
  } catch {
    // Told below, as any other file that is no bundle's.
  }
  if (facts.kind === "generative-retrieval-bundle" && facts.formatVersion === formatVersion)
    return facts as BundleFacts;
  const found = facts.kind === undefined ? "something else" : `version ${facts.formatVersion}`;
  throw new DataError({ where: path, expected: `a bundle of version ${formatVersion}`, found });
}
