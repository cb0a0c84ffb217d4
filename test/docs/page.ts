/**
 * How code blocks are written in `README.md`, in `docs/` and in the READMEs of rooms, so that tests can run them:
 *
 * - `sh`: run by bash in one empty folder a page, in order. `tenfold` and `npx tenfold` are this package's command. A command
 *   must succeed; only the last command of a block may end with `tenfold: …`, and then with exit code 2.
 * - `ts`: type-checked, and run as a program of its own in the same folder. `tenfold` is made of the sources as they are.
 * - `text` or `json` with nothing but blank lines between it and a `sh` or `ts` block before it: what that block prints, to
 *   standard output and standard error, without progress. It is compared exactly. Times, rates and whatever else is the
 *   machine's are written as `…`: within a line it stands for anything, and spaces beside it for any number of spaces; on a line
 *   alone it stands for any number of lines. Other `text` and `json` blocks are only shown; tutorials have none.
 * - Any block after `<!-- file: NAME -->` is written to that file instead.
 * - `<!-- not run: REASON -->` before a block, with its output: not run. A `ts` block is type-checked all the same, with the
 *   names of `example-context.ts` declared.
 * - Other languages that are only shown stand in {@link shownLanguages}. A language that is not known is an error.
 *
 * `node --import tsx test/docs/update.ts PAGE…` runs pages and puts what they print where it differs.
 *
 * @module
 */

/** A fenced code block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** Why it is not run. */
  readonly notRun?: string;
  /** The file that it is written to. */
  readonly file?: string;
  /** What the block prints, if it is shown. */
  readonly output?: Output;
}

/** A block that shows what the one before prints. */
export interface Output {
  readonly text: string;
  readonly line: number;
}

/** Languages of blocks that are neither run nor compared. */
const shownLanguages = ["text", "json", "yaml", "loop", "python", "csv", "c"];

const outputLanguages = ["text", "json"];
const fence = /^```(\S*)$/;
const marker = /^<!-- (not run|file): (.*) -->$/;

/**
 * The code blocks of a page.
 *
 * @param page - Markdown text
 * @param path - how the page is called in messages
 * @throws Error where a block has an unknown language, a marker no reason, or a fence no end
 */
export function readBlocks(page: string, path: string): Block[] {
  const lines = page.split("\n");
  const blocks: Block[] = [];
  const problem = (line: number, text: string) => new Error(`${path}:${line}: ${text}`);
  let mark: RegExpExecArray | undefined;
  let afterProgram = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const opening = /^\s*```/.test(line);
    if (!opening) {
      if (line.trim() === "") continue;
      mark = marker.exec(line) ?? undefined;
      if (mark === undefined && /^<!-- *(not run|file)/.test(line)) {
        throw problem(i + 1, `expected <!-- not run: REASON --> or <!-- file: NAME -->, found ${line}`);
      }
      afterProgram = false;
      continue;
    }
    const language = fence.exec(line)?.[1];
    if (language === undefined) throw problem(i + 1, "expected a fence at the start of a line");
    const end = lines.indexOf("```", i + 1);
    if (end < 0) throw problem(i + 1, "the block has no end");
    const text = lines
      .slice(i + 1, end)
      .map((each) => `${each}\n`)
      .join("");
    const block = { language, text, line: i + 1 };
    if (!["sh", "ts", ...shownLanguages].includes(language)) {
      const known = ["sh", "ts", ...shownLanguages].join(", ");
      throw problem(i + 1, `expected a block of ${known}, found ${language === "" ? "no language" : language}`);
    }
    if (outputLanguages.includes(language) && afterProgram) {
      blocks.push({ ...blocks.pop()!, output: { text, line: i + 1 } });
      afterProgram = false;
    } else {
      const [, kind, value] = mark ?? [];
      blocks.push({ ...block, ...(kind === "file" ? { file: value! } : kind && { notRun: value! }) });
      afterProgram = (language === "sh" || language === "ts") && kind !== "file";
    }
    mark = undefined;
    i = end;
  }
  return blocks;
}
