/** Rows of the state by name. @module */
import { assert } from "../../core/index.ts";

/** Rows that belong together: `offset`, `offset + 1`, … */
export interface RowRange {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Hands out rows one range after the other. */
export class RowAllocator {
  readonly #ranges: RowRange[] = [];
  #next = 0;

  /** The next `size` rows, under a name. */
  allocate(name: string, size: number): RowRange {
    assert(!this.#ranges.some((range) => range.name === name), `rows ${name} twice`);
    const range = { name, offset: this.#next, size };
    this.#ranges.push(range);
    this.#next += size;
    return range;
  }

  /** Rows handed out. */
  get width(): number {
    return this.#next;
  }

  /** All ranges, in order. */
  get ranges(): readonly RowRange[] {
    return this.#ranges;
  }
}

/** A part of a range: `size` rows from its row `from` on. */
export function part({ name, offset }: RowRange, from: number, size: number): RowRange {
  return { name: `${name}[${from}:${from + size}]`, offset: offset + from, size };
}

/** Row `index` of a range. */
export function rowAt({ name, offset, size }: RowRange, index: number): number {
  assert(index >= 0 && index < size, `row ${index} of ${name}, which has ${size}`);
  return offset + index;
}

/** All rows of ranges. */
export function rowsOf(...ranges: readonly RowRange[]): number[] {
  return ranges.flatMap(({ offset, size }) => Array.from({ length: size }, (_, i) => offset + i));
}

/** The range that holds a row, and the row's place in it, such as `pc[2]`. */
export function rowName(ranges: readonly RowRange[], row: number): string {
  const range = ranges.find(({ offset, size }) => row >= offset && row < offset + size);
  assert(range, `row ${row}`);
  return range.size === 1 ? range.name : `${range.name}[${row - range.offset}]`;
}
