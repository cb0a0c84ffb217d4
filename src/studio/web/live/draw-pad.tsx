import { useRef, useState } from "preact/hooks";

const side = 8;

/** How much a stroke adds to the cell that it is in, and to its neighbours. */
const [strong, weak] = [1, 0.35];

/**
 * A grid of 8x8 cells to draw on, by pointer or by keyboard: arrows move, space fills a cell or empties it.
 *
 * @param pixels - float32[64] in [0, 1], row by row
 */
export function DrawPad({
  pixels,
  onChange,
  describedBy,
}: {
  readonly pixels: Float32Array;
  readonly onChange: (pixels: Float32Array) => void;
  readonly describedBy: string;
}) {
  const [cursor, setCursor] = useState(27);
  const isDrawing = useRef(false);
  const grid = useRef<HTMLDivElement>(null);
  const latest = useRef(pixels);
  latest.current = pixels;

  const change = (next: Float32Array) => {
    latest.current = next;
    onChange(next);
  };
  const stroke = (event: PointerEvent) => {
    const box = grid.current!.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * side);
    const row = Math.floor(((event.clientY - box.top) / box.height) * side);
    if (row < 0 || column < 0 || row >= side || column >= side) return;
    const next = latest.current.slice();
    const add = (r: number, c: number, amount: number) => {
      if (r < 0 || c < 0 || r >= side || c >= side) return;
      next[r * side + c] = Math.max(next[r * side + c]!, amount);
    };
    add(row, column, strong);
    for (const [r, c] of [
      [-1, 0],
      [1, 0],
      [0, -1],
      [0, 1],
    ] as const) {
      add(row + r, column + c, weak);
    }
    setCursor(row * side + column);
    change(next);
  };
  const press = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side };
    const to = cursor + (moves[event.key] ?? 0);
    const stays = Math.abs(moves[event.key] ?? 0) !== 1 || Math.floor(to / side) === Math.floor(cursor / side);
    if (event.key in moves) {
      if (to >= 0 && to < side * side && stays) setCursor(to);
    } else if (event.key === " " || event.key === "Enter") {
      change(latest.current.with(cursor, latest.current[cursor]! > 0.5 ? 0 : 1));
    } else return;
    event.preventDefault();
  };
  return (
    <div
      class="live-pad"
      ref={grid}
      role="application"
      aria-roledescription="drawing"
      aria-label={`Drawing of 8 by 8 cells; row ${Math.floor(cursor / side) + 1}, column ${(cursor % side) + 1}, ${pixels[cursor]! > 0.5 ? "filled" : "empty"}`}
      aria-describedby={describedBy}
      tabIndex={0}
      onKeyDown={press}
      onPointerDown={(event) => {
        isDrawing.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
        stroke(event);
      }}
      onPointerMove={(event) => isDrawing.current && stroke(event)}
      onPointerUp={() => {
        isDrawing.current = false;
      }}
    >
      {Array.from(pixels, (value, i) => (
        <span
          key={i}
          class={i === cursor ? "cursor" : undefined}
          style={{ background: `color-mix(in srgb, var(--ink) ${Math.round(100 * value)}%, var(--paper))` }}
        />
      ))}
    </div>
  );
}
