/** Tokenizers of Hugging Face's tokenizer.json. @module */
import { join } from "node:path";
import { Tokenizer as JsonTokenizer } from "@huggingface/tokenizers";
import { DataError } from "../../core/index.ts";
import { isObject, readJson, readJsonIfThere } from "./json-file.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The text of a special token as tokenizer_config.json writes it: a text, or an object with its content. */
function specialText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return isObject(value) && typeof value.content === "string" ? value.content : undefined;
}

/** Which tokens begin and end texts, by whichever file says so. */
async function specialTokens(folder: string, tokenizer: JsonTokenizer, config: Record<string, unknown>) {
  const files = ["generation_config.json", "config.json"].map((name) => join(folder, name));
  const ids: Record<string, unknown>[] = [];
  for (const file of files) ids.push((await readJsonIfThere(file)) ?? {});
  const find = (role: "bos" | "eos"): number | undefined => {
    const text = specialText(config[`${role}_token`]);
    if (text !== undefined) return tokenizer.token_to_id(text);
    const given = ids.map((file) => file[`${role}_token_id`]).find((value) => value !== undefined && value !== null);
    const first: unknown = Array.isArray(given) ? given[0] : given;
    return typeof first === "number" ? first : undefined;
  };
  return { start: find("bos"), end: find("eos") };
}

/**
 * Reads the tokenizer of a model folder: tokenizer.json, and what other files say of its special tokens.
 *
 * @throws {DataError} where tokenizer.json is missing or damaged, or no file names the token that ends a text
 */
export async function readTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, "tokenizer.json");
  const content = await readJson(path);
  const config = (await readJsonIfThere(join(folder, "tokenizer_config.json"))) ?? {};
  let tokenizer: JsonTokenizer;
  try {
    tokenizer = new JsonTokenizer(content, config);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new DataError({
      where: path,
      expected: "a tokenizer that @huggingface/tokenizers reads",
      found,
      cause: error,
    });
  }
  const { start, end } = await specialTokens(folder, tokenizer, config);
  if (end === undefined) {
    const hint = "name eos_token in tokenizer_config.json, or eos_token_id in config.json";
    throw new DataError({ where: folder, expected: "a token that ends texts", found: "none", hint });
  }
  const vocabSize = tokenizer.get_vocab(true).size;
  const decode = (tokens: readonly number[]) =>
    // The library refuses to read nothing.
    tokens.length === 0
      ? ""
      : tokenizer.decode([...tokens], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  // A token by itself may lose the space before it, so it is read behind another one.
  const anchor = tokenizer.encode("0", { add_special_tokens: false }).ids;
  const anchorText = decode(anchor);
  const texts = new Map<number, string>();
  const addsStart = config.add_bos_token === true || tokenizer.encode("0").ids[0] === start;
  return {
    vocabSize,
    startTokens: start !== undefined && addsStart ? [start] : [],
    endToken: end,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode,
    tokenText(token) {
      const text = texts.get(token) ?? decode([...anchor, token]).slice(anchorText.length);
      texts.set(token, text);
      return text;
    },
  };
}
