/** What every document about a program says of its machine. @module */
import type { CompiledProgram } from "./compile.ts";

/** Sizes, precision and temperature of a program's machine. */
export function programHeader({ machine }: CompiledProgram) {
  const { spec, transformer } = machine;
  return {
    machine: spec.kind,
    columns: transformer.columns,
    ...(spec.kind === "subleq" ? { bits: spec.bits, mode: spec.mode } : { size: spec.size }),
    precision: transformer.precision,
    temperature: transformer.temperature,
  };
}
