import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { inTurn } from "./index.ts";

test("work runs one piece after the other, and goes on after one that fails", async () => {
  const next = inTurn();
  const seen: string[] = [];
  const piece = (name: string, ms: number, fails = false) =>
    next(async () => {
      seen.push(`${name} begins`);
      await setTimeout(ms);
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const settled = await Promise.allSettled([piece("a", 20), piece("b", 5, true), piece("c", 0)]);
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});
