/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The objects in a text of JSON lines; what is no object, such as half a line, is left out. */
export function parseJsonLines(text: string): Json[] {
  return text.split("\n").flatMap((line) => {
    if (line === "") return [];
    try {
      const value: unknown = JSON.parse(line);
      return isObject(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}
