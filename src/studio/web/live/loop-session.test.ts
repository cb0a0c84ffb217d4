import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LoopSession } from "./loop-session.ts";

const library = join(import.meta.dirname, "../../../../data/looped-programs");

async function open(name: string): Promise<LoopSession> {
  return LoopSession.compile({ name, text: await readFile(join(library, name), "utf8") }, []);
}

describe("a program that is stepped forwards and backwards", () => {
  it.each(["multiply.subleq", "transpose.fleq"])("%s goes back to the bytes it came from", async (name) => {
    const session = await open(name);
    const states: number[][] = [];
    do states.push(Array.from(session.state));
    while (session.forward());
    expect(session.halted).toBe(true);
    for (let loop = states.length - 1; loop >= 0; loop--) {
      expect(session.loops).toBe(loop);
      expect(Array.from(session.state)).toEqual(states[loop]);
      expect(session.back()).toBe(loop > 0);
    }
    while (session.forward());
    expect(Array.from(session.state)).toEqual(states.at(-1));
  });

  it("shows memory, lines and what was printed as of the loop shown", async () => {
    const session = await open("factorial.loop");
    while (session.forward());
    expect(session.memory()).toEqual([
      { name: "n", value: 1 },
      { name: "product", value: 5040 },
    ]);
    expect(session.printed).toEqual([5040]);
    session.back();
    while (session.printed.length > 0) session.back();
    expect(session.nextLine).toBe(8);
  });

  it("fails again where it failed, after going back", async () => {
    const session = await LoopSession.compile({ name: "a.loop", text: "let xs[3]\nlet i = 5\nxs[i] = 1\n" }, []);
    const toTheEnd = () => {
      while (session.forward());
    };
    expect(toTheEnd).toThrow(/array xs: expected an index from 0 to 2, found 5/);
    const { loops } = session;
    session.back();
    expect(toTheEnd).toThrow(/array xs/);
    expect(session.loops).toBe(loops);
    expect(session.halted).toBe(false);
  });

  it("names columns, and the registers of the scratch column", async () => {
    const session = await open("multiply.subleq");
    expect([0, 3, 4, 8, 31].map((column) => session.columnName(column))).toEqual([
      "scratch",
      "a",
      "b",
      "instruction 0 of line 6",
      "unused",
    ]);
    const register = (name: string) => session.registers().find((one) => one.name === name)!.numbers;
    expect(register("counter")).toEqual([8]);
    session.forward();
    expect(register("counter")).toEqual([9]);
    const { maps, state } = session.lookInside(1);
    expect(maps.map(({ layer }) => layer)).toEqual(["fetch"]);
    const after = session.registers(state).find(({ name }) => name === "current")!;
    expect(after.numbers!.map((column) => session.columnName(column))).toEqual([
      "minus_b",
      "product",
      "instruction 2 of line 8",
    ]);
  });

  it("includes programs of the menu by name, and no others", async () => {
    const text = 'include "part.subleq"\ndone: halt\n';
    const part = { name: "part.subleq", text: "data x = 4\n subleq x, x\n" };
    const session = await LoopSession.compile({ name: "whole.subleq", text }, [part]);
    while (session.forward());
    expect(session.memory()).toEqual([{ name: "x", value: 0 }]);
    await expect(LoopSession.compile({ name: "whole.subleq", text }, [])).rejects.toThrow(/found part\.subleq/);
  });
});
