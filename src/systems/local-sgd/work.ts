/** The module that engines load in threads and on other machines: any run of this room, from its options. @module */
import type { OpenWork } from "../../dist/index.ts";
import type { NetworkRun } from "./network-work.ts";
import type { ProblemRun } from "./problem-work.ts";

/** What a run is: its options decide its bytes. */
export type LocalRun = ProblemRun | NetworkRun;

/** Opens a {@link LocalRun}. */
export const openWork: OpenWork = async (options) => {
  const run = options as LocalRun;
  if (run.kind === "problem") return (await import("./problem-work.ts")).openProblemWork(run);
  return (await import("./network-work.ts")).openNetworkWork(run);
};

/** Where this module is, for engines that load it elsewhere. */
export const workModule = import.meta.url;
