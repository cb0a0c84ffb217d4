/** Numbers, sizes and times as people read them. @module */

/** A number in at most `digits` significant digits: `0.9471`, `1.2e-5`, `12,101`. */
export function formatNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return value.toLocaleString("en-US").replace("-", "−");
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(Math.min(digits, 3) - 1).replace("-", "−");
  return value.toLocaleString("en-US", { maximumSignificantDigits: digits }).replace("-", "−");
}

const shares = new Set(["accuracy", "recall", "mutual", "hold"]);

/** A figure by what it is: shares in percent. */
export function formatFigure({ name, value }: { readonly name: string; readonly value: number }): string {
  return shares.has(name) ? `${(100 * value).toFixed(1)}%` : formatNumber(value);
}

/** `1.2 MB` */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toPrecision(3)} ${["B", "kB", "MB", "GB"][power]}`;
}

/** `just now`, `5 min ago`, `24 Nov 2026` */
export function formatAge(iso: string, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}
