import type { WorkHooks } from "../../core/index.ts";
import { requireNewFile, writeFileAtomic } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal, withProgress } from "../../terminal/index.ts";
import type { BenchConfig, FitConfig, PlanConfig, VerifyConfig } from "./config.ts";
import { exportC } from "./export-c.ts";
import { exportOnnx } from "./export-onnx.ts";
import { exportVerilog } from "./export-verilog.ts";
import { fitTable } from "./fit-table.ts";
import { forward } from "./forward.ts";
import { memorize } from "./memorize.ts";
import { countNetwork, type NetworkCensus } from "./network.ts";
import { arbitraryAnswers, readNetworkFile } from "./network-file.ts";
import { randomTask } from "./random-task.ts";
import { boundSizes, otherConstructions, planWidths } from "./sizes.ts";
import { loadSource } from "./table-source.ts";
import { verifyTable } from "./verify-table.ts";

const secondsSince = (start: number) => Math.round(performance.now() - start) / 1000;
const count = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 0 });
/** The largest resident memory of this process so far, in MB. */
const peakMegabytes = () => Math.round(process.resourceUsage().maxRSS / 1024);

function describeNetwork(terminal: Terminal, census: NetworkCensus): void {
  terminal.print(
    `depth ${census.depth}, ${count(census.neurons)} neurons (${count(census.firstLayerNeurons)} in the first layer, ${count(census.decodeNeurons)} in the last four), ` +
      `${count(census.weights)} weights (${count(census.firstLayerWeights)} in the first layer)`,
  );
  terminal.print(
    `weights after the first layer: ${census.integerWeights ? "whole numbers" : "NOT all whole numbers"}, largest ${census.largestInteger.toExponential(2)}; ` +
      `decode layer: ${census.decodeTernary ? "all -1, 0 or 1" : "NOT all -1, 0 or 1"}`,
  );
}

/** `tenfold memorize fit` */
export async function runFit(data: string, config: FitConfig, raw: CommonOptions): Promise<void> {
  const start = performance.now();
  const terminal = openTerminal(raw);
  const files = [config.out, config.onnx, config.c, config.verilog].filter((path) => path !== undefined);
  if (!config.force) for (const path of files) await requireNewFile(path);
  const source = await loadSource(data, config);
  const { file, text, report } = await withProgress(terminal, "memorize", (hooks) =>
    fitTable(source, { ...config, seed: raw.seed, ...hooks }),
  );
  // Everything is made before anything is written: a refused export leaves no files.
  const written: [path: string, bytes: string | Uint8Array][] = [[config.out, text]];
  if (config.onnx !== undefined) written.push([config.onnx, exportOnnx(file)]);
  if (config.c !== undefined) written.push([config.c, exportC(file)]);
  if (config.verilog !== undefined) written.push([config.verilog, exportVerilog(file)]);
  for (const [path, bytes] of written) await writeFileAtomic(path, bytes);

  for (const { rows, labels } of report.conflicts.slice(0, 20)) {
    terminal.print(`conflict: ${rows.map((row, at) => `row ${row} says ${labels[at]}`).join(", ")}`);
  }
  if (report.conflicts.length > 20)
    terminal.print(`… and ${report.conflicts.length - 20} conflicts more (--json has all)`);
  if (report.overruled > 0) {
    terminal.print(`${report.overruled} rows are outvoted by the same rows with another label`);
  }
  terminal.print(
    `${data}: ${count(report.n)} rows, ${count(report.points)} different, ${report.d} features (numbers ${report.encoding}), ${2 ** report.labelBits > 2 ? `${report.labelBits} label bits` : "one label bit"}`,
  );
  terminal.print(
    `smallest distance ${report.delta.toPrecision(4)} (${report.deltaKind}), rows ${report.closestRows.join(" and ")}`,
  );
  describeNetwork(terminal, report);
  terminal.print(
    `bounds for these widths: ${count(report.bounds.neurons)} neurons, ${count(report.bounds.weights)} weights; first layer by the formula: ${count(report.firstLayerFormula)}`,
  );
  if (report.labelError > 0) terminal.print(`labels are rounded by at most ${report.labelError.toPrecision(3)}`);
  terminal.print(`accuracy ${report.accuracy}, smallest margin ${report.smallestMargin.toExponential(2)}`);
  terminal.print(`written: ${files.join(", ")} after ${secondsSince(start)} s, ${peakMegabytes()} MB at most`);
  terminal.info(`note: ${arbitraryAnswers}`);
  terminal.result({
    ...report,
    seconds: secondsSince(start),
    peakMegabytes: peakMegabytes(),
    files,
    warning: arbitraryAnswers,
  });
}

/** `tenfold memorize verify` */
export async function runVerify(net: string, data: string, config: VerifyConfig, raw: CommonOptions): Promise<void> {
  const start = performance.now();
  const terminal = openTerminal(raw);
  const file = await readNetworkFile(net);
  const source = await loadSource(data, {
    ...config,
    label: file.labels.column,
    features: file.encoding.columns.map(({ name }) => name),
    missing: file.table.missing,
    constant: "keep",
  });
  const found = await withProgress(terminal, "verify", (hooks) => verifyTable(file, source, hooks));
  terminal.print(
    `${data}: ${count(found.n - found.wrong)} of ${count(found.n)} rows right, accuracy ${found.accuracy}${found.exact ? "" : "; NOT exact"}`,
  );
  if (found.wrong > 0) {
    terminal.print(
      `wrong: ${found.wrongInConflicts} of ${found.wrong} rows have the same features as a row with another label; rows ${found.wrongRows.slice(0, 20).join(", ")}${found.wrong > 20 ? ", …" : ""}`,
    );
  }
  describeNetwork(terminal, found);
  terminal.print(
    `smallest margin ${found.smallestMargin.toExponential(2)}: ${found.float64Safe ? "safe" : "NOT safe"} in float64, ${found.float32Safe ? "safe" : "not safe"} for a first layer in float32`,
  );
  if (!found.sameTable) terminal.warn(`this is not the table that was memorized: ${arbitraryAnswers}`);
  if (found.unknownCells > 0) terminal.warn(`${found.unknownCells} cells hold what the memorized table never had`);
  terminal.result({ ...found, seconds: secondsSince(start), warning: arbitraryAnswers });
}

/** `tenfold memorize plan` */
export function runPlan(config: PlanConfig, raw: CommonOptions): void {
  const terminal = openTerminal(raw);
  const { n, d, delta, bits, geometry, eta } = config;
  const question = { points: n, dimensions: d, delta, labelBits: bits, eta, geometry };
  const widths = planWidths(question);
  const bounds = boundSizes(widths);
  const others = otherConstructions(question);
  const magnitude = (value: number | null, log10: number | undefined) =>
    value === null
      ? log10 === undefined
        ? "beyond float64"
        : `1e${log10.toFixed(0)}`
      : value < 1e15
        ? count(value)
        : value.toExponential(1);
  terminal.print(
    `n = ${count(n)} points in ${d} dimensions (${geometry}), smallest distance ${delta}, ${bits} label bits`,
  );
  terminal.table(
    [
      {
        name: "this construction",
        neurons: count(bounds.neurons),
        weights: count(bounds.weights),
        remark: `at most; depth ${bounds.depth}`,
      },
      ...others.map((other) => ({
        name: other.name,
        neurons: `${other.kind === "order" ? "~" : ""}${magnitude(other.neurons, other.log10Neurons)}`,
        weights: `${other.kind === "order" ? "~" : ""}${magnitude(other.weights, undefined)}`,
        remark: `${other.kind === "order" ? "order of magnitude: " : ""}${other.remark}`,
      })),
    ],
    [
      { header: "construction", value: (row) => row.name },
      { header: "neurons", value: (row) => row.neurons, align: "right" },
      { header: "weights", value: (row) => row.weights, align: "right" },
      { header: "", value: (row) => row.remark },
    ],
  );
  terminal.print(
    `first layer ceil((2 ln n + ln(1/eta)) / p) = ${count(widths.firstLayer)}, code ${widths.codeBits} bits, ${widths.fan === 1 ? "the first layer itself" : `each the parity of ${widths.fan - 1} of its neurons`}, ` +
      `${count(widths.groups)} groups of ${count(widths.groupSize)}; the last four layers: ${count(bounds.decodeNeurons)} neurons`,
  );
  terminal.result({ n, d, delta, bits, geometry, eta, widths, bounds, others });
}

/** `tenfold memorize bench` */
export async function runBench(config: BenchConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { points, labels } = randomTask(config, raw.seed);
  const start = performance.now();
  const { built, fitSeconds, answers, verifySeconds } = await withProgress(terminal, "memorize", async (hooks) => {
    const half = (from: number): WorkHooks => ({ ...hooks, progress: (f) => hooks.progress?.(from + 0.5 * f) });
    const built = await memorize(points, labels, { seed: raw.seed, eta: config.eta, tight: config.tight, ...half(0) });
    const fitSeconds = secondsSince(start);
    const answers = await forward(built.network, points, half(0.5));
    return { built, fitSeconds, answers, verifySeconds: secondsSince(start) - fitSeconds };
  });
  const right = labels.reduce((total, label, point) => total + (answers.labels[point] === label ? 1 : 0), 0);
  const census = countNetwork(built.network);
  const { closest, widths, bounds, draws, smallestMargin } = built;
  terminal.print(
    `${count(config.n)} random points on the sphere in ${config.d} dimensions, ${config.classes} classes at random: ${count(right)} labels right`,
  );
  terminal.print(
    `smallest distance ${closest.distance.toPrecision(4)} (${closest.kind}${closest.kind === "exact" ? "" : `, a closer pair overlooked with probability ${closest.missProbability.toExponential(1)}`})`,
  );
  describeNetwork(terminal, census);
  terminal.print(
    `built in ${fitSeconds} s, all points run through the weights in ${verifySeconds.toFixed(1)} s, ${peakMegabytes()} MB at most`,
  );
  terminal.result({
    n: config.n,
    d: config.d,
    classes: config.classes,
    seed: raw.seed,
    tight: config.tight,
    delta: closest.distance,
    deltaKind: closest.kind,
    deltaMissProbability: closest.missProbability,
    ...census,
    widths,
    bounds,
    draws,
    accuracy: right / config.n,
    smallestMargin,
    fitSeconds,
    verifySeconds,
    seconds: secondsSince(start),
    peakMegabytes: peakMegabytes(),
  });
}
