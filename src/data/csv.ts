/**
 * CSV and TSV files through DuckDB. The header is read here, so that DuckDB need not guess: a guess can turn a ragged file
 * into one column, or rename a column that is there twice.
 *
 * @module
 */
import { resolve } from "node:path";
import { DataError } from "../core/index.ts";
import { streamDataFile } from "./data-file.ts";
import { type ColumnPlan, readColumns, sqlPath, sqlText, withDuckDB } from "./duckdb.ts";
import type { Table } from "./table.ts";

/** The most of a file that is looked at for its header, in bytes. */
const maxHeaderBytes = 1 << 20;

/** A CSV file's first row. */
interface Header {
  readonly names: readonly string[];
  readonly delimiter: string;
  /** What comes before the first row of values: blank lines, and the header as one, whatever line breaks its names have. */
  readonly skip: number;
  /** Line breaks within its first name. */
  readonly breaks: number;
}

const lineBreak = /\r\n|\n|\r/g;

/** The values of the first record of `text`, as they are, and the line breaks in the first of them; `closed` is false where a quote is left open. */
function firstRecord(text: string, delimiter: string): { values: string[]; breaks: number; closed: boolean } {
  const values = [""];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    const value = values.length - 1;
    if (char === '"') {
      if (quoted && text[at + 1] === '"') values[value] += text[at++]!;
      else quoted = !quoted;
    } else if (quoted) values[value] += char;
    else if (char === delimiter) values.push("");
    else if (char === "\n" || char === "\r") break;
    else values[value] += char;
  }
  const breaks = values[0]!.match(lineBreak)?.length ?? 0;
  return { values, breaks, closed: !quoted };
}

/** The candidate that splits the record into most values; the first of equals. */
function guessDelimiter(text: string): string {
  const candidates = [",", ";", "\t", "|"].map((delimiter) => ({
    delimiter,
    count: firstRecord(text, delimiter).values.length,
  }));
  return candidates.reduce((best, candidate) => (candidate.count > best.count ? candidate : best)).delimiter;
}

function parseHeader(head: string, delimiter: string, path: string): Header {
  const start = /^[\r\n]*/.exec(head)![0].length;
  const text = head.slice(start);
  if (text.trim() === "") {
    throw new DataError({ where: path, expected: "a header and rows", found: "an empty file" });
  }
  const used = delimiter || guessDelimiter(text);
  const { values, breaks, closed } = firstRecord(text, used);
  if (!closed) {
    throw new DataError({ where: path, expected: "a header whose quotes close", found: "an open quote" });
  }
  const names = values.map((name) => name.trim());
  const skip = (head.slice(0, start).match(lineBreak)?.length ?? 0) + 1;
  const seen = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const where = `${path}:${skip}`;
    if (name === "") {
      const hint = "name the column, or write the file without its row numbers";
      throw new DataError({ where, expected: "a name for every column", found: `none for column ${i + 1}`, hint });
    }
    if (seen.has(name)) {
      const found = `${name} as columns ${seen.get(name)} and ${i + 1}`;
      throw new DataError({ where, expected: "a name of its own for every column", found, hint: "rename one of them" });
    }
    seen.set(name, i + 1);
  }
  return { names, delimiter: used, skip, breaks };
}

/**
 * The error that DuckDB's message amounts to. Its line numbers count a row as one line, also where a quoted value of it has
 * line breaks.
 */
function csvFailure(path: string, error: unknown): DataError {
  const message = error instanceof Error ? error.message : String(error);
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  const where = line === undefined ? path : `${path}:${line}`;
  const fail = (expected: string, found: string, hint?: string) =>
    new DataError({ where, expected, found, hint, cause: error });

  const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
  if (counts) return fail(`${counts[1]} values, as many as the header has`, counts[2]!);
  if (message.includes("unterminated quote")) {
    const found = JSON.stringify(/Original Line: *(.*)/.exec(message)?.[1]?.slice(0, 60) ?? "");
    return fail("quotes around whole values", found, 'write a quote within a quoted value twice ("")');
  }
  if (message.includes("not utf-8")) return fail("UTF-8 text", "other bytes", "save the file as UTF-8");
  if (message.includes("reached an invalid state")) {
    return fail("CSV rows that all end the same way", "a mix", "make all line ends \\n or all \\r\\n");
  }
  return fail("CSV rows", message.split("\n")[0]!);
}

/**
 * Reads a CSV file, gzip or not.
 *
 * @param options.delimiter - the character between values, or empty to find it in the header
 * @throws {DataError} as {@link readTable} says
 */
export async function readCsv(
  path: string,
  options: { delimiter: string; missing: ReadonlySet<string> },
): Promise<Table> {
  const { missing } = options;
  const start: Uint8Array[] = [];
  let startBytes = 0;
  const { sha256, gzip } = await streamDataFile(path, async (chunks) => {
    for await (const chunk of chunks) {
      if (startBytes >= maxHeaderBytes) continue; // Read on all the same: the file must be whole, and hashed.
      start.push(chunk);
      startBytes += chunk.length;
    }
  });
  const bytes = Buffer.concat(start);
  if (/^(fffe|feff)/.test(bytes.toString("hex", 0, 2))) {
    throw new DataError({ where: path, expected: "UTF-8 text", found: "UTF-16", hint: "save the file as UTF-8" });
  }
  const head = new TextDecoder().decode(bytes);
  const { names, delimiter, skip, breaks } = parseHeader(head, options.delimiter, path);
  // Behind a byte order mark DuckDB takes the first quote for text, and each line of the first name for a record.
  const marked = bytes.toString("hex", 0, 3) === "efbbbf";

  const plans = names.map((name, i): ColumnPlan => ({ name, value: `c${i}` }));
  const source = `read_csv(${sqlPath(resolve(path))}, auto_detect = false, header = false, skip = ${marked ? skip + breaks : skip},
    delim = ${sqlText(delimiter)}, quote = '"', escape = '"', strict_mode = true,
    nullstr = [${[...missing].map(sqlText).join(", ")}], compression = '${gzip ? "gzip" : "none"}',
    columns = {${names.map((_, i) => `'c${i}': 'VARCHAR'`).join(", ")}})`;
  try {
    return { path, sha256, ...(await withDuckDB((connection) => readColumns(connection, source, plans, missing))) };
  } catch (error) {
    throw csvFailure(path, error);
  }
}
