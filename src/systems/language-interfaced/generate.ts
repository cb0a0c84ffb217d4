/** Rows made up by a model: of a class, by a grammar of the columns, in bounded attempts. @module */
import { ConfigError, Random } from "../../core/index.ts";
import { createDecoder, type Grammar, sampleToken, textGrammar } from "../../nn/index.ts";
import { reversedPrompt } from "./examples.ts";
import { formatNumber, numberPattern } from "./number-format.ts";
import type { LiftModel } from "./predict.ts";
import type { Feature, Row, Value } from "./schema.ts";
import { readFields } from "./template.ts";

/** Rows that a model made, and how many it took. */
export interface Generated {
  readonly rows: readonly Row[];
  /** Rows drawn in all. */
  readonly attempts: number;
  /** Rows drawn that could not be read. */
  readonly invalid: number;
}

/** How rows are made. */
export interface GenerateOptions {
  readonly n: number;
  readonly temperature?: number;
  /** Rows drawn at most for each that is asked for; default 5. */
  readonly attempts?: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
}

/** The texts that a column's values have, as a test of prefixes; undefined where any text may stand. */
function columnPattern(
  feature: Feature,
): { isPrefix(text: string): boolean; isComplete(text: string): boolean } | undefined {
  if (feature.kind === "number") {
    const pattern = numberPattern(feature.format);
    const unknown = "?".repeat(feature.format.kind === "plain" ? 1 : formatNumber(0, feature.format).length);
    return {
      isPrefix: (text) => pattern.isPrefix(text) || unknown.startsWith(text),
      isComplete: (text) => pattern.isComplete(text) || text === unknown,
    };
  }
  const { codes } = feature;
  if (!codes) return undefined;
  const all = [...codes, "?".repeat(codes[0]?.length ?? 1)];
  return { isPrefix: (text) => all.some((code) => code.startsWith(text)), isComplete: (text) => all.includes(text) };
}

/** What a row's text may be, where every column's values are known; undefined where they are not. */
function rowGrammar({ schema, template, tokenizer }: LiftModel): Grammar | undefined {
  const patterns = template.fields.map((field) => columnPattern(schema.features[field]!));
  if (patterns.includes(undefined)) return undefined;
  const known = patterns as NonNullable<(typeof patterns)[number]>[];
  /** What is left of `text` after the columns and literals that it has whole, and the column that it is in. */
  const locate = (text: string): { rest: string; column: number; inLiteral: boolean } | undefined => {
    let rest = text;
    for (const [column, pattern] of known.entries()) {
      const literal = template.literals[column]!;
      if (!rest.startsWith(literal)) return literal.startsWith(rest) ? { rest, column, inLiteral: true } : undefined;
      rest = rest.slice(literal.length);
      const next = column + 1 < known.length ? template.literals[column + 1]! : undefined;
      const end = next === undefined ? -1 : rest.indexOf(next[0]!);
      if (end < 0) return pattern.isPrefix(rest) ? { rest, column, inLiteral: false } : undefined;
      if (!pattern.isComplete(rest.slice(0, end))) return undefined;
      rest = rest.slice(end);
    }
    return undefined;
  };
  const tokens = new Map(
    Array.from({ length: tokenizer.vocabSize }, (_, token) => [token, tokenizer.tokenText(token)] as const).filter(
      ([, text]) => text !== "",
    ),
  );
  return textGrammar({
    tokens,
    endToken: tokenizer.endToken,
    isPrefix: (text) => locate(text) !== undefined,
    isComplete(text) {
      const at = locate(text);
      return at !== undefined && !at.inLiteral && at.column === known.length - 1 && known.at(-1)!.isComplete(at.rest);
    },
  });
}

/**
 * Makes rows of a class, or with a number to be predicted.
 *
 * @param value - a class of the target, or a number
 * @returns `n` rows, or fewer where the attempts ran out
 * @throws {ConfigError} where the model was not fitted with `--generator`, or there is no such class
 * @remarks Source: Dinh et al. (2022), section on generating data, with a grammar of the columns in place of rejection alone.
 */
export async function generateRows(model: LiftModel, value: Value, options: GenerateOptions): Promise<Generated> {
  const { target } = model.schema;
  if (target.kind === "classes" && !target.classes.includes(String(value))) {
    throw new ConfigError({
      where: "--class",
      expected: `one of ${target.classes.slice(0, 20).join(", ")}`,
      found: `"${value}"`,
    });
  }
  if (target.kind === "number" && !Number.isFinite(value)) {
    throw new ConfigError({ where: "--class", expected: `a number, as ${target.name} is`, found: `"${value}"` });
  }
  const { n, temperature = 1, attempts = 5, seed, signal } = options;
  const grammar = rowGrammar(model);
  const prompt = reversedPrompt(model, value);
  const random = new Random(seed, "rows", String(value));
  const { endToken } = model.tokenizer;
  const batchSize = Math.min(64, n);
  const decoder = createDecoder(model, { batchSize, threads: 1 });
  const rows: Row[] = [];
  let [drawn, invalid] = [0, 0];
  try {
    while (rows.length < n && drawn < attempts * n) {
      const count = Math.min(batchSize, attempts * n - drawn);
      const texts = await decoder.generate(
        Array.from({ length: count }, () => prompt),
        {
          maxTokens: model.config.contextLength - prompt.length,
          choose: (_, logits, own) =>
            own.at(-1) === endToken ? undefined : sampleToken(logits, { temperature }, random, grammar?.allowed(own)),
          ...(signal && { signal }),
        },
      );
      drawn += count;
      for (const tokens of texts) {
        const end = tokens.indexOf(endToken);
        const row =
          end < 0 ? undefined : readFields(model.template, model.schema, model.tokenizer.decode(tokens.slice(0, end)));
        if (row) rows.push(row);
        else invalid++;
      }
      options.progress?.(Math.min(1, rows.length / n));
    }
  } finally {
    await decoder.dispose();
  }
  return { rows: rows.slice(0, n), attempts: drawn, invalid };
}
