import type { Command } from "commander";
import {
  addCommonOptions,
  type CommonOptions,
  optionsFromSchema,
  parseOptions,
  runAction,
} from "../../terminal/index.ts";
import { approximateSchema, benchSchema, exportSchema, searchSchema, verifySchema } from "./config.ts";

type Raw = CommonOptions & Readonly<Record<string, unknown>>;

/** Adds `tenfold subnet` and its commands to the program. The work itself is loaded when a command runs. */
export function registerSubnet(program: Command): void {
  const subnet = program
    .command("subnet")
    .description("networks found inside random ones: weights +1 and -1 from a seed, and a mask of what is kept");

  const approximate = addCommonOptions(subnet.command("approximate"), { out: true }).description(
    "write the mask under which a random network of signs computes a trained one to within eps, with a certificate",
  );
  optionsFromSchema(approximate, approximateSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runApproximate(parseOptions(approximateSchema, raw, "subnet approximate"), raw),
    ),
  );

  const verify = addCommonOptions(
    subnet.command("verify").argument("<folder>", "folder with mask.safetensors and certificate.json"),
  ).description("check a mask from its files alone, without rounding; --seed tries it on another random network");
  optionsFromSchema(verify, verifySchema).action(
    runAction(async (folder: string, raw: Raw, command: Command) => {
      const seed = command.getOptionValueSource("seed") === "cli" ? raw.seed : undefined;
      const { runVerify } = await import("./actions.ts");
      await runVerify(folder, parseOptions(verifySchema, raw, "subnet verify"), { ...raw, otherSeed: seed });
    }),
  );

  const exported = addCommonOptions(
    subnet.command("export").argument("<folder>", "folder with mask.safetensors and certificate.json"),
  ).description("write the network that the mask leaves as an ONNX model, from the target's inputs to its outputs");
  optionsFromSchema(exported, exportSchema).action(
    runAction(async (folder: string, raw: Raw) =>
      (await import("./actions.ts")).runExport(folder, parseOptions(exportSchema, raw, "subnet export"), raw),
    ),
  );

  const bench = addCommonOptions(subnet.command("bench")).description(
    "approximate random targets at several accuracies: errors, bounds, and how depth and width grow",
  );
  optionsFromSchema(bench, benchSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runBench(parseOptions(benchSchema, raw, "subnet bench"), raw),
    ),
  );

  const search = addCommonOptions(subnet.command("search"), { out: true }).description(
    "find a mask over frozen random weights on data, into a resumable run folder, and check what it is worth",
  );
  optionsFromSchema(search, searchSchema).action(
    runAction(async (raw: Raw) =>
      (await import("./actions.ts")).runSearch(parseOptions(searchSchema, raw, "subnet search"), raw),
    ),
  );
}
