import { formatNumber } from "../../format.ts";
import type { PredictedRow } from "./answers.ts";

/** The background of a cell by its share of a row: light enough for its number to be read. */
function tint(isRight: boolean, share: number): string {
  const percent = share === 0 ? 0 : Math.round(10 + 30 * share);
  return `color-mix(in srgb, var(--series-${isRight ? 1 : 2}) ${percent}%, var(--paper))`;
}

/** How often each class was taken for each. */
export function ConfusionMatrix({
  classes,
  rows,
}: {
  readonly classes: readonly string[];
  readonly rows: readonly PredictedRow[];
}) {
  const hasInvalid = rows.some(({ prediction }) => prediction === null);
  const columns = hasInvalid ? [...classes, "no answer"] : classes;
  const counts = classes.map((name) => {
    const own = rows.filter(({ answer }) => String(answer) === name);
    return columns.map((_, k) => {
      const wanted = k < classes.length ? classes[k] : null;
      return own.filter(({ prediction }) => (prediction === null ? null : String(prediction)) === wanted).length;
    });
  });
  return (
    <section class="scroll" tabIndex={0} aria-label="Confusion matrix">
      <table class="confusion">
        <caption>Confusion matrix</caption>
        <thead>
          <tr>
            <th scope="col">answer ↓ prediction →</th>
            {columns.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map((name, right) => {
            const own = counts[right] ?? [];
            const total = own.reduce((sum, count) => sum + count, 0);
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                {own.map((count, k) => (
                  <td key={columns[k]} style={{ background: tint(k === right, total === 0 ? 0 : count / total) }}>
                    {formatNumber(count)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
