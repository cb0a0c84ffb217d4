import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { repository } from "./build-package.ts";
import { contextType } from "./example-context.ts";

/** A piece of TypeScript in a page or a docstring. */
export interface Snippet {
  readonly text: string;
  /** The file it stands in, from the top of the repository. */
  readonly path: string;
  /** Line of its first line there, from 1. */
  readonly line: number;
  /** Whether names that it does not declare are looked up in the sources and in the context of examples. */
  readonly fragment: boolean;
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  paths: {
    tenfold: [join(repository, "src/index.ts")],
    "tenfold/*": [join(repository, "src/*/index.ts"), join(repository, "src/systems/*/index.ts")],
  },
};

const indexFiles = (): string[] =>
  ts.sys.readDirectory(join(repository, "src"), [".ts"]).filter((path) => path.endsWith("/index.ts"));

/** Names that a piece of code uses, and those that it declares itself. */
function namesOf(text: string): { readonly used: Set<string>; readonly declared: Set<string> } {
  const [used, declared] = [new Set<string>(), new Set<string>()];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isDeclaration =
        (ts.isVariableDeclaration(parent) ||
          ts.isParameter(parent) ||
          ts.isFunctionDeclaration(parent) ||
          ts.isBindingElement(parent) ||
          ts.isImportSpecifier(parent) ||
          ts.isNamespaceImport(parent)) &&
        parent.name === node;
      const isMember =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isBindingElement(parent) && parent.propertyName === node);
      if (isDeclaration) declared.add(node.text);
      else if (!isMember) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("snippet.ts", text, ts.ScriptTarget.ES2023, true));
  return { used, declared };
}

/** Declarations and imports on one line, for a fragment that leaves them out. */
function prelude(snippet: Snippet, exportsOf: (file: string) => ReadonlySet<string>): string {
  const { used, declared } = namesOf(snippet.text);
  const own = join(repository, snippet.path);
  const places = snippet.path.endsWith(".ts") ? [own, join(dirname(own), "index.ts")] : [];
  const lines: string[] = [];
  for (const name of used) {
    if (declared.has(name)) continue;
    const place = [...places, ...indexFiles()].find((file) => exportsOf(file).has(name));
    const context = contextType(name, snippet.path);
    if (context !== undefined) lines.push(`declare const ${name}: ${context};`);
    else if (place !== undefined) lines.push(`import { ${name} } from ${JSON.stringify(place)};`);
  }
  return `${lines.join(" ")} export {};`;
}

/** The first program, whose files the second one shares. */
function exportsBy(program: ts.Program): (file: string) => ReadonlySet<string> {
  const checker = program.getTypeChecker();
  const known = new Map<string, ReadonlySet<string>>();
  return (file) => {
    const before = known.get(file);
    if (before) return before;
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source);
    const names = new Set(symbol ? checker.getExportsOfModule(symbol).map(({ name }) => name) : []);
    known.set(file, names);
    return names;
  };
}

/**
 * Type-checks pieces of TypeScript against the sources, all in one program.
 *
 * @returns what is wrong: `path:line: message`
 */
export function typeCheck(snippets: readonly Snippet[]): string[] {
  const own = snippets.map(({ path }) => join(repository, path)).filter((path) => path.endsWith(".ts"));
  const sources = ts.createProgram([...new Set([...indexFiles(), ...own])], options);
  const exportsOf = exportsBy(sources);
  const virtual = new Map<string, { readonly text: string; readonly snippet: Snippet }>();
  for (const [i, snippet] of snippets.entries()) {
    const text = `${snippet.fragment ? prelude(snippet, exportsOf) : ""}\n${snippet.text}`;
    virtual.set(join(repository, dirname(snippet.path), `snippet-${i}.ts`), { text, snippet });
  }
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const text = virtual.get(path)?.text;
    if (text === undefined) return sources.getSourceFile(path) ?? getSourceFile(path, ...rest);
    return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  };
  const program = ts.createProgram([...virtual.keys()], options, host, sources);
  const problems: string[] = [];
  for (const [file, { snippet }] of virtual) {
    const source = program.getSourceFile(file)!;
    for (const { start = 0, messageText } of [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]) {
      const { line } = source.getLineAndCharacterOfPosition(start);
      const message = ts.flattenDiagnosticMessageText(messageText, " ");
      problems.push(`${snippet.path}:${snippet.line + line - 1}: ${message}`);
    }
  }
  return problems;
}

/** The `@example` blocks of the docstrings of a source file. */
export function readExamples(source: string, path: string): Snippet[] {
  const lines = source.split("\n");
  const snippets: Snippet[] = [];
  for (const [at, line] of lines.entries()) {
    if (!/^\s*\* @example/.test(line)) continue;
    const begin = lines.findIndex((each, i) => i > at && each.includes("```"));
    const close = lines.findIndex((each, i) => i > begin && each.includes("```"));
    const text = lines
      .slice(begin + 1, close)
      .map((each) => each.replace(/^\s*\* ?/, ""))
      .join("\n");
    snippets.push({ text, path, line: begin + 2, fragment: true });
  }
  return snippets;
}

/** Every source file, from the top of the repository. */
export const sourceFiles = (): string[] =>
  ts.sys
    .readDirectory(join(repository, "src"), [".ts"])
    .map((path) => relative(repository, path))
    .filter((path) => !path.endsWith(".test.ts"));
