/** Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The candidate that `word` is most likely a misspelling of, or undefined where none is close.
 *
 * @param word - what was typed
 * @param candidates - what would have been understood
 * @returns a candidate that begins with `word`, else the one fewest edits away if those are at most two fifths of its length
 * @example
 * ```ts
 * nearest("quadratc", ["logistic", "quadratic"]); // "quadratic"
 * ```
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const edits = typed.length >= 2 && known.startsWith(typed) ? 0 : editDistance(typed, known);
    if (edits < fewest && edits <= Math.max(1, 0.4 * known.length)) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}
