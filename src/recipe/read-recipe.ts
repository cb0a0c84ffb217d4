/** Recipes from YAML files. @module */
import { type Document, LineCounter, parseDocument, type YAMLParseError } from "yaml";
import { DataError } from "../core/index.ts";
import { readFileBytes } from "../storage/index.ts";
import { camelKeys } from "./camel-keys.ts";
import { impossibleCombinations } from "./combinations.ts";
import { type KeyPath, refuse, schemaProblems } from "./problems.ts";
import { type Recipe, recipeSchema, type WrittenRecipe } from "./schema.ts";

/** A recipe and where it stands. */
export interface RecipeFile {
  readonly recipe: Recipe;
  /** The same with the keys of the file, for run folders. */
  readonly written: WrittenRecipe;
  /** The place of a value in the file, for messages: `recipe.yaml:12, model.hidden`. */
  readonly where: (path: KeyPath) => string;
}

/**
 * Reads a recipe and checks all of it: its keys, their values, and whether they go together.
 *
 * @throws {DataError} where there is no such file, or it is not YAML; {@link ConfigError} with everything that is wrong, each with its line
 */
export async function readRecipe(file: string): Promise<RecipeFile> {
  return parseRecipe(new TextDecoder().decode(await readFileBytes(file)), file);
}

/**
 * Checks the text of a recipe; see {@link readRecipe}.
 *
 * @example
 * ```ts
 * const { recipe } = parseRecipe("data: digits\nmodel: lenet\norder: ff-rr\n", "recipe.yaml");
 * ```
 */
export function parseRecipe(source: string, file: string): RecipeFile {
  const lines = new LineCounter();
  const yaml = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const [error] = yaml.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new DataError({ where: `${file}:${line}:${col}`, expected: "YAML", found: foundOf(error) });
  }
  const document = toDocument(yaml, file);
  if (document === null) {
    const hint = "docs/composition.md has examples";
    throw new DataError({ where: file, expected: "a recipe", found: "an empty file", hint });
  }

  /** The line of the value at a path, or of the nearest that is there. */
  function lineOf(path: KeyPath): number {
    for (let length = path.length; length > 0; length--) {
      const node = yaml.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]!).line;
    }
    return 1;
  }
  const where = (path: KeyPath) => `${file}:${lineOf(path)}${path.length > 0 ? `, ${path.join(".")}` : ""}`;
  const parsed = recipeSchema.safeParse(document);
  if (!parsed.success) {
    const problems = schemaProblems(parsed.error, document).map((problem) => ({ problem, line: lineOf(problem.path) }));
    refuse(
      problems.sort((a, b) => a.line - b.line).map(({ problem }) => problem),
      where,
    );
  }
  const written = parsed.data as WrittenRecipe;
  const recipe = camelKeys(written);
  refuse(impossibleCombinations(recipe), where);
  return { recipe, written, where };
}

/** The values of a document, its aliases followed. */
function toDocument(yaml: Document, file: string): unknown {
  try {
    return yaml.toJS();
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new DataError({
      where: file,
      expected: "aliases of anchors that are set before, and few of them",
      found,
      cause,
    });
  }
}

const foundOf = ({ code, message }: YAMLParseError) =>
  code === "MULTIPLE_DOCS" ? "a second document after ---" : message.toLowerCase();
