import { ConfigError } from "../../core/index.ts";
import { readReluNetwork } from "../../data/index.ts";
import { ensureEmptyDirectory, requireNewFile, writeFileAtomic } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal, withProgress } from "../../terminal/index.ts";
import { approximate } from "./approximate.ts";
import { type BenchRow, benchApproximation } from "./bench.ts";
import type { ApproximateConfig, BenchConfig, ExportConfig, SearchConfig, VerifySettings } from "./config.ts";
import { parseDomain } from "./domain.ts";
import { exportOnnx } from "./export-onnx.ts";
import { readApproximation, verifyFolder, writeApproximation } from "./folder.ts";
import type { MaskedParams } from "./masked-model.ts";
import { frozenSha256, judgeMask, loadSearch, type MaskReport, trainMask, writeSubnetwork } from "./search.ts";

const percent = (value: number) => `${(100 * value).toFixed(2)}%`;
const scientific = (value: number) => value.toExponential(1);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function requireOut({ out }: CommonOptions, expected: string): string {
  if (out !== undefined) return out;
  throw new ConfigError({ where: "--out", expected, found: "none" });
}

/** `tenfold subnet approximate` */
export async function runApproximate(config: ApproximateConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const out = requireOut(raw, "a folder for the mask and its certificate");
  const domain = parseDomain(config.domain);
  const target = await readReluNetwork(config.target);
  await ensureEmptyDirectory(out, { force: raw.force ?? false });
  const begin = performance.now();
  const { eps, delta, gadget, copies, samples } = config;
  const approximation = await withProgress(terminal, "subnet approximate", (hooks) =>
    approximate(target, {
      ...hooks,
      eps,
      delta,
      gadget,
      samples,
      domain,
      seed: raw.seed,
      ...(copies !== undefined && { copies }),
    }),
  );
  const { sha256: _, ...certificate } = await writeApproximation(out, approximation, config.target, { force: true });
  const seconds = Math.round(performance.now() - begin) / 1000;
  const rows: [what: string, value: string | number][] = [
    ["bits a weight", certificate.bits],
    ["depth (layers)", certificate.depth],
    ["width (units)", certificate.width],
    ["copies (in the last block)", `${certificate.copies} (${certificate.lastCopies})`],
    ["edges kept", `${certificate.keptEdges} of ${scientific(certificate.virtualEdges)}`],
    ["error bound", certificate.errorBound.toPrecision(3)],
    ["measured error", `${certificate.measuredError.toPrecision(3)} at ${certificate.inputs} inputs`],
    ["same largest output", percent(certificate.argmaxAgreement)],
    ["mask", `${certificate.maskBytes} bytes; the target has ${certificate.targetBytes}`],
  ];
  terminal.table(rows, [
    { header: `seed ${certificate.seed}`, value: ([what]) => what },
    { header: "", value: ([, value]) => String(value) },
  ]);
  terminal.info(`wrote ${out}: check it with tenfold subnet verify ${out} --target ${config.target}`);
  terminal.result({ out, ...certificate, seconds });
}

/** `tenfold subnet verify` */
export async function runVerify(
  folder: string,
  config: VerifySettings,
  raw: CommonOptions & { readonly otherSeed: number | undefined },
): Promise<void> {
  const terminal = openTerminal(raw);
  const begin = performance.now();
  const found = await withProgress(terminal, "subnet verify", (hooks) =>
    verifyFolder(folder, config.target, {
      ...hooks,
      samples: config.samples,
      ...(raw.otherSeed !== undefined && { seed: raw.otherSeed }),
    }),
  );
  const { otherSeed } = found;
  terminal.print(
    `verified: every unit of the mask computes what it should under seed ${found.seed}; ${found.inputs} outputs in ` +
      `${found.arithmetic} are the quantized target's`,
  );
  terminal.print(
    `error ${found.measuredError.toPrecision(3)} <= bound ${found.errorBound.toPrecision(3)} <= eps ${found.eps}; ` +
      (otherSeed
        ? `under seed ${otherSeed.seed} the mask gives other outputs at ${otherSeed.unequal} of ${otherSeed.inputs} inputs`
        : "no other seed changes its outputs at the inputs tried, as where they are always 0"),
  );
  terminal.result({ folder, ...found, seconds: Math.round(performance.now() - begin) / 1000 });
}

/** `tenfold subnet export` */
export async function runExport(folder: string, { onnx, force }: ExportConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  if (!force) await requireNewFile(onnx);
  const { certificate, layers } = await readApproximation(folder);
  const model = exportOnnx(certificate, layers);
  await writeFileAtomic(onnx, model);
  terminal.print(`${onnx}: ${certificate.depth} layers of signs, ${model.length} bytes`);
  terminal.result({ folder, onnx, depth: certificate.depth, keptEdges: certificate.keptEdges, bytes: model.length });
}

/** `tenfold subnet bench` */
export async function runBench(config: BenchConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const rows = await withProgress(terminal, "subnet bench", (hooks) => benchApproximation(config, raw.seed, hooks));
  terminal.print(
    `random targets ${config.widths.join("-")}, spectral norms 1, |x| <= 1: medians of ${config.targets}, errors the largest`,
  );
  terminal.table<BenchRow>(rows, [
    { header: "gadget", value: ({ gadget }) => gadget },
    { header: "eps", value: ({ eps }) => eps },
    { header: "found", value: ({ found, targets }) => `${found}/${targets}`, align: "right" },
    { header: "bits", value: ({ bits }) => bits },
    { header: "copies", value: ({ copies, lastCopies }) => `${copies}/${lastCopies}`, align: "right" },
    { header: "depth", value: ({ depth }) => depth },
    { header: "width", value: ({ width }) => width },
    { header: "edges kept", value: ({ keptEdges }) => keptEdges },
    { header: "of", value: ({ virtualEdges }) => scientific(virtualEdges), align: "right" },
    { header: "error", value: ({ measuredError }) => scientific(measuredError), align: "right" },
    { header: "bound", value: ({ errorBound }) => scientific(errorBound), align: "right" },
  ]);
  terminal.result({ widths: config.widths, seed: raw.seed, rows });
}

/** `tenfold subnet search` */
export async function runSearch(config: SearchConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const run = requireOut(raw, "a folder for the run");
  const recipe = await loadSearch(config, raw.seed);
  const { resume, checkpointEvery } = config;
  const begin = performance.now();
  let progress: ReturnType<Terminal["progress"]> | undefined;
  let trained: MaskedParams | undefined;
  try {
    for await (const event of trainMask(recipe, {
      run,
      resume,
      force: raw.force ?? false,
      signal: terminal.signal,
      ...(checkpointEvery !== undefined && { checkpointEvery }),
    })) {
      if (event.type === "start") {
        const from = event.step > 0 ? `, going on from step ${event.step}` : "";
        terminal.info(`${config.method} on ${recipe.train.name}: ${event.totalSteps} steps${from}`);
        progress = terminal.progress("search", event.totalSteps);
      }
      if (event.type === "step") progress?.update(event.step, `loss ${event.loss.toFixed(4)}`);
      if (event.type === "stopped") {
        progress?.stop();
        terminal.warn(`stopped after step ${event.step}; go on with the same command and --resume`);
        process.exitCode = 130;
        return;
      }
      if (event.type === "end") trained = event.params as unknown as MaskedParams;
    }
  } finally {
    progress?.stop();
  }
  await finishSearch(recipe, trained!, run, terminal, begin);
}

async function finishSearch(
  recipe: Awaited<ReturnType<typeof loadSearch>>,
  params: MaskedParams,
  run: string,
  terminal: Terminal,
  begin: number,
): Promise<void> {
  const { config, seed, train, epochs } = recipe;
  const report: MaskReport = await judgeMask(recipe, params, terminal.signal);
  const { method, weights, keep } = config;
  const result = {
    run,
    data: train.name,
    model: config.model,
    method,
    weights,
    keep,
    seed,
    epochs,
    ...report,
    frozenUnchanged: frozenSha256(recipe.freshParams()) === report.frozenSha256,
    seconds: Math.round(performance.now() - begin) / 1000,
  };
  await writeSubnetwork(recipe, params, run, result);
  const { sanity, sizes } = report;
  terminal.print(
    `${method} over ${weights} weights on ${train.name}: accuracy ${percent(report.accuracy!)}, ` +
      `${percent(report.keptShare)} of ${sizes.weights} weights kept`,
  );
  const checks: [what: string, accuracy: number][] = [
    ["the mask", report.accuracy!],
    [`the mask shuffled (mean of ${sanity.shuffled.length})`, mean(sanity.shuffled)],
    [`other weights under it (mean of ${sanity.reinitialized.length})`, mean(sanity.reinitialized)],
    ["the mask inverted", sanity.inverted],
    ["the most frequent class", sanity.chance],
  ];
  terminal.table(checks, [
    { header: "check", value: ([what]) => what },
    { header: "accuracy", value: ([, accuracy]) => percent(accuracy), align: "right" },
  ]);
  terminal.print(
    `${sizes.fileBytes} bytes (mask bits and a seed; its entropy is ${sizes.entropyBytes}) against ${sizes.denseBytes} of ` +
      `dense float32: ${sizes.ratio.toFixed(1)} times smaller`,
  );
  terminal.print(
    `frozen weights: ${result.frozenUnchanged ? "unchanged" : "CHANGED"}, sha256 ${report.frozenSha256.slice(0, 12)}…`,
  );
  terminal.info(`${run}: subnetwork.safetensors, and model.onnx with the weights in it`);
  terminal.result(result);
}
