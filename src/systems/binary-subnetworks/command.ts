import type { Command } from "commander";
import { addAction } from "../../terminal/index.ts";
import { approximateSchema, benchSchema, exportSchema, searchSchema, verifySchema } from "./config.ts";

/** Adds `tenfold subnet` and its commands to the program. The work itself is loaded when a command runs. */
export function registerSubnet(program: Command): void {
  const subnet = program
    .command("subnet")
    .description("networks found inside random ones: weights +1 and -1 from a seed, and a mask of what is kept");

  addAction(subnet, "approximate", {
    description:
      "write the mask under which a random network of signs computes a trained one to within eps, with a certificate",
    schema: approximateSchema,
    out: true,
    load: async () => (await import("./actions.ts")).runApproximate,
  });

  const argumentHelp = { folder: "folder with mask.safetensors and certificate.json" };
  addAction(subnet, "verify <folder>", {
    description: "check a mask from its files alone, without rounding; --seed tries it on another random network",
    argumentHelp,
    schema: verifySchema,
    async load() {
      const { runVerify } = await import("./actions.ts");
      return (folder, options, raw, command) => {
        const otherSeed = command.getOptionValueSource("seed") === "cli" ? raw.seed : undefined;
        return runVerify(folder, options, { ...raw, otherSeed });
      };
    },
  });

  addAction(subnet, "export <folder>", {
    description: "write the network that the mask leaves as an ONNX model, from the target's inputs to its outputs",
    argumentHelp,
    schema: exportSchema,
    load: async () => (await import("./actions.ts")).runExport,
  });

  addAction(subnet, "bench", {
    description: "approximate random targets at several accuracies: errors, bounds, and how depth and width grow",
    schema: benchSchema,
    load: async () => (await import("./actions.ts")).runBench,
  });

  addAction(subnet, "search", {
    description:
      "find a mask over frozen random weights on data, into a resumable run folder, and check what it is worth",
    schema: searchSchema,
    out: true,
    load: async () => (await import("./actions.ts")).runSearch,
  });
}
