/** Recipes that between them try every pair of what can be combined. @module */
import { parseRecipe } from "../../src/recipe/index.ts";

/** What can be chosen, by what it is chosen for: lines of YAML. */
export const choices = {
  model: {
    mlp: "model: { kind: mlp, hidden: [16] }",
    "mlp with batch norm": "model: { kind: mlp, hidden: [16], norm: batch }",
    lenet: "model: lenet",
    resnet8: "model: resnet8",
    "language-model": "model: { kind: language-model, dim: 16, layers: 1, heads: 2, context: 16 }",
    recommender:
      "model: { kind: recommender, dim: 8, layers: 1, hidden-dim: 16, max-history: 8, levels: 2, codebook-size: 8, ids: rq-kmeans }",
  },
  train: {
    full: "train: full",
    "low-rank": "train: { kind: low-rank, group-lasso: 1.0e-4, shrink: 0.05 }",
    "low-rank that keeps its ranks": "train: { kind: low-rank, rank: 0.5, shrink: false }",
    norms: "train: norms",
    lora: "train: { kind: lora, rank: 2 }",
  },
  order: Object.fromEntries(
    ["rr", "ss", "igd", "ff-rr", "ff-ss", "ff-igd", "grab", "grab-pair"].map((name) => [name, `order: ${name}`]),
  ),
  workers: {
    none: "",
    "local-rr": "workers: { count: 2, local-steps: 2 }",
    "minibatch-rr": "workers: { count: 2, local-steps: 2, method: minibatch-rr }",
  },
} as const;

type Axis = keyof typeof choices;
const axes = Object.keys(choices) as Axis[];

/** A choice for each axis, by name. */
export type Row = Readonly<Record<Axis, string>>;

const dataOf: Readonly<Record<string, string>> = {
  "language-model": "data: { text: TEXT }",
  recommender: "data: { interactions: EVENTS, items: ITEMS }",
};

/** The recipe of a row, with capitals where paths go. */
export function recipeOf(row: Row): string {
  const own = axes.map((axis) => (choices[axis] as Readonly<Record<string, string>>)[row[axis]]!);
  const batch = { recommender: 4, "language-model": 8 }[row.model] ?? 64;
  const rule = row.workers === "minibatch-rr" ? ["optimizer: sgd", "learning-rate: 0.05"] : ["learning-rate: 0.02"];
  const rest = ["clip-norm: 1", "epochs: 3", `batch-size: ${batch}`];
  return [dataOf[row.model] ?? "data: digits", ...own, ...rule, ...rest, ""].join("\n");
}

function isPossible(row: Row): boolean {
  try {
    parseRecipe(recipeOf(row), "row.yaml");
    return true;
  } catch {
    return false;
  }
}

/** All rows: every choice of every axis. */
const rows: readonly Row[] = axes.reduce<Row[]>(
  (partial, axis) => partial.flatMap((row) => Object.keys(choices[axis]).map((name) => ({ ...row, [axis]: name }))),
  [{} as Row],
);

/** The pairs in a row: `norms, grab`. */
function pairsOf(row: Row): string[] {
  return axes.flatMap((a, i) => axes.slice(i + 1).map((b) => `${row[a]}, ${row[b]}`));
}

const possible = rows.filter(isPossible);

/** Pairs that no recipe can hold. */
export const refusedPairs: readonly string[] = (() => {
  const held = new Set(possible.flatMap(pairsOf));
  return [...new Set(rows.flatMap(pairsOf))].filter((pair) => !held.has(pair));
})();

/** Few recipes that hold every pair that any can hold: each is the one that adds most. */
export const coveringRows: readonly Row[] = (() => {
  const open = new Set(possible.flatMap(pairsOf));
  const chosen: Row[] = [];
  while (open.size > 0) {
    const gain = (row: Row) => pairsOf(row).filter((pair) => open.has(pair)).length;
    const best = possible.reduce((a, b) => (gain(b) > gain(a) ? b : a));
    chosen.push(best);
    for (const pair of pairsOf(best)) open.delete(pair);
  }
  return chosen;
})();

/** Whether a row's model reads sequences: text or interactions. */
export const isSequence = ({ model }: Row) => model === "language-model" || model === "recommender";
