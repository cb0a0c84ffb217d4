/** What of a recipe does not go together, and why. docs/composition.md has the table. @module */
import type { Problem } from "./problems.ts";
import type { Recipe } from "./schema.ts";

type Rule = (recipe: Recipe) => Problem | undefined;

/** What each model learns from. */
const dataOf = {
  mlp: "examples",
  lenet: "examples",
  resnet8: "examples",
  "language-model": "text",
  recommender: "interactions",
} as const;

const dataKeys = { examples: "name", text: "text", interactions: "interactions and items" } as const;

const isGrab = (order: string) => order.startsWith("grab");

const rules: readonly Rule[] = [
  ({ model, data }) => {
    const wanted = dataOf[model.kind];
    if (data.kind === wanted) return undefined;
    return {
      path: ["data"],
      expected: `data with ${dataKeys[wanted]}, which a ${model.kind} learns from`,
      found: `data with ${dataKeys[data.kind]}`,
    };
  },
  ({ model, train }) =>
    train.kind === "norms" && "norm" in model && model.norm === "none"
      ? {
          path: ["train"],
          expected: "a model with norm layers to tune",
          found: `${model.kind} without any`,
          hint: "add norm: batch to the model, or take resnet8",
        }
      : undefined,
  ({ train, order }) =>
    train.kind === "low-rank" && train.shrink !== false && isGrab(order)
      ? {
          path: ["order"],
          expected: "an order that does not compare gradients over epochs, as layers that shrink change their length",
          found: order,
          hint: "take rr or ff-rr, or keep the ranks with shrink: false",
        }
      : undefined,
  ({ workers, order }) =>
    workers && isGrab(order)
      ? {
          path: ["order"],
          expected: "an order that is a function of seed and epoch, as workers hand on weights and no gradients",
          found: order,
          hint: "take rr, ss, igd or one of their ff- forms",
        }
      : undefined,
  ({ workers, order }) =>
    workers?.sync && order !== "rr"
      ? {
          path: ["workers", "sync"],
          expected: "false for an order of each worker's own, or the order rr, which can be synchronized",
          found: `true with ${order}`,
        }
      : undefined,
  ({ workers, optimizer }) =>
    workers?.method === "minibatch-rr" && optimizer.kind !== "sgd"
      ? {
          path: ["workers", "method"],
          expected: "local-rr for this optimizer: the mean of Adam's steps is not Adam's step on the mean",
          found: "minibatch-rr",
          hint: "take the optimizer sgd, or the method local-rr",
        }
      : undefined,
  ({ workers, data }) =>
    workers?.shards === "by-label" && data.kind !== "examples"
      ? { path: ["workers", "shards"], expected: "shuffled, as only examples have labels", found: "by-label" }
      : undefined,
  ({ workers }) => {
    const engines = { threads: "threads", redis: "bullmq", blobs: "bullmq" } as const;
    const keys = ["threads", "redis", "blobs"] as const;
    const key = keys.find((name) => workers?.[name] !== undefined && workers.engine !== engines[name]);
    return key && workers
      ? { path: ["workers", key], expected: `the engine ${engines[key]} beside it`, found: workers.engine }
      : undefined;
  },
  ({ model }) => {
    if (model.kind !== "language-model" || model.base === undefined) return undefined;
    const given = (["family", "dim", "layers", "heads"] as const).find((key) => model[key] !== undefined);
    return given === undefined
      ? undefined
      : { path: ["model", given], expected: "no sizes beside base, which has its own", found: `${model[given]}` };
  },
  ({ model }) => {
    const [dim, heads] =
      model.kind === "recommender"
        ? [model.dim, model.heads]
        : model.kind === "language-model"
          ? [model.dim ?? 64, model.heads ?? 4]
          : [1, 1];
    return dim % heads === 0
      ? undefined
      : { path: ["model", "heads"], expected: `a divisor of dim, ${dim}`, found: `${heads}` };
  },
  ({ data }) =>
    data.kind === "examples" &&
    data.label === undefined &&
    (data.features ?? data.missing ?? data.maxCategories) !== undefined
      ? {
          path: ["data", data.features ? "features" : data.missing ? "missing" : "max-categories"],
          expected: "a label beside it: it is for tables, and says how to read one",
          found: "no label",
        }
      : undefined,
];

/** All that cannot be combined. */
export function impossibleCombinations(recipe: Recipe): Problem[] {
  return rules.flatMap((rule) => rule(recipe) ?? []);
}
