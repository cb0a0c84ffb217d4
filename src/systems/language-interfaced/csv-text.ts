/** Rows as CSV text. @module */
import type { Value } from "./schema.ts";

/** A value as CSV writes it: in quotes where it has to be. */
function csvValue(value: Value): string {
  const text = value === undefined ? "" : String(value);
  return /[",\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A header and rows as CSV, a line each. */
export function toCsv(header: readonly string[], rows: readonly (readonly Value[])[]): string {
  return `${[header, ...rows].map((row) => row.map(csvValue).join(",")).join("\n")}\n`;
}
