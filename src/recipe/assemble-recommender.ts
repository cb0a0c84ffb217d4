import { type HostTensor, hostTensor, Random } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import type { Layer } from "../nn/index.ts";
import { sha256 } from "../storage/index.ts";
import {
  beamRecommender,
  type Catalogue,
  type Examples,
  type FitConfig,
  fitIds,
  fitSchema,
  type GeneratorParams,
  generatorExamples,
  generatorLayer,
  idCrossEntropy,
  metricsOf,
  openGenerator,
  placesOf,
  readInputs,
  type Split,
  specOf,
  writeCatalogue,
} from "../systems/generative-retrieval/index.ts";
import type { AssembleWork, Assembly } from "./assembly.ts";
import { writeModelFile } from "./model-file.ts";
import type { Recipe } from "./schema.ts";

type Settings = Extract<Recipe["model"], { kind: "recommender" }>;
type Interactions = Extract<Recipe["data"], { kind: "interactions" }>;

/** Codes of all items, made once and handed to the workers. */
interface Prepared {
  readonly codes: readonly number[];
}

function configOf(settings: Settings, data: Interactions): FitConfig {
  const { kind: _, layers, heads, ...sizes } = settings;
  return fitSchema.parse({
    ...sizes,
    interactions: data.interactions,
    items: data.items,
    ties: data.ties,
    preset: "compact",
    numLayers: layers,
    numHeads: heads,
  });
}

/** The sequence model of generative retrieval, in its compact layout: semantic IDs first, then what comes next. */
export async function assembleRecommender(
  settings: Settings,
  data: Interactions,
  { seed, prepared, signal, note }: AssembleWork,
): Promise<Assembly> {
  const config = configOf(settings, data);
  const inputs = await readInputs(config, seed);
  const known = prepared as Prepared | undefined;
  const catalogue = known ? undefined : await makeCatalogue();
  const spec = specOf(config);
  const { levels } = spec.options;
  const table = { codes: Int32Array.from(known?.codes ?? catalogue!.ids.codes), width: levels };
  const model = generatorLayer(spec) as unknown as Layer;
  const dataset = ({ inputs: rows, targets }: Pick<Examples, "inputs" | "targets">): Dataset => ({
    name: "interactions",
    inputs: rows,
    targets,
    sha256: sha256(JSON.stringify(inputs.hashes)),
  });

  async function makeCatalogue(): Promise<Catalogue> {
    for (const text of inputs.notes) note?.(text);
    note?.(`semantic IDs of ${inputs.items.length} items`);
    return (await fitIds(inputs, config, seed, { signal })).catalogue;
  }

  return {
    model,
    loss: idCrossEntropy,
    start: model.init(new Random(seed, "init")),
    train: dataset(generatorExamples(spec, inputs.split.train, table)),
    test: dataset(lastOnly(generatorExamples(spec, validationSequences(inputs.split, spec.options.length), table))),
    identity: { model: "recommender" },
    prepared: { codes: Array.from(table.codes) } satisfies Prepared,
    async measure(params) {
      const { test } = inputs.split;
      const decoder = await openGenerator(spec, params as unknown as GeneratorParams, config.beamSize);
      const recommender = beamRecommender("test", decoder, catalogue!.trie, { beamSize: config.beamSize }, signal);
      const lists = await recommender.recommend(test, 10, true);
      await decoder.dispose();
      return { users: test.targets.length, ...metricsOf(placesOf(lists, test.targets)) };
    },
    async save(folder, params) {
      await writeModelFile(folder, params);
      await writeCatalogue(folder, catalogue!);
    },
  };
}

/** The latest items that users had, and the one to validate on after them. */
function validationSequences({ validation }: Split, length: number): Int32Array[] {
  return validation.histories.map((history, user) =>
    Int32Array.of(...history.slice(-length), validation.targets[user]!),
  );
}

/** Examples of which only the last item of each sequence counts: what came before it was trained on. */
function lastOnly({ inputs, targets }: Examples): { inputs: HostTensor; targets: HostTensor } {
  const [rows, length, features] = inputs.shape as [number, number, number];
  const width = targets.shape[2]!;
  const pieceAt = (row: number, at: number) => (at < length ? inputs.data[(row * length + at) * features]! : 0);
  const kept = Int32Array.from(targets.data);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < length; at++) {
      if (pieceAt(row, at) === pieceAt(row, at + 1))
        kept.fill(-1, (row * length + at) * width, (row * length + at + 1) * width);
    }
  }
  return { inputs, targets: hostTensor(kept, [...targets.shape]) };
}
