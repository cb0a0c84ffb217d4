/** Programs for measurements, and plain counterparts of what they compute. @module */
import { type CompiledFleq, type CompiledProgram, compileSource } from "./compile.ts";
import type { FunctionBlock } from "./function-block.ts";
import { start } from "./running.ts";
import type { NamedValue } from "./values.ts";

/** A FLEQ program from its text. */
export async function fleqProgram(text: string, blocks: readonly FunctionBlock[] = []): Promise<CompiledFleq> {
  const files = { read: async () => ({ name: "program.fleq", text }) };
  return (await compileSource("program.fleq", files, { blocks })) as CompiledFleq;
}

/** Runs a program and hands over its memory whenever it comes to `label`. */
export function visit(
  compiled: CompiledProgram,
  label: string,
  see: (memory: Record<string, NamedValue>) => void,
  maxLoops = 1_000_000,
): Record<string, NamedValue> {
  const running = start(compiled);
  const at = compiled.labels.get(label);
  while (!running.halted && running.loops < maxLoops) {
    const { next } = running.trace();
    if (next === at) see(running.memory());
  }
  return running.memory();
}

/** `[1, 2; 3, 4]`, as the assembler reads it. */
export function literal(rows: readonly (readonly number[])[]): string {
  return `[${rows.map((row) => row.join(", ")).join("; ")}]`;
}
