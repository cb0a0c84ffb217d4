import { formatNumber } from "../../format.ts";
import { classColor, type LiftModel, type PredictedRow, valueText } from "./answers.ts";

/** Classes that have a colour each in the bars. */
const mostColors = 8;

/** Whether a prediction is the answer; of numbers nothing is said. */
export const isWrong = ({ prediction, answer }: PredictedRow): boolean => String(prediction) !== String(answer);

function ProbabilityBar({ model, row }: { readonly model: LiftModel; readonly row: PredictedRow }) {
  if (!row.probabilities) return null;
  const chosen = model.classes.indexOf(String(row.prediction));
  const isColored = model.classes.length <= mostColors;
  return (
    <>
      <span class="stacked" aria-hidden="true">
        {row.probabilities.map((probability, k) => (
          <span
            key={k}
            style={{
              width: `${100 * probability}%`,
              background: isColored ? classColor(k) : k === chosen ? classColor(0) : "var(--line)",
            }}
          />
        ))}
      </span>{" "}
      {(100 * (row.probabilities[chosen] ?? 0)).toFixed(1)}%
    </>
  );
}

/** Rows with what was predicted of them; each can be taken into the form. */
export function RowTable({
  model,
  rows,
  onTry,
}: {
  readonly model: LiftModel;
  readonly rows: readonly PredictedRow[];
  readonly onTry: (row: PredictedRow) => void;
}) {
  const classify = model.task === "classify";
  return (
    <section class="scroll" tabIndex={0} aria-label="Rows with their predictions">
      <table class="predictions">
        <thead>
          <tr>
            <th scope="col">row</th>
            <th scope="col">{model.target}</th>
            <th scope="col">prediction</th>
            <th scope="col">{classify ? "probability" : "error"}</th>
            {model.features.map(({ name }) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.row}>
              <th scope="row">
                <button type="button" class="word" aria-label={`Try row ${row.row}`} onClick={() => onTry(row)}>
                  {row.row}
                </button>
              </th>
              <td>{valueText(row.answer)}</td>
              <td>
                {classify && (
                  <span class={isWrong(row) ? "wrong" : "right"} aria-hidden="true">
                    {isWrong(row) ? "✗" : "✓"}{" "}
                  </span>
                )}
                {row.valid ? valueText(row.prediction) : <>no answer: “{row.raw}”</>}
                {classify && <span class="hidden">{isWrong(row) ? ", wrong" : ", right"}</span>}
              </td>
              <td class="probability">
                {classify ? (
                  <ProbabilityBar model={model} row={row} />
                ) : (
                  formatNumber(Number(row.prediction) - Number(row.answer), 3)
                )}
              </td>
              {row.values.map((value, i) => (
                <td key={model.features[i]?.name}>{valueText(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
