/** The whole weights of a finished run, for others to start from. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { flattenTree, type HostTensor, mapTree, Random, RunError, sameShape, type Tree } from "../core/index.ts";
import type { Layer, Parameters } from "../nn/index.ts";
import { readSafetensors, writeSafetensors } from "../storage/index.ts";

const file = "model.safetensors";

/** Writes parameters by path. */
export async function writeModelFile(folder: string, params: Parameters): Promise<void> {
  await writeSafetensors(join(folder, file), Object.fromEntries(flattenTree(params as Tree<HostTensor>)));
}

/**
 * Reads the parameters of a model from a finished run.
 *
 * @param where - the place of the folder's name, for messages
 * @throws {RunError} where there is none, or one of another model
 */
export async function readModelFile(folder: string, model: Layer, where: string): Promise<Parameters> {
  const path = join(folder, file);
  if (!existsSync(path)) {
    throw new RunError({
      where,
      expected: "the folder of a finished run of a recipe",
      found: `${folder}, which has no ${file}`,
    });
  }
  const { tensors } = await readSafetensors(path);
  return mapTree<HostTensor, HostTensor>(model.init(new Random(0)) as Tree<HostTensor>, (leaf, name) => {
    const found = tensors[name];
    if (found && found.dtype === leaf.dtype && sameShape(found.shape, leaf.shape)) return found;
    throw new RunError({
      where: `${path} at ${name}`,
      expected: `${leaf.dtype}[${leaf.shape.join(", ")}], as the recipe's model has it`,
      found: found ? `${found.dtype}[${found.shape.join(", ")}]` : "nothing",
      hint: "start from a run of the same model on data of the same shape",
    });
  }) as Parameters;
}
