/** What must be right before a run begins: all of it is looked at once, here. @module */
import { ConfigError, DataError } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import { createOrder, orderNames } from "../optim/index.ts";
import type { FitOptions } from "./training-loop.ts";

/** Throws where an option is out of range, or data does not fit. */
export function checkOptions(options: FitOptions<unknown>): void {
  const { data, validation, learningRate, order = "rr", logEvery = 10, checkpointEvery = 1 } = options;
  const positive = (where: string, value: number, integer: boolean) => {
    if (value > 0 && Number.isFinite(value) && (!integer || Number.isInteger(value))) return;
    const expected = integer ? "a positive whole number" : "a positive number";
    throw new ConfigError({ where, expected, found: `${value}` });
  };
  for (const [where, value] of Object.entries({
    epochs: options.epochs,
    batchSize: options.batchSize,
    logEvery,
    checkpointEvery,
  })) {
    positive(where, value, true);
  }
  if (typeof learningRate === "number") positive("learningRate", learningRate, false);
  if (!(orderNames as readonly string[]).includes(order)) createOrder(order, { size: 1, seed: 0 });
  if (options.model.shrink && order.startsWith("grab")) {
    const hint = "take rr, or a model that keeps its shapes";
    const expected = "an order that does not compare gradients over epochs, as this model's parameters change shape";
    throw new ConfigError({ where: "order", expected, found: `"${order}"`, hint });
  }
  checkData(data, data.name);
  if (validation) checkData(validation, `${validation.name} (validation)`);
}

function checkData({ inputs, targets, classes }: Dataset, name: string): void {
  const [rows, labels] = [inputs.shape[0] ?? 0, targets.shape[0] ?? 0];
  if (rows === 0 || rows !== labels) {
    const found = `${rows} inputs and ${labels} targets`;
    throw new DataError({ where: name, expected: "examples, a target for each", found });
  }
  for (const [what, { data }] of Object.entries({ inputs, targets })) {
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) continue;
    throw new DataError({
      where: `${name}, row ${Math.floor(bad / (data.length / rows)) + 1}`,
      expected: `finite ${what}`,
      found: `${data[bad]}`,
      hint: "remove or fill in the rows that have no value",
    });
  }
  const outside = classes ? targets.data.findIndex((label) => label < 0 || label >= classes.length) : -1;
  if (classes && outside >= 0) {
    throw new DataError({
      where: `${name}, row ${outside + 1}`,
      expected: `a class number in [0, ${classes.length})`,
      found: `${targets.data[outside]}`,
    });
  }
}
