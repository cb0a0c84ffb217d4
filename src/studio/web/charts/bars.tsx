/** A row of a bar chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands beside the bar. */
  readonly text: string;
  readonly isMarked?: boolean;
}

/** Bars as a list: a label, a bar of its value's length, the value. */
export function Bars({
  title,
  bars,
  most,
}: {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly most?: number;
}) {
  const longest = most ?? bars.reduce((max, { value }) => Math.max(max, value), 0);
  return (
    <ul class="bars" aria-label={title}>
      {bars.map(({ label, value, text, isMarked }) => (
        <li key={label} class={isMarked ? "marked" : undefined}>
          <span class="bar-label">{label}</span>
          <span class="bar-track" aria-hidden="true">
            <span class="bar-length" style={{ width: `${longest > 0 ? (100 * value) / longest : 0}%` }} />
          </span>
          <span class="bar-value">{text}</span>
        </li>
      ))}
    </ul>
  );
}
