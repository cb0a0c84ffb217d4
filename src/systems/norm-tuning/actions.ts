import { existsSync } from "node:fs";
import { ConfigError, DataError, Random } from "../../core/index.ts";
import { readNpy, readTable } from "../../data/index.ts";
import type { ReluNetwork } from "../../nn/index.ts";
import { ensureEmptyDirectory } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal, withProgress } from "../../terminal/index.ts";
import { type Certificate, writeReconstruction } from "./certificate.ts";
import type { ReconstructConfig, VerifyConfig } from "./config.ts";
import { parseDomain } from "./domain.ts";
import { countFrozen, hashFrozen } from "./frozen.ts";
import { exportReconstruction } from "./network.ts";
import { measureError, reconstruct } from "./reconstruct.ts";
import { InfeasibleError } from "./solve.ts";
import { hashTarget, readTarget, whyNotLayerNorm } from "./target.ts";
import { verifyReconstruction } from "./verify.ts";

const scientific = (value: number) => value.toExponential(1);

const parametersOf = ({ layers }: ReluNetwork) =>
  layers.reduce((total, { weight, bias }) => total + weight.length + bias.length, 0);

/** `tenfold norm reconstruct` */
export async function runReconstruct(config: ReconstructConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { minimal, sparsity, norm, samples, infeasible } = config;
  if (norm === "layer") {
    throw new ConfigError({
      where: "--norm",
      expected: "affine or batch",
      found: '"layer"',
      hint: whyNotLayerNorm,
    });
  }
  const out = raw.out;
  if (out === undefined) {
    throw new ConfigError({ where: "--out", expected: "a folder for the reconstruction", found: "none" });
  }
  const domain = parseDomain(config.domain);
  const target = await readTarget(config.target);
  if (!raw.force && existsSync(out)) await ensureEmptyDirectory(out);
  const batchNorm = norm === "batch";
  const { seed } = raw;
  const made = await withProgress(terminal, "reconstruct", (hooks) =>
    reconstruct(target, {
      ...hooks,
      domain,
      seed,
      minimal,
      batchNorm,
      ...(config.widthFactor !== undefined && { widthFactor: config.widthFactor }),
      ...(infeasible && { short: 1, ...(!minimal && { widthFactor: 1 }) }),
      ...(sparsity !== undefined && { sparsity }),
    }),
  ).catch((error: unknown) => {
    // For programs, the refusal is the result; for people it is the line on standard error.
    if (error instanceof InfeasibleError) {
      const { code, layer, width, neededWidth, residual } = error;
      terminal.result({ refused: code, layer, width, neededWidth, residual });
    }
    throw error;
  });
  const measured = measureError(target, made.blocks, { domain, samples, random: new Random(seed, "norm", "measure") });
  const frozen = made.blocks.map((block) => block.frozen);
  const { entries, nonZeros } = countFrozen(frozen);
  const certificate = await writeReconstruction(
    out,
    {
      domain: config.domain,
      seed,
      sparsity: sparsity ?? null,
      minimal,
      norm,
      depth: 2 * frozen.length,
      widths: [frozen[0]!.inDim, ...frozen.flatMap(({ width, outDim }) => [width, outDim])],
      trainedParameters: frozen.reduce((total, { width, outDim }) => total + 2 * (width + outDim), 0),
      frozenParameters: entries,
      frozenNonZeros: nonZeros,
      frozenSha256: hashFrozen(frozen),
      targetSha256: hashTarget(target),
      targetParameters: parametersOf(target),
      conditionNumbers: made.conditionNumbers.map((value) => (Number.isFinite(value) ? value : null)),
      residuals: [...made.residuals],
      errorBound: made.errorBound,
      measuredError: measured.error,
      outputScale: measured.scale,
      samples: measured.samples,
    },
    made.norms,
    exportReconstruction(frozen, made.norms),
    measured.histogram,
    { force: raw.force ?? false },
  );
  printCertificate(terminal, certificate, out);
}

function printCertificate(terminal: Terminal, certificate: Certificate, out: string): void {
  const { widths, depth, conditionNumbers, residuals } = certificate;
  terminal.print(
    `target ${widths.filter((_, i) => i % 2 === 0).join("-")} (${certificate.targetParameters} parameters) ` +
      `by a frozen random network of depth ${depth}, widths ${widths.join("-")}`,
  );
  terminal.table(
    conditionNumbers.map((condition, l) => ({ l, condition })),
    [
      { header: "layer", value: ({ l }) => l },
      { header: "weights", value: ({ l }) => widths[2 * l]! * widths[2 * l + 2]!, align: "right" },
      { header: "frozen neurons", value: ({ l }) => widths[2 * l + 1]!, align: "right" },
      {
        header: "condition",
        value: ({ condition }) => (condition === null ? "" : scientific(condition)),
        align: "right",
      },
      { header: "residual", value: ({ l }) => scientific(residuals[l]!), align: "right" },
    ],
  );
  terminal.print(
    `tuned ${certificate.trainedParameters} norm parameters, froze ${certificate.frozenParameters} random weights` +
      (certificate.frozenNonZeros < certificate.frozenParameters ? ` (${certificate.frozenNonZeros} not zero)` : ""),
  );
  terminal.print(
    `on ${certificate.domain}: error certain to stay below ${scientific(certificate.errorBound)}, ` +
      `measured ${scientific(certificate.measuredError)} over ${certificate.samples} inputs (outputs up to ${certificate.outputScale.toPrecision(3)})`,
  );
  terminal.info(`wrote ${out}: certificate.json, norms.safetensors, model.onnx, errors.json`);
  terminal.result({ ...certificate, out });
}

/** `tenfold norm verify` */
export async function runVerify(folder: string, config: VerifyConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const target = await readTarget(config.target);
  const inputs = config.inputs === undefined ? undefined : await readInputs(config.inputs, target.layers[0]!.inDim);
  const found = await withProgress(terminal, "verify", (hooks) =>
    verifyReconstruction(folder, target, {
      ...hooks,
      samples: config.samples,
      seed: raw.seed,
      ...(inputs && { inputs }),
    }),
  );
  const { outside, outsideRows } = found;
  terminal.print(
    `holds: error ${scientific(found.measuredError)} over ${found.samples} inputs, ${found.pressing} of them pressing hidden units ` +
      `to their bounds; bound ${scientific(found.errorBound)}; no hidden unit clips; ONNX Runtime ${scientific(found.onnxError)}`,
  );
  terminal.print(
    `outside (10 times as far out): ${outside.flagged} of ${outside.samples} inputs flagged; error there ` +
      `${scientific(outside.error)} on outputs up to ${outside.outputScale.toPrecision(3)}: nothing is certain there`,
  );
  if (outsideRows && outsideRows.length > 0) {
    const shown = outsideRows.slice(0, 10).join(", ");
    const more = outsideRows.length > 10 ? ", …" : "";
    terminal.warn(
      `${config.inputs}: ${outsideRows.length} rows lie outside the domain (rows ${shown}${more}): nothing is certain about them`,
    );
  }
  terminal.result({ verified: true, ...found });
}

/** Rows of inputs from a CSV or npy file. */
async function readInputs(path: string, inDim: number): Promise<Float64Array> {
  const refuse = (found: string) => new DataError({ where: path, expected: `rows of ${inDim} numbers`, found });
  if (path.endsWith(".npy")) {
    const { shape, data } = await readNpy(path);
    if (shape.length !== 2 || shape[1] !== inDim) throw refuse(`shape [${shape.join(", ")}]`);
    return Float64Array.from(data);
  }
  const { columns, rows } = await readTable(path);
  if (columns.length !== inDim) throw refuse(`${columns.length} columns`);
  const inputs = new Float64Array(rows * inDim);
  for (const [i, column] of columns.entries()) {
    if (column.type !== "number") throw refuse(`text in column "${column.name}"`);
    for (let n = 0; n < rows; n++) {
      const value = column.values[n]!;
      if (!Number.isFinite(value)) throw refuse(`${value} in row ${n + 1} of column "${column.name}"`);
      inputs[n * inDim + i] = value;
    }
  }
  return inputs;
}
