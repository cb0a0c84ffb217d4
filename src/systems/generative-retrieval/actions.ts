import { readFile } from "node:fs/promises";
import { ConfigError, DataError } from "../../core/index.ts";
import { readFailure } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal } from "../../terminal/index.ts";
import { RunFolder } from "../../train/index.ts";
import { type Catalogue, readCatalogue, writeCatalogue } from "./catalogue-file.ts";
import { type AddItemConfig, defaultColdShare, type FitConfig, type IdsConfig, type TopConfig } from "./config.ts";
import { fitContent } from "./content.ts";
import { fitGenerator, fitIds, type Inputs, readInputs } from "./fit.ts";
import { specOf } from "./generator.ts";
import { printTree } from "./id-tree.ts";
import type { Request } from "./recommend.ts";
import { readRun, writeInteractions, writeItemCoder, writeModel } from "./run-folder.ts";
import { describeIds, type IdStatistics, idOf } from "./semantic-ids.ts";
import { addItems, openServed } from "./serving.ts";

const number = (value: number) => value.toLocaleString("en-US");
const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
const secondsSince = (start: number) => Math.round(performance.now() - start) / 1000;

/** Facts of a run that must agree on resuming; how long it may take is not one of them. */
function identityOf({ resume, maxMinutes, ...config }: FitConfig, seed: number, inputs: Inputs) {
  return { kind: "generative-retrieval", seed, config, inputs: inputs.hashes };
}

/** `tenfold recommend fit` */
export async function runFit(config: FitConfig, raw: CommonOptions): Promise<void> {
  const began = performance.now();
  const terminal = openTerminal(raw);
  const { out, force = false, seed } = raw;
  if (out === undefined) {
    const hint = "evaluate, top, ids, add-item, export and serve read the run from there";
    throw new ConfigError({ where: "--out", expected: "a folder for the run", found: "none", hint });
  }
  specOf(config); // Sizes that do not fit are told before anything is written.
  const inputs = await readInputs(config, seed);
  for (const note of inputs.notes) terminal.info(`note: ${note}`);
  const identity = identityOf(config, seed, inputs);
  const made = config.resume ? await readCatalogue(out).catch(() => undefined) : undefined;
  // Vectors and encoders are read before a run that is in the way is emptied.
  const content = made ? undefined : await fitContent(inputs.items, config, seed);
  const folder = config.resume ? await RunFolder.open(out, identity) : await RunFolder.create(out, identity, { force });
  const { signal } = terminal;
  const progress = terminal.progress("fit", 1);
  try {
    const catalogue =
      made ??
      (await makeIds(out, { ...inputs, content }, config, seed, {
        signal,
        progress: (fraction, note) => progress.update(0.1 * fraction, note),
      }));
    const statistics = describeIds(catalogue.ids, catalogue.content);
    describe(terminal, inputs, statistics);
    const trained = await fitGenerator(inputs.split, catalogue, config, seed, {
      folder,
      resume: config.resume,
      signal,
      progress: (fraction, note) => progress.update(0.1 + 0.9 * fraction, note),
    });
    progress.stop();
    if (trained.end === "stopped") {
      terminal.warn(`stopped in epoch ${trained.epochs + 1}; go on with the same command and --resume`);
      process.exitCode = 130;
      return;
    }
    await writeModel(out, trained.params);
    const { params, ...training } = trained;
    const report = {
      dataset: datasetOf(inputs),
      ids: statistics,
      training: { ...training, usersPerSecond: usersPerSecond(inputs, trained) },
      seconds: secondsSince(began),
      peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    };
    await folder.saveReport(report);
    const why = { epochs: "all epochs", patience: "no more gain", minutes: "--max-minutes" }[trained.end];
    terminal.print(
      `best after epoch ${trained.bestEpoch} of ${trained.epochs} (${why}): NDCG@10 ${trained.score.toFixed(4)} on the validation part`,
    );
    terminal.print(`written to ${out} after ${report.seconds} s`);
    terminal.result({ out, ...report });
  } catch (error) {
    if (signal.aborted) terminal.warn("stopped; go on with the same command and --resume");
    throw error;
  } finally {
    progress.stop();
    folder.close();
  }
}

/** Users whose sequences were trained on, a second. */
function usersPerSecond({ split }: Inputs, { epochs, seconds }: { readonly epochs: number; readonly seconds: number }) {
  const users = split.train.filter((sequence) => sequence.length > 1).length;
  return seconds > 0 ? Math.round((users * epochs) / seconds) : 0;
}

function datasetOf({ interactions, items, split }: Inputs) {
  return {
    users: interactions.users.length,
    items: items.length,
    interactions: interactions.items.length,
    tested: split.test.targets.length,
  };
}

/** Makes the catalogue with its IDs. Of the three files that are written it is the last, so that one that is there is whole. */
async function makeIds(
  out: string,
  inputs: Parameters<typeof fitIds>[0] & Inputs,
  config: FitConfig,
  seed: number,
  work: Parameters<typeof fitIds>[3],
): Promise<Catalogue> {
  const { catalogue, coder } = await fitIds(inputs, config, seed, work);
  await writeInteractions(out, inputs.interactions);
  await writeItemCoder(out, coder);
  await writeCatalogue(out, catalogue);
  return catalogue;
}

function describe(terminal: Terminal, inputs: Inputs, statistics: IdStatistics): void {
  const { users, items, interactions } = datasetOf(inputs);
  terminal.print(`${number(users)} users, ${number(items)} items, ${number(interactions)} interactions`);
  const list = (values: readonly number[], show: (value: number) => string) => values.map(show).join(" / ");
  const cosines = statistics.cosineBySharedCodes.map((value) => value?.toFixed(2) ?? "none").join(" / ");
  terminal.print(
    `semantic IDs: codes in use ${list(statistics.usage, percent)}, perplexity ${list(statistics.perplexity, (value) => value.toFixed(0))}`,
  );
  terminal.print(
    `  ${percent(statistics.collisions)} of the items need the last number, at most ${statistics.largestGroup} share all other codes`,
  );
  terminal.print(`  cosine of contents by codes shared: ${cosines}`);
}

async function readList(path: string | undefined): Promise<string[] | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw readFailure(path, error);
  });
  return text.split(/\r?\n/).flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
}

/** `column=value` as its parts. */
function parseWhere(text: string | undefined): Request["where"] {
  if (text === undefined) return undefined;
  const at = text.indexOf("=");
  if (at < 1) throw new ConfigError({ where: "--where", expected: "column=value", found: `"${text}"` });
  return { column: text.slice(0, at), value: text.slice(at + 1) };
}

/** `tenfold recommend top` */
export async function runTop(path: string, config: TopConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { allow, deny, where, beamSize, coldShare = defaultColdShare, ...rest } = config;
  if (config.coldShare !== undefined && config.cold === "off") {
    throw new ConfigError({
      where: "--cold-share",
      expected: "--cold prefix or --cold neighbours with it",
      found: "none",
    });
  }
  const served = await openServed(path, beamSize ?? config.k);
  const request: Request = {
    ...rest,
    coldShare,
    seed: raw.seed,
    allow: await readList(allow),
    deny: await readList(deny),
    where: parseWhere(where),
  };
  const [answer] = await served.answerer.answer([request]);
  await served.dispose();
  for (const note of answer.notes) terminal.info(`note: ${note}`);
  const { items, placeOf } = served.answerer.catalogue;
  terminal.table(answer.items, [
    { header: "item", value: ({ id }) => id },
    { header: "score", value: ({ score }) => score.toFixed(3), align: "right" },
    { header: "semantic ID", value: ({ semanticId }) => semanticId.join("-") },
    { header: "by", value: ({ source }) => source },
    { header: "text", value: ({ id }) => items[placeOf.get(id) ?? 0].text.slice(0, 60) },
  ]);
  terminal.result(answer);
}

/** `tenfold recommend ids` */
export async function runIds(path: string, { item, depth }: IdsConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { catalogue } = await readRun(path);
  if (item === undefined) {
    printTree(terminal, catalogue, depth);
    const rows = catalogue.items.map(({ id }, place) => ({ id, semanticId: Array.from(idOf(catalogue.ids, place)) }));
    terminal.result({ statistics: describeIds(catalogue.ids, catalogue.content), items: rows });
    return;
  }
  const place = catalogue.placeOf.get(item);
  if (place === undefined) {
    throw new DataError({ where: "--item", expected: "an item of the catalogue", found: item });
  }
  const own = idOf(catalogue.ids, place);
  const shared = (other: number) => {
    const at = idOf(catalogue.ids, other).findIndex((code, level) => code !== own[level]);
    return at < 0 ? own.length : at;
  };
  const near = Array.from(catalogue.items.keys())
    .filter((other) => other !== place && shared(other) > 0)
    .sort((a, b) => shared(b) - shared(a) || a - b)
    .slice(0, 10)
    .map((other) => ({
      id: catalogue.items[other].id,
      semanticId: Array.from(idOf(catalogue.ids, other)),
      shared: shared(other),
      text: catalogue.items[other].text,
    }));
  terminal.print(`${item}: ${own.join("-")}  ${catalogue.items[place].text}`);
  terminal.table(near, [
    { header: "shared codes", value: ({ shared: count }) => count },
    { header: "item", value: ({ id }) => id },
    { header: "semantic ID", value: ({ semanticId }) => semanticId.join("-") },
    { header: "text", value: ({ text }) => text.slice(0, 60) },
  ]);
  terminal.result({ id: item, semanticId: Array.from(own), near });
}

/** `tenfold recommend add-item` */
export async function runAddItem(path: string, config: AddItemConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { items, embeddings } = config;
  const added = await addItems(path, await readCatalogue(path), items, embeddings);
  await writeCatalogue(path, added.catalogue);
  terminal.table(added.items, [
    { header: "item", value: ({ id }) => id },
    { header: "semantic ID", value: ({ semanticId }) => semanticId.join("-") },
  ]);
  terminal.result({ items: added.items, catalogue: added.catalogue.items.length });
}
