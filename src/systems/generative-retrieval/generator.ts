/** The two layouts of the sequence model behind one door. @module */
import { ConfigError, flattenTree, type HostTensor, mapTree, Random, RunError, type Tree } from "../../core/index.ts";
import type { Layer } from "../../nn/index.ts";
import { compactGraphs, type DecoderGraphs, openCompactDecoder } from "./compact-decoder.ts";
import { type CompactOptions, type CompactParams, compactModel } from "./compact-model.ts";
import { type FitConfig, presets } from "./config.ts";
import type { DecoderRuntime, LevelDecoder } from "./level-decoder.ts";
import { type CodeTable, type Examples, packExamples } from "./packing.ts";
import { openPaperDecoder, paperGraphs } from "./paper-decoder.ts";
import { type PaperOptions, type PaperParams, paperModel, slidingExamples } from "./paper-model.ts";

/** Which layout, and its sizes: all that is needed to make the model again. */
export type GeneratorSpec =
  | { readonly layout: "compact"; readonly options: CompactOptions }
  | { readonly layout: "paper"; readonly options: PaperOptions };

/** Parameters of either layout. */
export type GeneratorParams = CompactParams | PaperParams;

/** The model that a fit is asked for. */
export function specOf(config: FitConfig): GeneratorSpec {
  const preset = presets[config.preset];
  const size = <K extends "dim" | "numLayers" | "numHeads" | "headDim" | "hiddenDim" | "dropout">(key: K): number =>
    config[key] ?? preset[key];
  const options = {
    levels: config.levels + 1,
    codebookSize: config.codebookSize,
    length: config.maxHistory,
    dim: size("dim"),
    numLayers: size("numLayers"),
    numHeads: size("numHeads"),
    hiddenDim: size("hiddenDim"),
    dropout: size("dropout"),
  };
  const { dim, numHeads } = options;
  const ofPaper = { "--user-tokens": config.userTokens > 0, "--head-dim": config.headDim !== undefined };
  for (const [flag, asked] of Object.entries(ofPaper)) {
    if (!asked || config.preset === "paper") continue;
    throw new ConfigError({ where: flag, expected: "--preset paper, which it belongs to", found: "--preset compact" });
  }
  if (config.preset === "compact" && dim % numHeads !== 0) {
    throw new ConfigError({ where: "--dim", expected: `a multiple of the ${numHeads} heads`, found: String(dim) });
  }
  if (config.preset === "compact") return { layout: "compact", options };
  return { layout: "paper", options: { ...options, headDim: size("headDim"), userTokens: config.userTokens } };
}

/** The model as a layer that training takes. */
export function generatorLayer({ layout, options }: GeneratorSpec): Layer<GeneratorParams> {
  return (layout === "compact" ? compactModel(options) : paperModel(options)) as Layer<GeneratorParams>;
}

/** What the model is trained on. */
export function generatorExamples(
  { layout, options }: GeneratorSpec,
  sequences: readonly Int32Array[],
  table: CodeTable,
): Examples {
  return layout === "compact"
    ? packExamples(sequences, options.length, table)
    : slidingExamples(sequences, table, options);
}

/** The graphs of a trained model for beams of one size. */
export function generatorGraphs(
  { layout, options }: GeneratorSpec,
  params: GeneratorParams,
  beams: number,
): DecoderGraphs {
  return layout === "compact"
    ? compactGraphs(params as CompactParams, options)
    : paperGraphs(params as PaperParams, options, beams);
}

/** Opens graphs for decoding. */
export function openDecoder(
  { layout, options }: GeneratorSpec,
  graphs: DecoderGraphs,
  beams: number,
  runtime: DecoderRuntime = {},
): Promise<LevelDecoder> {
  return layout === "compact"
    ? openCompactDecoder(graphs, options, runtime)
    : openPaperDecoder(graphs, options, beams, runtime);
}

/** Parameters from tensors by path, as they were saved. */
export function paramsFromTensors(
  spec: GeneratorSpec,
  tensors: Readonly<Record<string, HostTensor>>,
  where: string,
): GeneratorParams {
  const like = generatorLayer(spec).init(new Random(0));
  return mapTree(like as unknown as Tree<HostTensor>, (leaf, path) => {
    const found = tensors[path];
    if (found?.shape.join() === leaf.shape.join()) return found;
    const shape = found ? `[${found.shape.join(", ")}]` : "nothing";
    throw new RunError({ where: `${where} at ${path}`, expected: `[${leaf.shape.join(", ")}]`, found: shape });
  }) as unknown as GeneratorParams;
}

/** Parameters as tensors by path. */
export function tensorsOfParams(params: GeneratorParams): Record<string, HostTensor> {
  return Object.fromEntries(flattenTree(params as unknown as Tree<HostTensor>));
}
