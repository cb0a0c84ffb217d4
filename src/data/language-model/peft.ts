/** Adapters in the layout of Hugging Face's PEFT. @module */
import { join } from "node:path";
import { DataError, formatShape, type HostTensor, sameShape } from "../../core/index.ts";
import type { LanguageModelConfig, LanguageModelParams, LoraFactors, LoraLinearParams } from "../../nn/index.ts";
import { readSafetensors, writeFileAtomic, writeSafetensors } from "../../storage/index.ts";
import { huggingFaceNames, type ParameterName } from "./hugging-face-names.ts";
import { readJson } from "./json-file.ts";

const adapterConfigFile = "adapter_config.json";
const adapterFile = "adapter_model.safetensors";

/** How the additions of a model are run. */
export interface AdapterSettings {
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
}

/** The linear maps of a model: our path, and PEFT's name. */
function linearMaps(config: LanguageModelConfig): (ParameterName & { readonly module: string })[] {
  return huggingFaceNames(config)
    .filter(({ path, shape }) => path.endsWith(".weight") && shape.length === 2)
    .map((entry) => ({ ...entry, path: entry.path.slice(0, -7), module: peftModule(entry.name) }));
}

function peftModule(name: string): string {
  const module = name.slice(0, -".weight".length);
  return module.startsWith("model.") || module === "lm_head" ? module : `transformer.${module}`;
}

/** The node of a tree at a path. */
function nodeAt(tree: unknown, path: string): LoraLinearParams | undefined {
  return path.split(".").reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], tree) as
    | LoraLinearParams
    | undefined;
}

/**
 * Writes the additions of a model as adapter_config.json and adapter_model.safetensors, which PEFT loads beside the model they were
 * trained on.
 *
 * @throws {RunError} where a file cannot be written
 */
export async function writeAdapter(
  folder: string,
  { config, params }: { readonly config: LanguageModelConfig; readonly params: LanguageModelParams },
  settings: AdapterSettings,
  base: string,
): Promise<void> {
  const tensors: Record<string, HostTensor> = {};
  const targets = new Set<string>();
  for (const { path, module } of linearMaps(config)) {
    const lora = nodeAt(params, path)?.lora;
    if (!lora) continue;
    targets.add(module.slice(module.lastIndexOf(".") + 1));
    tensors[`base_model.model.${module}.lora_A.weight`] = lora.down;
    tensors[`base_model.model.${module}.lora_B.weight`] = lora.up;
  }
  await writeSafetensors(join(folder, adapterFile), tensors, { format: "pt" });
  const content = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: base,
    r: settings.rank,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout,
    target_modules: [...targets].sort(),
    // GPT-2 keeps the transposes of its weights.
    fan_in_fan_out: !config.rotary,
    bias: "none",
    inference_mode: true,
  };
  await writeFileAtomic(join(folder, adapterConfigFile), `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * Reads additions as PEFT or {@link writeAdapter} wrote them, and puts them beside the weights of a model.
 *
 * @throws {DataError} where a file is missing or damaged, or an addition does not fit the model
 */
export async function readAdapter(
  folder: string,
  { config, params }: { readonly config: LanguageModelConfig; readonly params: LanguageModelParams },
): Promise<{ params: LanguageModelParams; settings: AdapterSettings }> {
  const where = join(folder, adapterConfigFile);
  const { r, lora_alpha: alpha, lora_dropout: dropout = 0 } = await readJson(where);
  if (typeof r !== "number" || typeof alpha !== "number" || typeof dropout !== "number") {
    throw new DataError({
      where,
      expected: "numbers r, lora_alpha and lora_dropout",
      found: JSON.stringify({ r, alpha, dropout }),
    });
  }
  const file = join(folder, adapterFile);
  const { tensors } = await readSafetensors(file);
  const left = new Set(Object.keys(tensors));
  const factors = new Map<string, LoraFactors>();
  for (const { path, module, shape } of linearMaps(config)) {
    const part = (letter: "A" | "B", wanted: (rank: number) => readonly number[]): HostTensor | undefined => {
      const name = `base_model.model.${module}.lora_${letter}.weight`;
      const tensor = tensors[name];
      if (!tensor) return undefined;
      left.delete(name);
      const rank = tensor.shape[letter === "A" ? 0 : 1] ?? 0;
      if (sameShape(tensor.shape, wanted(rank))) return tensor;
      const expected = `[rank, ${shape[1]}] and [${shape[0]}, rank], as the model's weights ask for`;
      throw new DataError({ where: `${file}: tensor ${name}`, expected, found: formatShape(tensor.shape) });
    };
    const [down, up] = [part("A", (rank) => [rank, shape[1]!]), part("B", (rank) => [shape[0]!, rank])];
    if (down && up) factors.set(path, { down, up });
  }
  if (left.size > 0 || factors.size === 0) {
    const found = [...left][0] ?? "no addition";
    throw new DataError({ where: file, expected: "lora_A and lora_B of the model's linear maps", found });
  }
  return { params: withFactors(params, factors), settings: { rank: r, alpha, dropout } };
}

/** Parameters with additions at paths. */
function withFactors(params: LanguageModelParams, factors: ReadonlyMap<string, LoraFactors>): LanguageModelParams {
  const visit = (node: unknown, path: string): unknown => {
    if (node === null || typeof node !== "object" || "dtype" in node) return node;
    const lora = factors.get(path);
    const at = (key: string | number) => (path === "" ? `${key}` : `${path}.${key}`);
    if (Array.isArray(node)) return node.map((child, i) => visit(child, at(i)));
    const children = Object.fromEntries(Object.entries(node).map(([key, child]) => [key, visit(child, at(key))]));
    return lora ? { ...children, lora } : children;
  };
  return visit(params, "") as LanguageModelParams;
}
