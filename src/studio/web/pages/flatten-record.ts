type Plain = string | number | boolean | null;

const isPlain = (value: unknown): value is Plain =>
  value === null || ["string", "number", "boolean"].includes(typeof value);
/** Lists that are longer than so many characters are counted instead. */
const longestText = 200;

/** What a record says, a line a value: `optimizer.beta1`, `0.9`. */
export function flattenRecord(record: Readonly<Record<string, unknown>>, prefix = ""): [key: string, value: string][] {
  return Object.entries(record).flatMap(([key, value]): [string, string][] => {
    const path = `${prefix}${key}`;
    if (isPlain(value)) return [[path, String(value)]];
    if (Array.isArray(value)) {
      const text = value.every(isPlain) ? value.join(", ") : `${value.length} entries`;
      return [[path, text.length > longestText ? `${value.length} entries` : text || "none"]];
    }
    return flattenRecord(value as Readonly<Record<string, unknown>>, `${path}.`);
  });
}
