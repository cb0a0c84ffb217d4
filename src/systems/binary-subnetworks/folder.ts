/** A folder with a mask and its certificate: written by one program, checked by another. @module */
import { join } from "node:path";
import { DataError, RunError } from "../../core/index.ts";
import { readReluNetwork } from "../../data/index.ts";
import { ensureEmptyDirectory, readFileBytes, sha256, writeFileAtomic } from "../../storage/index.ts";
import type { Approximation } from "./approximate.ts";
import { drawBlueprint, layerWidths } from "./blueprint.ts";
import { type Certificate, certify, parseCertificate } from "./certificate.ts";
import { countEdges, countVirtualEdges, type MaskLayer } from "./construct.ts";
import { isNonnegative, parseDomain, radiusOf } from "./domain.ts";
import { errorBound, totalBound } from "./error-bound.ts";
import { type SignedLayer, signedLayers } from "./integer-forward.ts";
import { decodeMask, encodeMask } from "./mask-file.ts";
import { type Comparison, type Measurement, measureError } from "./measure-error.ts";
import { prove } from "./prove.ts";
import { quantizeTarget, scaleTarget } from "./quantized-target.ts";

const certificateName = "certificate.json";
const maskName = "mask.safetensors";

/**
 * Writes mask.safetensors, certificate.json, and errors.json with the counts of measured errors.
 *
 * @param targetPath - the file that the target was read from
 * @throws {RunError} where the folder holds something and `force` is not set
 */
export async function writeApproximation(
  folder: string,
  approximation: Approximation,
  targetPath: string,
  { force = false } = {},
): Promise<Certificate> {
  const target = await readFileBytes(targetPath);
  const mask = encodeMask(approximation.layers, approximation.seed);
  const certificate = certify(approximation, {
    targetSha256: sha256(target),
    targetBytes: target.length,
    maskSha256: sha256(mask),
    maskBytes: mask.length,
  });
  await ensureEmptyDirectory(folder, { force });
  await writeFileAtomic(join(folder, maskName), mask);
  const { errors, inputs } = approximation.measurement;
  await writeFileAtomic(join(folder, "errors.json"), `${JSON.stringify({ inputs, ...errors }, null, 2)}\n`);
  await writeFileAtomic(join(folder, certificateName), `${JSON.stringify(certificate, null, 2)}\n`);
  return certificate;
}

/** The mask and the certificate of a folder, each checked by itself and by the hash of the other. */
export async function readApproximation(folder: string): Promise<{ certificate: Certificate; layers: MaskLayer[] }> {
  const where = join(folder, certificateName);
  const certificate = parseCertificate(new TextDecoder().decode(await readFileBytes(where)), where);
  const path = join(folder, maskName);
  const bytes = await readFileBytes(path);
  const found = sha256(bytes);
  if (found !== certificate.maskSha256) {
    throw new DataError({
      where: path,
      expected: `sha256 ${certificate.maskSha256.slice(0, 12)}…, as the certificate says`,
      found: `${found.slice(0, 12)}…: the file was changed`,
    });
  }
  return { certificate, layers: decodeMask(bytes, certificate.layerWidths, path) };
}

/** What {@link verifyFolder} found; it throws where something does not hold. */
export interface Verification extends Measurement {
  readonly verified: true;
  readonly seed: number;
  /** Every unit was followed: the equality with the quantized target holds for all inputs. */
  readonly proved: true;
  readonly eps: number;
  readonly errorBound: number;
  readonly keptEdges: number;
  readonly virtualEdges: number;
  /** Share of kept edges whose sign is +1: all in doubling layers, about half where values are combined. */
  readonly positiveEdges: number;
  /**
   * The same mask on the network of another seed: at how many of `inputs` it gives other outputs. Null where none of 16 seeds
   * changes any output, as with a target that is 0 at all of them.
   */
  readonly otherSeed: { readonly seed: number; readonly inputs: number; readonly unequal: number } | null;
}

/** Options of {@link verifyFolder}. */
export interface VerifyOptions {
  /** Verifies the mask on the network of this seed instead of the certificate's. */
  readonly seed?: number;
  /** Random inputs; corners and searched ones come on top. Default 1000. */
  readonly samples?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
}

/** Other seeds to try the mask on: a network of very few edges can survive one by chance. */
const otherSeeds = 16;

/**
 * Checks a folder from its files alone: hashes; every figure computed anew; signs regenerated from the seed; each unit followed
 * through the network; outputs in whole numbers equal to the quantized target's; the error within the bound, and the bound within
 * eps; and that the same mask is worth nothing under another seed.
 *
 * @throws {DataError} for files that are not those that were written, {@link RunError} where the network is not what they claim
 */
export async function verifyFolder(
  folder: string,
  targetPath: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { certificate, layers } = await readApproximation(folder);
  const comparison = await recompute(folder, certificate, layers, targetPath);
  const { quantized } = comparison;
  const seed = options.seed ?? certificate.seed;
  const signed = signedLayers(layers, seed);
  const common = {
    ...comparison,
    samples: options.samples ?? 1000,
    seed,
    purpose: "verify",
    ...(options.signal && { signal: options.signal }),
  };
  const doublings = certificate.gadget === "unary" ? 0 : certificate.bits;
  try {
    prove(signed, quantized, { doublings, split: certificate.split });
  } catch (error) {
    if (!(error instanceof RunError) || seed === certificate.seed) throw error;
    const { where, expected, found } = error;
    const hint = `the mask belongs to seed ${certificate.seed}, this is seed ${seed}`;
    throw new RunError({ where, expected, found, hint });
  }
  const measurement = await measureError(signed, {
    ...common,
    ...(options.progress && { progress: options.progress }),
  });
  const where = join(folder, certificateName);
  if (measurement.unequal > 0) {
    const found = `others at ${measurement.unequal} of ${measurement.inputs} inputs`;
    throw new RunError({ where: folder, expected: "the outputs of the quantized target", found });
  }
  if (!(measurement.measuredError <= certificate.errorBound && certificate.errorBound <= certificate.eps)) {
    const found = `${measurement.measuredError}, ${certificate.errorBound}, ${certificate.eps}`;
    throw new RunError({ where, expected: "error <= bound <= eps", found });
  }
  return {
    verified: true,
    seed,
    proved: true,
    ...measurement,
    eps: certificate.eps,
    errorBound: certificate.errorBound,
    keptEdges: certificate.keptEdges,
    virtualEdges: certificate.virtualEdges,
    positiveEdges: shareOfPositive(signed),
    otherSeed: await breakByOtherSeed(layers, { ...common, samples: 20 }, seed),
  };
}

function shareOfPositive(layers: readonly SignedLayer[]): number {
  let [positive, all] = [0, 0];
  for (const { signs } of layers) {
    for (const sign of signs) positive += sign === 1 ? 1 : 0;
    all += signs.length;
  }
  return all === 0 ? 0 : positive / all;
}

/** The figures that follow from the target, computed anew and held against the certificate. */
async function recompute(
  folder: string,
  certificate: Certificate,
  layers: readonly MaskLayer[],
  targetPath: string,
): Promise<Pick<Comparison, "target" | "scaled" | "quantized" | "domain">> {
  const found = sha256(await readFileBytes(targetPath));
  if (found !== certificate.targetSha256) {
    throw new DataError({
      where: targetPath,
      expected: `sha256 ${certificate.targetSha256.slice(0, 12)}…, the target of ${folder}`,
      found: `${found.slice(0, 12)}…: another file`,
    });
  }
  const target = await readReluNetwork(targetPath);
  const domain = parseDomain(certificate.domain);
  const scaled = scaleTarget(target, domain);
  const quantized = quantizeTarget(scaled, certificate.bits);
  const inDim = target.layers[0]!.inDim;
  const bound = errorBound(target, scaled, quantized, radiusOf(domain, inDim));
  const shape = { quantized, gadget: certificate.gadget, split: !isNonnegative(domain) };
  const widths = layerWidths(drawBlueprint(shape, certificate.copies, certificate.lastCopies));
  const own: Partial<Certificate> = {
    layerWidths: widths,
    depth: widths.length - 1,
    width: Math.max(...widths.slice(1)),
    split: shape.split,
    keptEdges: countEdges(layers),
    virtualEdges: countVirtualEdges(widths[0]!, layers),
    scale: quantized.outputScale,
    layerScales: scaled.layers.map(({ scale }) => scale),
    constantInput: quantized.hasBias ? quantized.constantInput : null,
    targetShape: target.layers.map(({ outDim, inDim }): [number, number] => [outDim, inDim]),
    errorBound: totalBound(bound),
  };
  for (const [key, value] of Object.entries(own)) {
    const claimed = certificate[key as keyof Certificate];
    const near =
      typeof value === "number" && typeof claimed === "number" && Math.abs(value - claimed) <= 1e-9 * Math.abs(claimed);
    if (near || JSON.stringify(value) === JSON.stringify(claimed)) continue;
    throw new DataError({
      where: `${join(folder, certificateName)}, "${key}"`,
      expected: JSON.stringify(value).slice(0, 80),
      found: JSON.stringify(claimed).slice(0, 80),
    });
  }
  return { target, scaled, quantized, domain };
}

/** The mask on the networks of other seeds, until one gives other outputs. */
async function breakByOtherSeed(layers: readonly MaskLayer[], comparison: Comparison, seed: number) {
  for (let other = seed + 1; other <= seed + otherSeeds; other++) {
    const { inputs, unequal } = await measureError(signedLayers(layers, other), comparison);
    if (unequal > 0) return { seed: other, inputs, unequal };
  }
  return null;
}
