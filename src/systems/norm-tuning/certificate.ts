/**
 * A reconstruction on disk.
 *
 * ```
 * certificate.json    what was made of which target, on which domain, from which seed; figures; hashes of everything
 * errors.json         how the measured errors are spread over orders of magnitude
 * norms.safetensors   the numbers of the norm layers: all that was found
 * model.onnx          the whole network, frozen weights included, for other runtimes
 * ```
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { type HostTensor, hostTensor, RunError, schemaProblem } from "../../core/index.ts";
import type { LogHistogram } from "../../linalg/index.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  ensureEmptyDirectory,
  readFileBytes,
  sha256,
  writeFileAtomic,
} from "../../storage/index.ts";
import type { Block } from "./certify.ts";
import { type FrozenBlock, freezeBlock, hashFrozen, keepProbability } from "./frozen.ts";
import type { BlockNorms, NormNumbers } from "./network.ts";
import { fromBatchNorm } from "./statistics.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

const certificateSchema = z.strictObject({
  format: z.literal("tenfold norm reconstruction"),
  formatVersion: z.literal(1),
  domain: z.string(),
  seed: z.int(),
  /** c of the share of entries that frozen weights keep; null where they keep all. */
  sparsity: z.number().positive().nullable(),
  minimal: z.boolean(),
  norm: z.enum(["affine", "batch"]),
  /** Linear maps of the reconstruction: two for each of the target's. */
  depth: count,
  /** Inputs, then outputs of every linear map. */
  widths: z.array(z.int().min(1)).min(3),
  trainedParameters: count,
  frozenParameters: count,
  frozenNonZeros: count,
  frozenSha256: hash,
  targetSha256: hash,
  targetParameters: count,
  /** Null where equations depend on one another. */
  conditionNumbers: z.array(z.number().nullable()),
  residuals: z.array(z.number()),
  errorBound: z.number(),
  measuredError: z.number(),
  outputScale: z.number(),
  samples: count,
  files: z.strictObject({ "norms.safetensors": hash, "model.onnx": hash }),
});

/** What certificate.json says, without the hash of itself. */
export type Certificate = z.output<typeof certificateSchema>;

const stringify = (certificate: Certificate) => JSON.stringify(certificate, null, 2);

/** The tensors of norms.safetensors: `blocks.0.first.weight`, `blocks.0.first.bias`, with batch norm also running statistics. */
function normTensors(norms: readonly BlockNorms[]): Record<string, HostTensor> {
  return Object.fromEntries(
    norms.flatMap(({ first, second }, l) =>
      Object.entries({ first, second }).flatMap(([where, norm]) =>
        Object.entries(norm).map(([name, values]) => [
          `blocks.${l}.${where}.${name}`,
          hostTensor(values, [values.length]),
        ]),
      ),
    ),
  );
}

/** Writes a reconstruction's folder; the certificate comes last. */
export async function writeReconstruction(
  folder: string,
  certificate: Omit<Certificate, "format" | "formatVersion" | "files">,
  norms: readonly BlockNorms[],
  onnx: Uint8Array,
  errors: LogHistogram,
  { force = false } = {},
): Promise<Certificate> {
  await ensureEmptyDirectory(folder, { force });
  const tensors = encodeSafetensors(normTensors(norms), { frozenSha256: certificate.frozenSha256 });
  await writeFileAtomic(join(folder, "norms.safetensors"), tensors);
  await writeFileAtomic(join(folder, "model.onnx"), onnx);
  const counted = { inputs: certificate.samples, zeros: errors.zeros, bins: errors.bins() };
  await writeFileAtomic(join(folder, "errors.json"), `${JSON.stringify(counted, null, 2)}\n`);
  const whole: Certificate = {
    format: "tenfold norm reconstruction",
    formatVersion: 1,
    ...certificate,
    files: { "norms.safetensors": sha256(tensors), "model.onnx": sha256(onnx) },
  };
  const signed = { ...whole, sha256: sha256(stringify(whole)) };
  await writeFileAtomic(join(folder, "certificate.json"), `${JSON.stringify(signed, null, 2)}\n`);
  return whole;
}

/** A reconstruction read back, its frozen weights made anew. */
export interface StoredReconstruction {
  readonly certificate: Certificate;
  readonly blocks: readonly Block[];
  readonly onnx: Uint8Array;
}

/**
 * Reads a reconstruction's folder and makes its frozen weights from the seed.
 *
 * @throws {RunError} where there is none, or a file is not as it was written
 */
export async function readReconstruction(folder: string): Promise<StoredReconstruction> {
  const path = join(folder, "certificate.json");
  const text = new TextDecoder().decode(await readFileBytes(path));
  const damaged = (where: string, expected: string, found: string) =>
    new RunError({ where, expected, found, hint: "write it anew with tenfold norm reconstruct" });
  let saved: unknown;
  try {
    saved = JSON.parse(text);
  } catch (error) {
    throw damaged(path, "JSON as it was written", error instanceof Error ? error.message : String(error));
  }
  const { sha256: own, ...rest } = (saved ?? {}) as Record<string, unknown>;
  const parsed = certificateSchema.safeParse(rest);
  if (!parsed.success) {
    const { path: field, expected, found } = schemaProblem(parsed.error);
    throw damaged(`${path}, "${field}"`, `a certificate as it was written, here ${expected}`, found);
  }
  const certificate = parsed.data;
  if (own !== sha256(stringify(certificate))) {
    throw damaged(
      path,
      `contents with sha256 ${String(own).slice(0, 12)}…, as it says of itself`,
      "others: it was edited",
    );
  }
  const read = async (name: keyof Certificate["files"]) => {
    const file = join(folder, name);
    const bytes = await readFileBytes(file);
    const found = sha256(bytes);
    if (found === certificate.files[name]) return bytes;
    const expected = `the file with sha256 ${certificate.files[name].slice(0, 12)}…, as the certificate says`;
    throw damaged(file, expected, `${found.slice(0, 12)}…: it was changed`);
  };
  const onnx = await read("model.onnx");
  const file = join(folder, "norms.safetensors");
  const { tensors } = decodeSafetensors(await read("norms.safetensors"), file);
  const frozen = freezeAll(certificate);
  if (hashFrozen(frozen) !== certificate.frozenSha256) {
    throw damaged(path, `a seed whose frozen weights have sha256 ${certificate.frozenSha256.slice(0, 12)}…`, "others");
  }
  const blocks = frozen.map((block, l): Block => {
    const norm = (where: "first" | "second", size: number): NormNumbers => {
      const values = (name: string) => {
        const key = `blocks.${l}.${where}.${name}`;
        const tensor = tensors[key];
        if (tensor?.dtype === "float64" && tensor.data.length === size) return tensor.data as Float64Array;
        const found = tensor ? `${tensor.dtype}[${tensor.shape.join(", ")}]` : "nothing";
        throw damaged(`${file}, ${key}`, `float64[${size}]`, found);
      };
      const plain = { weight: values("weight"), bias: values("bias") };
      if (certificate.norm === "affine") return plain;
      return { ...plain, runningMean: values("runningMean"), runningVariance: values("runningVariance") };
    };
    const affine = ({ weight, bias, runningMean, runningVariance }: NormNumbers) =>
      runningMean && runningVariance
        ? fromBatchNorm({ weight, bias, runningMean, runningVariance })
        : { scale: weight, shift: bias };
    return {
      frozen: block,
      first: affine(norm("first", block.width)),
      second: affine(norm("second", block.outDim)),
    };
  });
  return { certificate, blocks, onnx };
}

/** The frozen weights of a certificate, from its seed. */
function freezeAll({ widths, seed, sparsity }: Certificate): FrozenBlock[] {
  return Array.from({ length: (widths.length - 1) / 2 }, (_, l) => {
    const [inDim, width, outDim] = widths.slice(2 * l, 2 * l + 3) as [number, number, number];
    const size = { inDim, width, outDim };
    return freezeBlock(seed, l, size, keepProbability(sparsity ?? undefined, size));
  });
}
