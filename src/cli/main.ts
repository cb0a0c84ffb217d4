#!/usr/bin/env node
import { CommanderError } from "commander";
import { rooms } from "../systems/index.ts";
import { exitOnClosedOutput, reportFailure } from "../terminal/index.ts";
import { createProgram } from "./program.ts";

const debug = process.argv.includes("--debug");
exitOnClosedOutput();
process.on("uncaughtException", (error) => process.exit(reportFailure(error, debug)));

try {
  const program = await createProgram(rooms, process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  // Commander has printed its line (or the help that was asked for) by the time it throws.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = reportFailure(error, debug);
}
