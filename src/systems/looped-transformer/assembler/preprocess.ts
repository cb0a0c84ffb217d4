/** Lines of an assembly program with includes, macros and repetitions written out. @module */
import { describe, type Place, sourceError, stripComment, TokenReader, tokenize } from "../source.ts";

/** Where a program's text comes from: included files are asked for by the path that the program gives. */
export interface SourceFiles {
  /** The text of `path`, as `from` names it, and the name under which messages show it. */
  read(path: string, from: string | undefined): Promise<{ readonly name: string; readonly text: string }>;
}

/** A line to assemble. */
export interface SourceLine {
  readonly text: string;
  readonly place: Place;
}

interface Macro {
  readonly parameters: readonly string[];
  readonly body: readonly SourceLine[];
  readonly place: Place;
}

const mostLines = 100_000;

/**
 * Writes out a program's lines. `include "file"` is replaced by the file's lines; `macro NAME(p, q) … end` defines lines in which {p}
 * and {q} are replaced at each `NAME(x, y)`; `repeat i = 0 .. 9 … end` gives its lines for every i, with {i} replaced; {@} is another
 * number at each use of a macro, for labels.
 *
 * @throws {DataError} with file, line and column
 */
export async function preprocess(path: string, files: SourceFiles): Promise<SourceLine[]> {
  const lines = await withIncludes(path, undefined, files, []);
  return new Expander().expand(lines);
}

async function withIncludes(
  path: string,
  place: Place | undefined,
  files: SourceFiles,
  open: readonly string[],
): Promise<SourceLine[]> {
  const { name, text } = await files.read(path, place?.file);
  if (open.includes(name)) {
    const cycle = [...open.slice(open.indexOf(name)), name].join(" -> ");
    throw sourceError(place!, "includes that end", `a cycle: ${cycle}`);
  }
  const lines: SourceLine[] = [];
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    const here: Place = { file: name, line: at + 1, column: 1 };
    if (!/^\s*include\s*"/.test(line)) {
      lines.push({ text: line, place: here });
      continue;
    }
    const reader = new TokenReader(tokenize(line, here));
    reader.expect("include");
    const file = reader.expectKind("text", "the name of a file in quotes");
    reader.expectEnd();
    const path = file.text.slice(1, -1);
    if (/\p{Cc}/u.test(path)) throw sourceError(file.place, "the name of a file", JSON.stringify(path));
    for (const included of await withIncludes(path, file.place, files, [...open, name])) lines.push(included);
  }
  return lines;
}

class Expander {
  readonly #macros = new Map<string, Macro>();
  #uses = 0;
  #written = 0;

  expand(lines: readonly SourceLine[], open: readonly string[] = []): SourceLine[] {
    const result: SourceLine[] = [];
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at]!;
      const head = headOf(line);
      if (head === "end") throw sourceError(line.place, "macro or repeat before", "end");
      if (head) {
        const body = bodyOf(lines, at);
        at += body.length + 1;
        if (head === "macro") this.#define(line, body);
        else for (const written of this.#repeat(line, body, open)) result.push(written);
        continue;
      }
      const use = /^(\s*(?:[\p{L}_][\p{L}\p{N}_]*\s*:\s*)*)([\p{L}_][\p{L}\p{N}_]*)\s*\(/u.exec(
        stripComment(line.text),
      );
      const macro = use && this.#macros.get(use[2]!);
      if (macro) {
        // Labels before the macro's name stand on a line of their own; columns stay what they were.
        const labels = use[1]!;
        if (labels.trim() !== "") result.push({ ...line, text: labels });
        const call = { ...line, text: " ".repeat(labels.length) + line.text.slice(labels.length) };
        for (const written of this.#use(use[2]!, macro, call, open)) result.push(written);
      } else if (stripComment(line.text).trim() !== "") {
        if (++this.#written > mostLines) {
          throw sourceError(line.place, `at most ${mostLines} lines with all macros written out`, "more");
        }
        result.push(line);
      }
    }
    return result;
  }

  #define(line: SourceLine, body: readonly SourceLine[]): void {
    const reader = new TokenReader(tokenize(line.text, line.place));
    reader.expect("macro");
    const name = reader.expectKind("name", "the macro's name");
    const known = this.#macros.get(name.text);
    if (known) throw sourceError(name.place, "a new name", `${name.text}, defined on line ${known.place.line}`);
    const parameters: string[] = [];
    reader.expect("(");
    while (!reader.accept(")")) {
      if (parameters.length > 0) reader.expect(",");
      parameters.push(reader.expectKind("name", "a parameter").text);
    }
    reader.expectEnd();
    this.#macros.set(name.text, { parameters, body, place: name.place });
  }

  #use(name: string, macro: Macro, line: SourceLine, open: readonly string[]): SourceLine[] {
    if (open.includes(name)) throw sourceError(line.place, "macros that end", `${[...open, name].join(" -> ")}`);
    const tokens = tokenize(line.text, line.place);
    const reader = new TokenReader(tokens);
    reader.next();
    reader.expect("(");
    const argumentsGiven = readArguments(reader, line);
    if (argumentsGiven.length !== macro.parameters.length) {
      const found = `${argumentsGiven.length}`;
      throw sourceError(tokens[0]!.place, `${macro.parameters.length} arguments of ${name}`, found);
    }
    const values = new Map(macro.parameters.map((parameter, i) => [parameter, argumentsGiven[i]!]));
    values.set("@", `${++this.#uses}`);
    return this.expand(substitute(macro.body, values, line.place), [...open, name]);
  }

  #repeat(line: SourceLine, body: readonly SourceLine[], open: readonly string[]): SourceLine[] {
    const reader = new TokenReader(tokenize(line.text, line.place));
    reader.expect("repeat");
    const name = reader.expectKind("name", "a name to count with");
    reader.expect("=");
    const bound = () => {
      const token = reader.expectKind("number", "a whole number");
      const value = Number(token.text);
      if (!Number.isInteger(value)) throw sourceError(token.place, "a whole number", token.text);
      return value;
    };
    const first = bound();
    reader.expect("..");
    const last = bound();
    reader.expectEnd();
    if (last - first >= mostLines) {
      throw sourceError(name.place, `at most ${mostLines} repetitions`, `${last - first + 1}`);
    }
    const result: SourceLine[] = [];
    for (let i = first; i <= last; i++) {
      for (const written of this.expand(substitute(body, new Map([[name.text, `${i}`]])), open)) result.push(written);
    }
    return result;
  }
}

/** The word that a line of the preprocessor begins with; a label of that name is none. */
function headOf({ text }: SourceLine): "macro" | "repeat" | "end" | undefined {
  return /^\s*(macro|repeat|end)(?![\p{L}\p{N}_])(?!\s*:)/u.exec(text)?.[1] as "macro" | "repeat" | "end" | undefined;
}

/** The arguments up to the closing bracket, as they are written. */
function readArguments(reader: TokenReader, line: SourceLine): string[] {
  const found: string[] = [];
  if (reader.accept(")")) return found;
  let [depth, from] = [0, reader.peek().place.column];
  for (;;) {
    const token = reader.next();
    if (token.kind === "end") throw sourceError(token.place, '")"', describe(token));
    if (depth === 0 && (token.text === "," || token.text === ")")) {
      const start = from - line.place.column;
      found.push(line.text.slice(start, token.place.column - line.place.column).trim());
      from = token.place.column + 1;
      if (token.text === ")") {
        reader.expectEnd();
        return found;
      }
    }
    if (token.text === "(" || token.text === "[") depth++;
    if (token.text === ")" || token.text === "]") depth--;
  }
}

/** The lines between a head and its `end`. */
function bodyOf(lines: readonly SourceLine[], head: number): SourceLine[] {
  let depth = 0;
  for (let at = head + 1; at < lines.length; at++) {
    const word = headOf(lines[at]!);
    if (word === "end" && depth-- === 0) return lines.slice(head + 1, at);
    if (word === "macro" || word === "repeat") depth++;
  }
  throw sourceError(lines[head]!.place, "end after it", "the end of the file");
}

/** Lines with {names} replaced. Lines of a macro are placed where it is used, so that errors name both. */
function substitute(body: readonly SourceLine[], values: ReadonlyMap<string, string>, used?: Place): SourceLine[] {
  return body.map(({ text, place }) => ({
    place: used ? { ...place, file: `${used.file}:${used.line} (macro of ${place.file})` } : place,
    text: text.replaceAll(/\{\s*([\p{L}_@][\p{L}\p{N}_]*)\s*\}/gu, (whole, name: string) => values.get(name) ?? whole),
  }));
}
