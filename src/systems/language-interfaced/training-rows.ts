/** Training rows for services that fine-tune elsewhere. @module */
import type { LabelledRows } from "./examples.ts";
import type { Row, Schema, Value } from "./schema.ts";
import { type Template, writeAnswer, writePrompt } from "./template.ts";

/** The kinds of rows: of models that complete texts, and of those that chat. */
export type RowKind = "prompt" | "chat";

/** What marks the end of an answer where the model's own end token cannot be written. */
const endMark = "@@@";

/** The answers there are, as they are written: classes by their codes where they have any. */
function answersOf(target: Schema["target"]): string {
  if (target.kind !== "classes") return "a number";
  const { classes, codes } = target;
  const names = codes ? codes.map((code, i) => `${code} for ${classes[i]}`) : classes;
  return `one of: ${names.join(", ")}`;
}

/** What a chat model is asked. */
export function chatMessages(template: Template, schema: Schema, row: Row): { role: string; content: string }[] {
  const { target } = schema;
  return [
    { role: "system", content: `Answer with ${answersOf(target)}, and nothing else.` },
    { role: "user", content: writePrompt(template, schema, row) },
  ];
}

/** One training row as JSON. */
function trainingRow(kind: RowKind, template: Template, schema: Schema, row: Row, answer: Value): unknown {
  const text = writeAnswer(schema.target, answer);
  if (kind === "prompt") return { prompt: writePrompt(template, schema, row), completion: ` ${text}${endMark}` };
  return { messages: [...chatMessages(template, schema, row), { role: "assistant", content: text }] };
}

/** Training rows as JSON lines. */
export function trainingLines(
  kind: RowKind,
  template: Template,
  schema: Schema,
  { rows, answers }: LabelledRows,
): string {
  return rows.map((row, i) => `${JSON.stringify(trainingRow(kind, template, schema, row, answers[i]))}\n`).join("");
}
