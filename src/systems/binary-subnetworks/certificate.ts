/** What a folder says of the mask in it: every figure, and hashes that tie it to the target and the mask. @module */
import { z } from "zod";
import { DataError, schemaProblem } from "../../core/index.ts";
import { sha256 } from "../../storage/index.ts";
import type { Approximation } from "./approximate.ts";
import { formatDomain } from "./domain.ts";
import { totalBound } from "./error-bound.ts";

const format = "tenfold-binary-subnetwork";
const version = 1;

const count = z.number().int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** Everything in certificate.json. */
export const certificateSchema = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  /** Names the random network: its signs are a function of it. */
  seed: z.number().int(),
  gadget: z.enum(["doubling", "unary"]),
  eps: z.number().positive(),
  delta: z.number().positive(),
  domain: z.string(),
  /** Bits of a weight: whole numbers from -2^bits to 2^bits. */
  bits: count,
  depth: count,
  width: count,
  copies: count,
  lastCopies: count,
  /** Bound on the share of seeds for which these copies are too few. */
  risk: z.number().nonnegative(),
  keptEdges: count,
  virtualEdges: z.number().nonnegative(),
  /** What whole-number outputs are multiplied by. */
  scale: z.number().positive(),
  /** The largest weight of every layer of the target, by which it is divided. */
  layerScales: z.array(z.number().positive()),
  /** The constant input of a target with biases: it comes after the others; null where there is none. */
  constantInput: z.number().positive().nullable(),
  /** Whether inputs are taken twice, as x and -x. */
  split: z.boolean(),
  /** [outputs, inputs] of every layer of the target. */
  targetShape: z.array(z.tuple([count, count])),
  /** Units of every layer, the inputs first. */
  layerWidths: z.array(count),
  errorBound: z.number().nonnegative(),
  /** The part of errorBound that is float64's, in computing the target itself. */
  roundingBound: z.number().nonnegative(),
  measuredError: z.number().nonnegative(),
  argmaxAgreement: z.number().min(0).max(1),
  /** Inputs that both were measured on. */
  inputs: count,
  targetWeights: count,
  targetBytes: count,
  maskBytes: count,
  targetSha256: hash,
  maskSha256: hash,
  /** SHA-256 of this file's other fields, as JSON without spaces in the order above. */
  sha256: hash,
});

/** A checked certificate. */
export type Certificate = z.output<typeof certificateSchema>;

/** The hash of a certificate's fields but for the hash itself. */
function ownHash(fields: Omit<Certificate, "sha256">): string {
  return sha256(JSON.stringify(fields));
}

/** Where an approximation's files come from and how large they are. */
export interface CertificateFiles {
  readonly targetSha256: string;
  readonly targetBytes: number;
  readonly maskSha256: string;
  readonly maskBytes: number;
}

/** The certificate of an approximation. */
export function certify(approximation: Approximation, files: CertificateFiles): Certificate {
  const { quantized, scaled, blueprint, widths, bound, measurement, target } = approximation;
  const fields: Omit<Certificate, "sha256"> = {
    format,
    version,
    seed: approximation.seed,
    gadget: blueprint.gadget,
    eps: approximation.eps,
    delta: approximation.delta,
    domain: formatDomain(approximation.domain),
    bits: quantized.bits,
    depth: widths.length - 1,
    width: Math.max(...widths.slice(1)),
    copies: approximation.copies,
    lastCopies: approximation.lastCopies,
    risk: approximation.risk,
    keptEdges: approximation.keptEdges,
    virtualEdges: approximation.virtualEdges,
    scale: quantized.outputScale,
    layerScales: scaled.layers.map(({ scale }) => scale),
    constantInput: quantized.hasBias ? quantized.constantInput : null,
    split: blueprint.split,
    targetShape: target.layers.map(({ outDim, inDim }): [number, number] => [outDim, inDim]),
    layerWidths: [...widths],
    errorBound: totalBound(bound),
    roundingBound: bound.rounding,
    measuredError: measurement.measuredError,
    argmaxAgreement: measurement.argmaxAgreement,
    inputs: measurement.inputs,
    targetWeights: target.layers.reduce((sum, { weight }) => sum + weight.length, 0),
    targetBytes: files.targetBytes,
    maskBytes: files.maskBytes,
    targetSha256: files.targetSha256,
    maskSha256: files.maskSha256,
  };
  return { ...fields, sha256: ownHash(fields) };
}

/**
 * Reads the text of a certificate.json.
 *
 * @throws {DataError} where it is none, or was changed after it was written
 */
export function parseCertificate(text: string, where: string): Certificate {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new DataError({
      where,
      expected: "JSON as tenfold subnet approximate writes it",
      found: "other text",
      cause,
    });
  }
  const parsed = certificateSchema.safeParse(document);
  if (!parsed.success) {
    const { path, expected, found } = schemaProblem(parsed.error);
    const field = path ? `, "${path}"` : "";
    throw new DataError({ where: `${where}${field}`, expected: `a certificate, here ${expected}`, found });
  }
  const { sha256: claimed, ...fields } = parsed.data;
  const own = ownHash(fields);
  if (own !== claimed) {
    const hint = "it was changed after it was written: write it anew with tenfold subnet approximate";
    throw new DataError({
      where,
      expected: `fields with sha256 ${own.slice(0, 12)}…`,
      found: claimed.slice(0, 12),
      hint,
    });
  }
  return parsed.data;
}
