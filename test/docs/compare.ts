/** What a command prints beside its result while it works, on a machine slow enough to see it. */
const progressLine = /^[^:]+: (\d+\/\d+|\d+ %)(, .*)?$/;

const linesOf = (text: string): string[] => {
  const lines = text.split("\n").map((line) => line.trimEnd());
  while (lines.at(-1) === "") lines.pop();
  while (lines[0] === "") lines.shift();
  return lines;
};

function lineMatches(shown: string, printed: string): boolean {
  const parts = shown
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/^\s+|\s+$/g, "\\s+"));
  return new RegExp(`^${parts.join(".*")}$`).test(printed);
}

/** What a block printed, as a page would show it: without lines of progress and blank lines around. */
export const asShown = (printed: string): string =>
  `${linesOf(printed)
    .filter((line) => !progressLine.test(line))
    .join("\n")}\n`;

/**
 * Compares what a page shows with what was printed; `…` stands for anything within a line, and alone for any number of lines.
 *
 * @returns the first difference, in words; undefined where there is none
 */
export function difference(shown: string, printed: string): string | undefined {
  const [wanted, found] = [linesOf(shown), linesOf(asShown(printed))];
  // The printed lines at which the rest of the page may begin; `…` alone allows every later one.
  let starts = new Set([0]);
  for (const [i, line] of wanted.entries()) {
    if (line === "…") {
      const first = Math.min(...starts);
      starts = new Set(Array.from({ length: found.length - first + 1 }, (_, k) => first + k));
      continue;
    }
    const next = new Set(
      [...starts].filter((at) => at < found.length && lineMatches(line, found[at]!)).map((at) => at + 1),
    );
    if (next.size === 0) {
      const at = Math.min(...starts);
      return `line ${i + 1} of the output\n  shown:   ${line}\n  printed: ${found[at] ?? "nothing more"}`;
    }
    starts = next;
  }
  if (starts.has(found.length)) return undefined;
  const at = Math.max(...starts);
  return `after the last line of the output\n  shown:   nothing more\n  printed: ${found[at]}`;
}
