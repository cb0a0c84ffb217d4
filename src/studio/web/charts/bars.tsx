import type { ComponentChildren } from "preact";

/** A row of a bar chart. */
export interface Bar {
  readonly label: ComponentChildren;
  /** Tells the row from the others where its label is no text. */
  readonly key?: string;
  readonly value: number;
  /** What stands beside the bar. */
  readonly text: string;
  readonly isMarked?: boolean;
}

/**
 * Bars as a list: a label, a bar of its value's length, the value. Bars begin at zero: those of negative values lie left of it.
 *
 * @param most - what fills the whole width; the largest value where it is not given
 * @param color - 1 to 8, as in the theme
 */
export function Bars({
  title,
  bars,
  most,
  color,
}: {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly most?: number;
  readonly color?: number;
}) {
  const longest = most ?? bars.reduce((max, { value }) => Math.max(max, value), 0);
  const least = bars.reduce((min, { value }) => Math.min(min, value), 0);
  const percent = (value: number) => (longest > least ? (100 * value) / (longest - least) : 0);
  return (
    <ul class="bars" aria-label={title}>
      {bars.map(({ label, key, value, text, isMarked }) => (
        <li key={key ?? label} class={isMarked ? "marked" : undefined}>
          <span class="bar-label">{label}</span>
          <span class="bar-track" aria-hidden="true">
            <span
              class="bar-length"
              style={{
                marginLeft: `${percent(Math.min(0, value) - least)}%`,
                width: `${percent(Math.abs(value))}%`,
                ...(color !== undefined && { background: `var(--series-${color})` }),
              }}
            />
          </span>
          <span class="bar-value">{text}</span>
        </li>
      ))}
    </ul>
  );
}
