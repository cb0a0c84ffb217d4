import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DataError, flattenTree, type HostTensor, mapTree, Random, type Tree } from "../../core/index.ts";
import { readSafetensors, writeSafetensors } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal } from "../../terminal/index.ts";
import { type Baseline, makeBaseline, sasRecSizes, trainSasRec } from "./baselines/index.ts";
import { type SasRecLoss, sasRec, sasRecRecommender } from "./baselines/sasrec.ts";
import type { BaselineKind, EvaluateConfig } from "./config.ts";
import { diagnoseModel, gainsOver, type Measured, measure } from "./evaluate.ts";
import { openGenerator } from "./fit.ts";
import { beamRecommender } from "./retriever.ts";
import { type Run, readRun, readRunInteractions } from "./run-folder.ts";
import { leaveOneOut, type Split } from "./split.ts";
import type { TrunkParams } from "./trunk.ts";

/** A run's name in the table: its kind of IDs. */
const nameOf = ({ config, path }: Run, main: Run) =>
  `tiger ${config.ids}${config.ids === main.config.ids && path !== main.path ? ` (${path})` : ""}`;

/** `tenfold recommend evaluate` */
export async function runEvaluate(path: string, config: EvaluateConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { signal } = terminal;
  const run = await readRun(path);
  const interactions = await readRunInteractions(path);
  const split = leaveOneOut(interactions);
  if (split.test.targets.length === 0) {
    const expected = "a user with at least three interactions, of which the last is tested on";
    throw new DataError({ where: path, expected, found: "none" });
  }
  const exclude = !config.includeHistory;
  const counts = run.catalogue.counts;
  const measured: Measured[] = [];
  const progress = terminal.progress("evaluate", 1);
  const kinds = config.baselines.filter((kind) => kind !== "none");
  const stages = 2 + config.compare.length + kinds.length;
  const stage = (name: string) => progress.update(measured.length / stages, name);
  try {
    const decoder = await openGenerator(run.spec, run.params, config.beamSize);
    stage("beam search");
    const options = { beamSize: config.beamSize };
    const main = beamRecommender(nameOf(run, run), decoder, run.catalogue.trie, options, signal);
    measured.push(await measure(main, split.test, counts, exclude));
    stage("exact scoring and controls");
    const diagnostics = await diagnoseModel(decoder, run.catalogue, split.test, {
      ...options,
      exclude,
      sample: config.sample,
      seed: raw.seed,
      signal,
    });
    await decoder.dispose();
    for (const other of config.compare) {
      stage(other);
      measured.push(await measureOther(other, run, split, config, signal));
    }
    for (const kind of kinds) {
      stage(kind);
      const baseline = await openBaseline(kind, run, split, config, {
        signal,
        progress: (fraction, note) => progress.update((measured.length + fraction) / stages, `${kind}, ${note}`),
      });
      measured.push(await measure(baseline, split.test, counts, exclude));
      await baseline.dispose?.();
    }
    progress.stop();
    const rows = measured.map(({ row }) => row);
    const gains = gainsOver(measured, raw.seed);
    const dataset = {
      users: interactions.users.length,
      items: run.catalogue.items.length,
      interactions: interactions.items.length,
      tested: split.test.targets.length,
      repeated: repeatedTargets(split),
    };
    printTable(terminal, measured, gains);
    describe(terminal, diagnostics, dataset);
    terminal.result({ dataset, rows, gains, ...diagnostics, coverage: rows[0].coverage });
  } finally {
    progress.stop();
  }
}

/** Users whose target is in their history, which excluding the history hides. */
function repeatedTargets({ test }: Split): number {
  return test.histories.filter((history, user) => history.includes(test.targets[user])).length;
}

async function measureOther(
  path: string,
  main: Run,
  split: Split,
  { beamSize, includeHistory }: EvaluateConfig,
  signal: AbortSignal,
): Promise<Measured> {
  const run = await readRun(path);
  for (const [what, hash] of Object.entries(main.inputs)) {
    if (run.inputs[what] === hash) continue;
    throw new DataError({ where: path, expected: `a run on the same ${what}`, found: "one on others" });
  }
  const decoder = await openGenerator(run.spec, run.params, beamSize);
  const recommender = beamRecommender(nameOf(run, main), decoder, run.catalogue.trie, { beamSize }, signal);
  const found = await measure(recommender, split.test, main.catalogue.counts, !includeHistory);
  await decoder.dispose();
  return found;
}

interface Watch {
  readonly signal: AbortSignal;
  readonly progress: (fraction: number, note: string) => void;
}

async function openBaseline(
  kind: BaselineKind,
  run: Run,
  split: Split,
  config: EvaluateConfig,
  watch: Watch,
): Promise<Baseline> {
  if (kind !== "sasrec-bce" && kind !== "sasrec-ce") return makeBaseline(kind, split, run.catalogue);
  const items = run.catalogue.counts.length;
  const length = run.config.maxHistory;
  const params = await sasRecParams(kind === "sasrec-bce" ? "bce" : "ce", run, split, config, watch);
  return sasRecRecommender(kind, items, sasRecSizes(length), params);
}

/** SASRec's parameters: trained, or those that were trained for this run before with the same epochs. */
async function sasRecParams(
  kind: SasRecLoss,
  run: Run,
  split: Split,
  { sasrecEpochs }: EvaluateConfig,
  watch: Watch,
): Promise<TrunkParams> {
  const items = run.catalogue.counts.length;
  const length = run.config.maxHistory;
  const folder = join(run.path, "baselines");
  const file = join(folder, `sasrec-${kind}-${sasrecEpochs}-epochs.safetensors`);
  if (existsSync(file)) {
    const { tensors } = await readSafetensors(file);
    const like = sasRec(items, sasRecSizes(length), kind).init(new Random(0)) as unknown as Tree<HostTensor>;
    return mapTree(like, (_, leaf) => tensors[leaf]) as unknown as TrunkParams;
  }
  const params = await trainSasRec(kind, split, items, { epochs: sasrecEpochs, length, seed: run.seed, ...watch });
  await mkdir(folder, { recursive: true });
  await writeSafetensors(file, Object.fromEntries(flattenTree(params as unknown as Tree<HostTensor>)));
  return params;
}

function printTable(terminal: Terminal, measured: readonly Measured[], gains: ReturnType<typeof gainsOver>): void {
  const best = Math.max(...measured.map(({ row }) => row["recall@10"]));
  const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
  terminal.table(measured, [
    { header: "model", value: ({ row }) => `${row.model}${row["recall@10"] === best ? " *" : ""}` },
    { header: "R@5", value: ({ row }) => row["recall@5"].toFixed(4), align: "right" },
    { header: "N@5", value: ({ row }) => row["ndcg@5"].toFixed(4), align: "right" },
    { header: "R@10", value: ({ row }) => row["recall@10"].toFixed(4), align: "right" },
    { header: "95% interval", value: ({ row }) => row.ci["recall@10"].map((end) => end.toFixed(4)).join(" to ") },
    { header: "N@10", value: ({ row }) => row["ndcg@10"].toFixed(4), align: "right" },
    { header: "coverage", value: ({ row }) => percent(row.coverage), align: "right" },
    {
      header: "R@10 rare / frequent",
      value: ({ row: { byFrequency } }) => `${byFrequency[1].recall.toFixed(4)} / ${byFrequency[3].recall.toFixed(4)}`,
    },
  ]);
  terminal.print("* the best; rare: targets with 1 to 5 interactions in the training part, frequent: above 20");
  for (const { over, gain, interval } of gains) {
    const [low, high] = interval.map((end) => end.toFixed(4));
    const verdict = interval[0] > 0 ? "better" : interval[1] < 0 ? "worse" : "no different";
    terminal.print(`R@10 against ${over}: ${gain >= 0 ? "+" : ""}${gain.toFixed(4)} [${low}, ${high}], ${verdict}`);
  }
}

function describe(
  terminal: Terminal,
  found: Awaited<ReturnType<typeof diagnoseModel>>,
  dataset: { readonly users: number; readonly tested: number; readonly repeated: number },
): void {
  const percent = (value: number) => `${(100 * value).toFixed(2)}%`;
  terminal.print(
    `IDs that are items': ${percent(found.validIdRate)} through the trie; without it ${percent(found.invalidAt10Unconstrained)} of the first 10 are none, ${percent(found.invalidAt20Unconstrained)} of the first 20`,
  );
  const exact = found.recallByExactScoring === null ? "not for this layout" : found.recallByExactScoring.toFixed(4);
  terminal.print(
    `on ${found.sampledUsers} users: R@10 ${found.recallByBeam.toFixed(4)} by beam, ${exact} by exact scoring; ${found.distinctItems} different items in their lists`,
  );
  terminal.print(
    `with another user's history R@10 is ${found.recallOfSwappedHistories.toFixed(4)}, and ${percent(found.overlapOfSwappedHistories)} of a list stays`,
  );
  const temperatures = found.sampling.map(
    ({ temperature, entropy, recall }) => `T=${temperature} ${entropy.toFixed(2)} bits, R@10 ${recall.toFixed(4)}`,
  );
  terminal.print(`drawn lists, entropy of the first code: ${temperatures.join("; ")}`);
  if (dataset.repeated > 0) {
    terminal.warn(`${dataset.repeated} targets are in the history, which is left out (--include-history keeps it)`);
  }
}
