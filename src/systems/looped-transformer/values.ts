/** Data of programs by name: read from memory, and set before a run. @module */
import { ConfigError, nearest } from "../../core/index.ts";
import type { Datum } from "./assembler/declarations.ts";
import { type CompiledFleq, type CompiledProgram, type CompiledSubleq, isSubleq } from "./compile.ts";
import { valueBound } from "./function-block.ts";

/** A number; an array or a column; a matrix by rows. */
export type NamedValue = number | readonly number[] | readonly (readonly number[])[];

/** The value of SUBLEQ data among the numbers of all cells. */
export function subleqValue({ cell, shape }: Datum, memory: readonly bigint[]): NamedValue {
  const [length] = shape;
  return length === undefined ? Number(memory[cell]!) : memory.slice(cell, cell + length).map(Number);
}

/** The value of FLEQ data in its matrix. */
export function fleqValue({ shape }: Datum, matrix: Float64Array, size: number): NamedValue {
  const [rows, columns] = shape as [number, number];
  const values = Array.from({ length: rows }, (_, r) => Array.from(matrix.subarray(r * size, r * size + columns)));
  if (columns > 1) return values;
  return rows === 1 ? values[0]![0]! : values.map(([value]) => value!);
}

/**
 * The program with other initial data.
 *
 * @param settings - `name=7`, `list=3,1,2`, `list[0]=3`, and for FLEQ also rows after `;`: `A=1,2;3,4`
 * @throws {ConfigError} for names that the program does not have, and values that do not fit
 */
export function withSettings<P extends CompiledProgram>(compiled: P, settings: readonly string[]): P {
  return settings.reduce((program, setting) => withSetting(program, setting), compiled);
}

function withSetting<P extends CompiledProgram>(compiled: P, setting: string): P {
  const match = /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*(?:\[\s*(\d+)\s*\])?\s*=(.*)$/u.exec(setting);
  if (!match) throw new ConfigError({ where: "--set", expected: "name=value", found: setting });
  const [, name, index, text] = match as unknown as [string, string, string | undefined, string];
  const where = `--set ${name}`;
  const datum = compiled.data.find((known) => known.name === name);
  if (!datum) {
    const near = nearest(
      name,
      compiled.data.map((known) => known.name),
    );
    const hint = near === undefined ? {} : { hint: `did you mean ${near}?` };
    const expected = `data of the program: ${compiled.data.map((known) => known.name).join(", ") || "it has none"}`;
    throw new ConfigError({ where, expected, found: name, ...hint });
  }
  if (datum.computed) {
    const expected = "data with a constant as its first value";
    throw new ConfigError({ where, expected, found: `${name}, which the program computes itself` });
  }
  const rows = text.split(";").map((row) => row.split(",").map((value) => readNumber(value, where)));
  return isSubleq(compiled)
    ? { ...compiled, program: setNumbers(compiled, datum, index, rows, where) }
    : { ...compiled, program: setMatrix(compiled, datum, index, rows, where) };
}

function readNumber(text: string, where: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new ConfigError({ where, expected: "numbers", found: JSON.stringify(text.trim()) });
  }
  return value;
}

function setNumbers(
  { program, machine }: CompiledSubleq,
  { cell, shape }: Datum,
  index: string | undefined,
  rows: readonly (readonly number[])[],
  where: string,
) {
  const [values = []] = rows;
  const [length] = shape;
  const count = length === undefined || index !== undefined ? 1 : length;
  if (index !== undefined && !(length !== undefined && Number(index) < length)) {
    const expected = length === undefined ? "a number, which has no elements" : `an element from 0 to ${length - 1}`;
    throw new ConfigError({ where, expected, found: `[${index}]` });
  }
  if (rows.length !== 1) throw new ConfigError({ where, expected: "numbers without ;", found: `${rows.length} rows` });
  if (values.length !== count) {
    throw new ConfigError({
      where,
      expected: count === 1 ? "one number" : `${count} numbers`,
      found: `${values.length}`,
    });
  }
  const { bits } = machine.spec;
  const [low, high] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  const wrong = values.find((value) => !(Number.isInteger(value) && value >= low && value <= high));
  if (wrong !== undefined) {
    throw new ConfigError({ where, expected: `whole numbers from ${low} to ${high}`, found: `${wrong}` });
  }
  const memory = [...program.memory];
  for (const [i, value] of values.entries()) memory[cell + Number(index ?? 0) + i] = BigInt(value);
  return { ...program, memory };
}

function setMatrix(
  { program, machine }: CompiledFleq,
  { cell, shape }: Datum,
  index: string | undefined,
  given: readonly (readonly number[])[],
  where: string,
) {
  const [rows, columns] = shape as [number, number];
  if (index !== undefined) throw new ConfigError({ where, expected: "the whole matrix", found: `[${index}]` });
  // A column may be written as a list.
  const values =
    columns === 1 && given.length === 1 && given[0]!.length === rows ? given[0]!.map((value) => [value]) : given;
  if (values.length !== rows || values.some((row) => row.length !== columns)) {
    const found = `${values.length} x ${values[0]?.length ?? 0}`;
    throw new ConfigError({ where, expected: `${rows} x ${columns} numbers, rows after ;`, found });
  }
  const large = values.flat().find((value) => Math.abs(value) > valueBound);
  if (large !== undefined) {
    throw new ConfigError({
      where,
      expected: `numbers of at most ${valueBound}, by absolute value`,
      found: `${large}`,
    });
  }
  const { size } = machine.spec;
  const matrix = new Float64Array(size * size);
  for (const [r, row] of values.entries()) matrix.set(row, r * size);
  return { ...program, memory: program.memory.with(cell, matrix) };
}
