/** Source text: where things stand in it, and what is wrong there. @module */
import { DataError } from "../../core/index.ts";

/** A place in a source file. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A place as it stands in messages: `file:line:column`. */
export const placeName = ({ file, line, column }: Place) => `${file}:${line}:${column}`;

/** The error for a program that cannot be compiled. */
export function sourceError(place: Place, expected: string, found: string, hint?: string): DataError {
  return new DataError({ where: placeName(place), expected, found, ...(hint !== undefined && { hint }) });
}

/** One token: a name, a number, a text in quotes, a sign, the end of a line between others, or the end. */
export interface Token {
  readonly kind: "name" | "number" | "text" | "sign" | "line" | "end";
  readonly text: string;
  readonly place: Place;
}

const patterns = [
  ["number", /(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["name", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["text", /"[^"\n]*"/y],
  ["sign", /<=|>=|==|!=|\.\.|[-+*/%(){}[\],;:=<>#@.]/y],
] as const;

/** Starts a comment, up to the end of the line, in all languages of this room. */
const comment = "//";

/** A line without its comment. */
export function stripComment(text: string): string {
  const at = text.indexOf(comment);
  return at < 0 ? text : text.slice(0, at);
}

/** Splits one line into tokens, the last of kind `end`. Comments are left out. */
export function tokenize(line: string, place: Place): Token[] {
  const text = stripComment(line);
  const tokens: Token[] = [];
  let at = 0;
  const here = () => ({ ...place, column: place.column + at });
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at++;
      continue;
    }
    const match = matchAt(text, at);
    if (!match)
      throw sourceError(
        here(),
        "a name, a number or a sign",
        JSON.stringify(String.fromCodePoint(text.codePointAt(at)!)),
      );
    tokens.push({ ...match, place: here() });
    at += match.text.length;
  }
  tokens.push({ kind: "end", text: "end of line", place: here() });
  return tokens;
}

function matchAt(text: string, at: number): Pick<Token, "kind" | "text"> | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { kind, text: match[0] };
  }
  return undefined;
}

/** Brackets, signs and blocks within one another. */
const deepest = 100;

/** Reads tokens from first to last. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The token that comes next, or the one `ahead` further. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.peek();
    if (this.#at < this.#tokens.length - 1) this.#at++;
    return token;
  }

  /** Takes the next token if its text is `text`. */
  accept(text: string): boolean {
    const token = this.peek();
    if (token.kind === "text" || token.kind === "end" || token.text !== text) return false;
    this.next();
    return true;
  }

  /** Takes the next token, which must be `text`. */
  expect(text: string): Token {
    const token = this.peek();
    if (!this.accept(text)) throw sourceError(token.place, `"${text}"`, describe(token));
    return token;
  }

  /** Takes the next token, which must be of a kind. */
  expectKind(kind: Token["kind"], what: string): Token {
    const token = this.peek();
    if (token.kind !== kind) throw sourceError(token.place, what, describe(token));
    return this.next();
  }

  /** Reads something that may hold more of its kind. */
  nested<T>(read: () => T): T {
    if (this.#depth === deepest) {
      throw sourceError(this.peek().place, `at most ${deepest} brackets, signs or blocks within one another`, "more");
    }
    this.#depth++;
    const value = read();
    this.#depth--;
    return value;
  }

  /** Throws where anything is left. */
  expectEnd(): void {
    const token = this.peek();
    if (token.kind !== "end") throw sourceError(token.place, "the end of the line", describe(token));
  }
}

/** A token as it stands in messages. */
export function describe({ kind, text }: Token): string {
  return kind === "line" ? "the end of the line" : kind === "end" ? `the ${text}` : text;
}
