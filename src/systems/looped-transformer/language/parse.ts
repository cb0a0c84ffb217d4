/** From text to the tree of the structured language. @module */
import { nearest } from "../../../core/index.ts";
import { describe, type Place, sourceError, type Token, TokenReader, tokenize } from "../source.ts";
import type { BinaryOperator, Comparison, Condition, Declared, Expression, Statement, Syntax } from "./syntax.ts";

const keywords = new Set(["let", "if", "else", "while", "print", "and", "or", "not"]);
const comparisons = ["==", "!=", "<=", ">=", "<", ">"] as const;

/** The most operators of one rank in a row, each of which is a level of the tree. */
const longestChain = 200;

/** The longest array. */
const mostElements = 256;

/**
 * Parses a program of the structured language.
 *
 * ```
 * let n = 7
 * let product = 1
 * while n > 1 {
 *   product = product * n
 *   n = n - 1
 * }
 * print product
 * let xs = [3, 1, 2]   // or: let xs[10]
 * if xs[0] > xs[1] and not product == 0 { xs[0] = -xs[1] } else { print xs[2] % 2 }
 * ```
 *
 * Statements end with the line or `;`. Every name is declared once, by `let`, before it is used; there is one scope.
 *
 * @throws {DataError} with file, line and column
 */
export function parse(text: string, file: string): Syntax {
  const tokens: Token[] = [];
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    const found = tokenize(line, { file, line: at + 1, column: 1 });
    // The end of a line separates statements, as ; does.
    for (const token of found) tokens.push(token.kind === "end" ? { ...token, kind: "line", text: ";" } : token);
  }
  const place = tokens.at(-1)?.place ?? { file, line: 1, column: 1 };
  tokens.push({ kind: "end", text: "end of the file", place });
  return new Parser(new TokenReader(tokens)).program();
}

class Parser {
  readonly #reader: TokenReader;
  readonly #declared = new Map<string, Declared>();

  constructor(reader: TokenReader) {
    this.#reader = reader;
  }

  program(): Syntax {
    const statements = this.#statements();
    const rest = this.#reader.peek();
    if (rest.kind !== "end") throw sourceError(rest.place, "a statement", describe(rest));
    return { statements, declared: this.#declared };
  }

  #statements(): Statement[] {
    const statements: Statement[] = [];
    for (;;) {
      this.#skipLines();
      const { kind, text } = this.#reader.peek();
      if (kind === "end" || text === "}") return statements;
      statements.push(this.#statement());
      const after = this.#reader.peek();
      if (after.kind !== "end" && after.text !== ";" && after.text !== "}") {
        throw sourceError(after.place, "the end of the line or ;", describe(after));
      }
    }
  }

  #skipLines(): void {
    while (this.#reader.accept(";"));
  }

  #statement(): Statement {
    const { place, text } = this.#reader.peek();
    if (this.#reader.accept("let")) return this.#let();
    if (this.#reader.accept("print")) return { kind: "print", place, value: this.#expression() };
    if (this.#reader.accept("while")) {
      const condition = this.#condition();
      return { kind: "while", place, condition, body: this.#block() };
    }
    if (this.#reader.accept("if")) return this.#if(place);
    const name = this.#reader.expectKind("name", "let, if, while, print or a variable");
    if (keywords.has(text)) throw sourceError(place, "let, if, while, print or a variable", text);
    const declared = this.#lookUp(name);
    const index = declared.length === undefined ? undefined : this.#index(name, declared);
    this.#reader.expect("=");
    return { kind: "assign", place, name: name.text, index, value: this.#expression() };
  }

  #if(place: Token["place"]): Statement {
    const condition = this.#condition();
    const then = this.#block();
    let otherwise: Statement[] = [];
    if (this.#elseFollows()) {
      this.#skipLines();
      this.#reader.expect("else");
      const nested = this.#reader.peek().place;
      otherwise = this.#reader.accept("if") ? [this.#reader.nested(() => this.#if(nested))] : this.#block();
    }
    return { kind: "if", place, condition, then, otherwise };
  }

  /** `else` may stand on the line after the brace. */
  #elseFollows(): boolean {
    let ahead = 0;
    while (this.#reader.peek(ahead).text === ";") ahead++;
    return this.#reader.peek(ahead).text === "else";
  }

  #block(): Statement[] {
    const { kind, place } = this.#reader.peek();
    if (kind === "line") throw sourceError(place, '"{"', "the end of the line", "the brace stands on the same line");
    this.#reader.expect("{");
    const statements = this.#reader.nested(() => this.#statements());
    this.#reader.expect("}");
    return statements;
  }

  #let(): Statement {
    const name = this.#reader.expectKind("name", "a name");
    const { place } = name;
    if (keywords.has(name.text)) throw sourceError(place, "a name", `the word ${name.text}`);
    const known = this.#declared.get(name.text);
    if (known) {
      const hint = "leave let out to give it another value";
      throw sourceError(place, "a new name", `${name.text}, declared on line ${known.place.line}`, hint);
    }
    const statement = this.#letOf(name);
    this.#declared.set(name.text, {
      place,
      length: statement.kind === "array" ? statement.values.length : undefined,
    });
    return statement;
  }

  #letOf({ text: name, place }: Token): Statement {
    if (this.#reader.accept("[")) {
      const token = this.#reader.expectKind("number", "the number of elements");
      this.#reader.expect("]");
      const length = Number(token.text);
      if (!(Number.isInteger(length) && length >= 1 && length <= mostElements)) {
        throw sourceError(token.place, `a whole number from 1 to ${mostElements}`, token.text);
      }
      return { kind: "array", place, name, values: Array<bigint>(length).fill(0n) };
    }
    this.#reader.expect("=");
    if (!this.#reader.accept("[")) return { kind: "let", place, name, value: this.#expression() };
    const values: bigint[] = [];
    do {
      this.#skipLines();
      const sign = this.#reader.accept("-") ? -1n : 1n;
      values.push(sign * wholeNumber(this.#reader.expectKind("number", "a number")));
      this.#skipLines();
    } while (this.#reader.accept(","));
    this.#reader.expect("]");
    if (values.length > mostElements) throw sourceError(place, `at most ${mostElements} elements`, `${values.length}`);
    return { kind: "array", place, name, values };
  }

  #lookUp(name: Token): Declared {
    const declared = this.#declared.get(name.text);
    if (declared) return declared;
    const near = nearest(name.text, this.#declared.keys());
    const hint = near === undefined ? `declare it with let ${name.text} = 0` : `did you mean ${near}?`;
    throw sourceError(name.place, "a declared name", name.text, hint);
  }

  #index(name: Token, { length }: Declared): Expression {
    if (this.#reader.peek().text !== "[") {
      throw sourceError(name.place, `an element such as ${name.text}[0]`, name.text);
    }
    this.#reader.expect("[");
    const index = this.#reader.nested(() => this.#expression());
    this.#reader.expect("]");
    const value = constantOf(index);
    if (value !== undefined && !(value >= 0n && value < BigInt(length!))) {
      throw sourceError(index.place, `an index from 0 to ${length! - 1}`, `${value}`);
    }
    return index;
  }

  #condition(): Condition {
    let left = this.#conjunction();
    for (let length = 0; ; length++) {
      const { place } = this.#reader.peek();
      if (!this.#reader.accept("or")) return left;
      this.#limitChain(length, place);
      left = { kind: "or", place, left, right: this.#conjunction() };
    }
  }

  #conjunction(): Condition {
    let left = this.#negatable();
    for (let length = 0; ; length++) {
      const { place } = this.#reader.peek();
      if (!this.#reader.accept("and")) return left;
      this.#limitChain(length, place);
      left = { kind: "and", place, left, right: this.#negatable() };
    }
  }

  #negatable(): Condition {
    const { place } = this.#reader.peek();
    if (this.#reader.accept("not")) {
      return { kind: "not", place, operand: this.#reader.nested(() => this.#negatable()) };
    }
    if (this.#reader.peek().text === "(" && this.#bracketHoldsCondition()) {
      this.#reader.expect("(");
      const condition = this.#reader.nested(() => this.#condition());
      this.#reader.expect(")");
      return condition;
    }
    const left = this.#expression();
    const operator = comparisons.find((sign) => this.#reader.accept(sign)) as Comparison | undefined;
    if (!operator) {
      const token = this.#reader.peek();
      throw sourceError(token.place, "a comparison: == != < <= > >=", describe(token));
    }
    return { kind: "comparison", place, operator, left, right: this.#expression() };
  }

  /** Whether the bracket that comes next has a comparison, and, or or not directly in it. */
  #bracketHoldsCondition(): boolean {
    let depth = 0;
    for (let ahead = 0; ; ahead++) {
      const { kind, text } = this.#reader.peek(ahead);
      if (kind === "end" || text === ";") return false;
      if (text === "(" || text === "[") depth++;
      if ((text === ")" || text === "]") && --depth === 0) return false;
      if ((comparisons as readonly string[]).includes(text) || text === "and" || text === "or" || text === "not")
        return true;
    }
  }

  #expression(): Expression {
    return this.#operators(["+", "-"], () => this.#operators(["*", "/", "%"], () => this.#factor()));
  }

  #limitChain(length: number, place: Place): void {
    if (length === longestChain) throw sourceError(place, `at most ${longestChain} operators in a row`, "more");
  }

  #operators(signs: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (let length = 0; ; length++) {
      const { place } = this.#reader.peek();
      const operator = signs.find((sign) => this.#reader.accept(sign));
      if (!operator) return left;
      this.#limitChain(length, place);
      left = { kind: "binary", place, operator, left, right: operand() };
    }
  }

  #factor(): Expression {
    const token = this.#reader.peek();
    const { place } = token;
    if (this.#reader.accept("-")) {
      return { kind: "negation", place, operand: this.#reader.nested(() => this.#factor()) };
    }
    if (this.#reader.accept("(")) {
      const inner = this.#reader.nested(() => this.#expression());
      this.#reader.expect(")");
      return inner;
    }
    this.#reader.next();
    if (token.kind === "number") return { kind: "number", place, value: wholeNumber(token) };
    if (token.kind !== "name" || keywords.has(token.text)) {
      throw sourceError(place, "a number or a variable", describe(token));
    }
    const declared = this.#lookUp(token);
    if (declared.length === undefined) return { kind: "variable", place, name: token.text };
    return { kind: "element", place, name: token.text, index: this.#index(token, declared) };
  }
}

function wholeNumber(token: Token): bigint {
  if (!/^\d+$/.test(token.text)) throw sourceError(token.place, "a whole number", token.text);
  return BigInt(token.text);
}

/** The value of a number, or of one with a minus sign before it. */
export function constantOf(expression: Expression): bigint | undefined {
  if (expression.kind === "number") return expression.value;
  if (expression.kind !== "negation") return undefined;
  const inner = constantOf(expression.operand);
  return inner === undefined ? undefined : -inner;
}
