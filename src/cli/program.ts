import { Command } from "commander";
import type { Room } from "../systems/index.ts";
import { registerData } from "./data.ts";
import { registerReproduce } from "./reproduce.ts";
import { registerStudio } from "./studio.ts";
import { registerTrain } from "./train.ts";
import { packageVersion } from "./version.ts";

/** `error: unknown command 'x'\n(Did you mean y?)` as `tenfold: unknown command 'x'. Hint: did you mean y?` */
function oneLine(text: string): string {
  const [first = "", ...more] = text
    .replace(/^error: /, "")
    .trim()
    .split("\n");
  const hint = more.join(" ").replace(/^\(Did(.*)\)$/, "did$1");
  return `tenfold: ${first}${hint ? `. Hint: ${hint}` : ""}\n`;
}

/**
 * The command line: the rooms' own commands and those that work across rooms. Usage errors are printed as one line and thrown
 * as `CommanderError` instead of ending the process.
 *
 * @param words - the arguments; of the rooms, only one whose command is among them is loaded
 */
export async function createProgram(rooms: readonly Room[], words: readonly string[]): Promise<Command> {
  const program = new Command("tenfold")
    .description("Ten published deep-learning methods as tools for your own data.")
    .version(packageVersion(), "--version", "print the version")
    .helpOption("--help", "show this help")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) });
  program.commandsGroup("Rooms:");
  for (const room of rooms) {
    if (words.includes(room.command)) (await room.load()).register(program);
    else program.command(room.command).description(`${room.title} (${room.name})`);
  }
  program.commandsGroup("Commands:");
  registerReproduce(program, rooms);
  registerTrain(program);
  // Its options are a room's, which is loaded only for it.
  if (words[0] === "worker") (await import("./worker.ts")).registerWorker(program);
  else program.command("worker").description("compute for recipes with engine: bullmq, on this machine, until Ctrl-C");
  registerData(program);
  registerStudio(program);
  return program;
}
