import { ConfigError, nearest } from "../core/index.ts";

/**
 * Whether the weight at a path lies in one of the layers named: `blocks.0` or `blocks.*.attention`, where `*` is any one step.
 *
 * @param paths - of the weights that may be named
 * @param where - the place of the names, for messages
 * @throws {ConfigError} for a name of none of them, with the nearest
 */
export function layerMatcher(
  names: readonly string[],
  paths: readonly string[],
  where: string,
): (path: string) => boolean {
  const inside = (path: string, name: string) => {
    const steps = path.split(".");
    return name.split(".").every((step, i) => step === "*" || step === steps[i]);
  };
  const unknown = names.find((name) => !paths.some((path) => inside(path, name)));
  if (unknown !== undefined) {
    const layers = paths.map((path) => path.replace(/\.weight$/, ""));
    const near = nearest(unknown, layers);
    throw new ConfigError({
      where,
      expected: `layers among ${layers.join(", ")}`,
      found: `"${unknown}"`,
      ...(near && { hint: `did you mean "${near}"?` }),
    });
  }
  return (path) => names.some((name) => inside(path, name));
}
