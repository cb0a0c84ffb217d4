import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.ts";
import { rooms } from "../../src/systems/index.ts";

/** The command line with every room in it. */
export const wholeProgram = (): Promise<Command> =>
  createProgram(
    rooms,
    rooms.map(({ command }) => command),
  );

/** Every `tenfold …` that a page mentions: in code spans and at the start of lines of code blocks. */
function commandsOf(page: string): string[] {
  const joined = page.replace(/\\\n\s*/g, " ");
  return [...joined.matchAll(/(?:`|^\s*(?:\$ )?(?:npx )?|&& )(tenfold [^`\n]+)/gm)].map(([, text]) => text!.trim());
}

/**
 * Commands and options that a page mentions and that do not exist. Values are not looked at.
 *
 * @returns what is wrong, in words
 */
export function unknownCommands(page: string, program: Command): string[] {
  const problems: string[] = [];
  for (const text of commandsOf(page)) {
    let command = program;
    for (const word of text.split(/\s+/).slice(1)) {
      const next = command.commands.find((each) => each.name() === word);
      if (next === undefined) {
        if (command.commands.length > 0 && /^[a-z]+$/.test(word)) problems.push(`${text}: no command ${word}`);
        break;
      }
      command = next;
    }
    const known = new Set(["--help", "--version", ...command.options.map(({ long }) => long)]);
    for (const [option] of text.replace(/#.*$/, "").matchAll(/(?<=[\s[])--[a-z][\w-]*/g)) {
      if (!known.has(option)) problems.push(`${text}: no option ${option}`);
    }
  }
  return problems;
}
