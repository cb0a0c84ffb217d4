import { ConfigError } from "./errors.ts";

/**
 * Loads a package that only some need and that is therefore not installed with Tenfold.
 *
 * @param where - who needs it: an option, or a part of Tenfold
 * @param name - what to install
 * @throws {ConfigError} that says what to install, where it is missing
 * @example
 * ```ts
 * const { Redis } = await optionalPackage("fleet", "ioredis", () => import("ioredis"));
 * ```
 */
export async function optionalPackage<T>(where: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) throw error;
    const hint = `npm install ${name}`;
    throw new ConfigError({ where, expected: `the package ${name}`, found: "none", hint, cause: error });
  }
}
