import type { ComponentChildren } from "preact";
import { formatNumber } from "../format.ts";

/** A line of {@link ScoreBars}. */
export interface ScoreBar {
  readonly key: string;
  readonly name: ComponentChildren;
  readonly value: number;
  /** Behind the number. */
  readonly note?: ComponentChildren;
}

/**
 * Named numbers with a bar each, from zero on: to the right what is positive, to the left what is negative.
 *
 * @param format - of the numbers; three significant digits where it is not given
 * @param full - what fills the whole width; the largest number where it is not given
 */
export function ScoreBars({
  bars,
  label,
  color = 1,
  format = (value) => formatNumber(value, 3),
  full,
}: {
  readonly bars: readonly ScoreBar[];
  readonly label: string;
  readonly color?: number;
  readonly format?: (value: number) => string;
  readonly full?: number;
}) {
  const low = Math.min(0, ...bars.map(({ value }) => value));
  const high = Math.max(full ?? 0, ...bars.map(({ value }) => value));
  const percent = (value: number) => (100 * (value - low)) / (high - low || 1);
  return (
    <ol class="score-bars" aria-label={label}>
      {bars.map(({ key, name, value, note }) => (
        <li key={key}>
          <span class="bar-name">{name}</span>
          <span class="bar-track" aria-hidden="true">
            <span
              style={{
                left: `${percent(Math.min(0, value))}%`,
                width: `${percent(Math.max(0, value)) - percent(Math.min(0, value))}%`,
                background: `var(--series-${color})`,
              }}
            />
          </span>
          <span class="bar-value">{format(value)}</span>
          {note !== undefined && <span class="note">{note}</span>}
        </li>
      ))}
    </ol>
  );
}
