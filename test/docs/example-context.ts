import { repository } from "./build-package.ts";

/** Name -> type. */
type Context = Readonly<Record<string, string>>;

const file = (path: string, name: string) => `import("${repository}src/${path}.ts").${name}`;

const everywhere: Context = {
  adamW: `typeof ${file("optim/index", "adamW")}`,
  bytes: "Uint8Array",
  createRoute: 'typeof import("@hono/zod-openapi").createRoute',
  data: file("data/index", "Dataset"),
  dataset: file("data/index", "Dataset"),
  epochs: "number",
  join: 'typeof import("node:path").join',
  labels: "Uint32Array",
  loss: `typeof ${file("nn/index", "crossEntropy")}`,
  model: file("nn/index", "AnyLayer"),
  params: `${file("core/index", "Tree")}<${file("core/index", "HostTensor")}>`,
  program: 'import("commander").Command',
  raw: file("terminal/index", "CommonOptions"),
  readFile: 'typeof import("node:fs/promises").readFile',
  report: "object",
  test: file("data/index", "Dataset"),
  train: file("data/index", "Dataset"),
  work: file("dist/index", "Work"),
  writeFile: 'typeof import("node:fs/promises").writeFile',
  x: file("engine/index", "Tensor"),
  z: 'typeof import("@hono/zod-openapi").z',
};

/** The beginning of a path -> what is otherwise there. */
const somewhere: Readonly<Record<string, Context>> = {
  "src/nn/language-model/": {
    config: file("nn/index", "LanguageModelConfig"),
    params: file("nn/index", "LanguageModelParams"),
  },
  "src/systems/language-interfaced/": { model: file("systems/language-interfaced/predict", "LiftModel") },
  "src/systems/memorization/": { points: file("systems/memorization/points", "Points") },
  "src/systems/word-translation/": {
    source: file("systems/word-translation/align", "Language"),
    target: file("systems/word-translation/align", "Language"),
    fingerprints: file("systems/word-translation/fingerprints", "FingerprintPair"),
    options: file("systems/word-translation/align", "AlignOptions"),
    work: file("systems/word-translation/similarity", "Work"),
  },
  "src/terminal/": { command: 'import("commander").Command', order: 'import("commander").Command' },
};

/** The type of a name that the examples of a file take for granted. */
export function contextType(name: string, path: string): string | undefined {
  const place = Object.keys(somewhere).find((prefix) => path.startsWith(prefix));
  return (place === undefined ? undefined : somewhere[place]![name]) ?? everywhere[name];
}
