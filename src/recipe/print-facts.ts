/** What a recipe's run comes to, in words. @module */
import type { Terminal } from "../terminal/index.ts";

/** Facts of a finished run that are shown. */
export interface Facts {
  /** Of the parameters that training began with, on the validation part. */
  readonly before: { readonly loss: number; readonly accuracy?: number };
  readonly numbers: { readonly model: number; readonly trained: number; readonly left: number };
  readonly ranks?: Readonly<Record<string, number>>;
  readonly fullRanks?: Readonly<Record<string, number>>;
  readonly measured?: Readonly<Record<string, unknown>>;
}

const grouped = (value: number) => value.toLocaleString("en-US");

/** Prints sizes, ranks and figures. */
export function printFacts(terminal: Terminal, { before, numbers, ranks, fullRanks, measured }: Facts): void {
  const accuracy = before.accuracy === undefined ? "" : `, accuracy ${(100 * before.accuracy).toFixed(2)}%`;
  terminal.print(`before training: validation loss ${before.loss.toFixed(4)}${accuracy}`);
  const { model, trained, left } = numbers;
  terminal.print(`${grouped(model)} numbers in the model, ${grouped(trained)} trained, ${grouped(left)} left`);
  if (ranks && fullRanks) {
    const each = Object.entries(ranks).map(
      ([path, rank]) => `${path.replace(/\.weight$/, "")} ${rank}/${fullRanks[path]}`,
    );
    terminal.print(`ranks: ${each.join(", ")}`);
  }
  const figures = Object.entries(measured ?? {}).flatMap(([name, value]) =>
    typeof value === "number" ? [`${name} ${Number.isInteger(value) ? value : value.toFixed(4)}`] : [],
  );
  if (figures.length > 0) terminal.print(figures.join(", "));
}
