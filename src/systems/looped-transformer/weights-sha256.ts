import { sha256 } from "../../storage/index.ts";
import { type LoopedTransformer, matricesOf } from "./transformer.ts";

/** SHA-256 of all weights, the temperature and the precision: the same for all programs of one machine. */
export function weightsSha256({ layers, temperature, precision, width, columns }: LoopedTransformer): string {
  const parts: string[] = [JSON.stringify({ width, columns, temperature, precision })];
  for (const layer of layers) {
    for (const { starts, indices, values } of matricesOf(layer)) parts.push(`${starts}|${indices}|${values}`);
    parts.push(`${layer.feedForward.bias}`);
  }
  return sha256(parts.join("\n"));
}
