import { ConfigError } from "../core/index.ts";

/**
 * Loads a package that only fleets need and that is therefore not installed with Tenfold.
 *
 * @throws {ConfigError} that says what to install, where it is missing
 */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) throw error;
    throw new ConfigError({
      where: "fleet",
      expected: `the package ${name}`,
      found: "none",
      hint: `npm install ${name}`,
      cause: error,
    });
  }
}
