import type { Command } from "commander";
import { ConfigError } from "../../core/index.ts";

/** Options that mean something only where something else holds. */
export interface Condition {
  readonly options: readonly string[];
  readonly holds: boolean;
  /** What holds then, in words: `--task logistic`. */
  readonly only: string;
  /** What is there instead. */
  readonly found: string;
}

/**
 * Refuses an option that was given and would mean nothing.
 *
 * @param command - as it was called
 * @throws {ConfigError} for the first such option
 */
export function refuseUnused(command: Command, conditions: readonly Condition[]): void {
  for (const { options, holds, only, found } of conditions) {
    const given = options.find((option) => command.getOptionValueSource(option) === "cli");
    if (holds || given === undefined) continue;
    const flag = command.options.find((option) => option.attributeName() === given)!.long!;
    throw new ConfigError({ where: flag, expected: `${only} to go with it`, found, hint: `leave ${flag} out` });
  }
}

/** Conditions of the problem's options, for the commands that take one. */
export function problemConditions({ task }: { readonly task: string }): Condition[] {
  return [
    {
      options: ["dim", "smoothness", "strongConvexity", "intra", "inter", "componentWise", "start"],
      holds: task !== "logistic",
      only: "--task quadratic or skewed",
      found: "--task logistic",
    },
    {
      options: ["data", "dataDir", "label", "features", "missing", "maxCategories", "positive", "l2", "shards"],
      holds: task === "logistic",
      only: "--task logistic",
      found: `--task ${task}`,
    },
  ];
}

/** Conditions of the outer optimizer's options. */
export function outerConditions({ outer }: { readonly outer: string }): Condition[] {
  return [
    {
      options: ["outerRate", "outerMomentum"],
      holds: outer === "nesterov",
      only: "--outer nesterov",
      found: `--outer ${outer}`,
    },
  ];
}

/** Conditions of a network's options. */
export function networkConditions(config: { readonly optimizer: string; readonly model: string }): Condition[] {
  const { optimizer, model } = config;
  return [
    { options: ["momentum"], holds: optimizer === "sgd", only: "--optimizer sgd", found: `--optimizer ${optimizer}` },
    { options: ["hidden"], holds: model === "mlp", only: "--model mlp", found: `--model ${model}` },
  ];
}

/** Conditions of the engine's options. */
export function engineConditions({ engine }: { readonly engine: string }): Condition[] {
  const found = `--engine ${engine}`;
  return [
    { options: ["threads"], holds: engine === "threads", only: "--engine threads", found },
    { options: ["redis", "blobs"], holds: engine === "bullmq", only: "--engine bullmq", found },
    { options: ["deadline"], holds: engine !== "in-process", only: "--engine threads or bullmq", found },
  ];
}

/** The option of a bench whose values `--vary` gives. */
export function benchConditions({ vary }: { readonly vary: string }): Condition[] {
  const optionOf = { epochs: "epochs", workers: "workers", "local-steps": "localSteps" };
  return Object.entries(optionOf).map(([value, option]) => ({
    options: [option],
    holds: value !== vary,
    only: `--vary ${Object.keys(optionOf)
      .filter((other) => other !== value)
      .join(" or ")}`,
    found: `--vary ${vary}`,
  }));
}
