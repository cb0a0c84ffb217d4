import type { Command } from "commander";
import { z } from "zod";
import { addAction } from "../terminal/index.ts";
import { packageVersion } from "./version.ts";

const schema = z.object({
  runs: z.string().default("runs").describe("folder whose runs are shown"),
  port: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(4410)
    .describe("port, or the next one that is free; 0 for any"),
});

/** Adds `tenfold studio`: runs and methods in a page on this machine. */
export function registerStudio(program: Command): void {
  addAction(program, "studio", {
    description: "show runs, live, and what each method is about, in a page on this machine",
    schema,
    load: async () => {
      const { runStudio } = await import("../studio/index.ts");
      return (options, raw) => runStudio(options, raw, packageVersion());
    },
  });
}
