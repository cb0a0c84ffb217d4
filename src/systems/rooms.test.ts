import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { rooms } from "./index.ts";

test("names and commands are each given once", () => {
  for (const key of ["name", "command"] as const) {
    expect(new Set(rooms.map((room) => room[key])).size).toBe(rooms.length);
  }
});

describe.each(rooms)("$name", (room) => {
  test("is what the list says", async () => {
    const { name, command, title } = await room.load();
    expect({ name, command, title }).toEqual({ name: room.name, command: room.command, title: room.title });
  });

  test("has claims with ids of their own and commands of this package", async () => {
    const { claims } = await room.load();
    expect(new Set(claims.map((claim) => claim.id)).size).toBe(claims.length);
    for (const claim of claims) expect(claim.command).toMatch(/^tenfold [a-z]/);
  });

  test("registers its command", async () => {
    const program = new Command();
    (await room.load()).register(program);
    expect(program.commands.map((command) => command.name())).toEqual([room.command]);
    expect(program.commands[0]!.description()).not.toBe("");
  });
});
