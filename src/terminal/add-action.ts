import { Argument, type Command } from "commander";
import type { z } from "zod";
import { runAction } from "./action.ts";
import { addCommonOptions, type CommonOptions, optionsFromSchema, parseOptions } from "./options.ts";

/** What the arguments of a usage arrive as: `"lookup <run> <words...>"` is `[string, string[]]`. */
type ArgumentsOf<Usage extends string> = Usage extends `${infer First} ${infer Others}`
  ? [...ArgumentsOf<First>, ...ArgumentsOf<Others>]
  : Usage extends `<${string}...>` | `[${string}...]`
    ? [string[]]
    : Usage extends `<${string}>`
      ? [string]
      : Usage extends `[${string}]`
        ? [string | undefined]
        : [];

/** What a command does with its arguments, its options by the schema, the common options, and the command itself. */
type Run<Usage extends string, Schema extends z.ZodObject> = (
  ...input: [...ArgumentsOf<Usage>, z.output<Schema>, CommonOptions, Command]
) => void | Promise<void>;

/** A command of {@link addAction}. */
export interface Action<Usage extends string, Schema extends z.ZodObject> {
  readonly description: string;
  /** What each argument of the usage is, by its name; those that are left out are shown without help. */
  readonly argumentHelp?: Readonly<Record<string, string>>;
  /** Its options beside the common ones. */
  readonly schema: Schema;
  /** Whether it takes `--out` and `--force`, or the folder that it writes to by default. */
  readonly out?: boolean | string;
  /** Gives what runs, so that the modules behind a command are loaded only when it is called. */
  readonly load: () => Promise<Run<Usage, Schema>>;
}

/** The words by which a user calls `command`, the program's own left out: `order bench`. */
function pathOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}

/**
 * Adds a command with the common options and those of a schema. When it is called, its options are checked, what it runs is
 * loaded, and what that throws becomes one line and an exit code (see {@link runAction}).
 *
 * @param parent - gets the command
 * @param usage - name and arguments as commander writes them: `lookup <run> <words...>`
 * @returns the command
 * @example
 * ```ts
 * addAction(order, "count", {
 *   description: "how many examples there are",
 *   schema: z.object({ n: z.int().min(2).default(4).describe("components") }),
 *   load: async () => ({ n }, raw) => openTerminal(raw).result({ n }), // import here what is heavy
 * });
 * ```
 */
export function addAction<const Usage extends string, Schema extends z.ZodObject>(
  parent: Command,
  usage: Usage,
  { description, argumentHelp = {}, schema, out, load }: Action<Usage, Schema>,
): Command {
  const [name, ...tokens] = usage.split(" ") as [string, ...string[]];
  const command = parent.command(name).description(description);
  for (const token of tokens) {
    const argument = new Argument(token);
    argument.description = argumentHelp[argument.name()] ?? "";
    command.addArgument(argument);
  }
  addCommonOptions(command, out === undefined ? {} : { out });
  optionsFromSchema(command, schema);
  return command.action(
    runAction(async (...input: unknown[]) => {
      const values = input.slice(0, tokens.length);
      const raw = command.opts<CommonOptions & Readonly<Record<string, unknown>>>();
      const options = parseOptions(schema, raw, pathOf(command));
      const run = await load();
      await run(...(values as ArgumentsOf<Usage>), options, raw, command);
    }),
  );
}
