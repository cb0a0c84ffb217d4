import { useState } from "preact/hooks";
import { formatNumber } from "../../format.ts";
import { Problem } from "../../problem.tsx";
import { classColor, type LiftModel, type Part, type PredictedRow } from "./answers.ts";
import { ConfusionMatrix } from "./confusion-matrix.tsx";
import { PredictedAgainstTrue } from "./predicted-against-true.tsx";
import { isWrong, RowTable } from "./row-table.tsx";
import { usePredictions } from "./use-predictions.ts";

/** Rows that are predicted before one asks for more, and how many more then. */
const atFirst = 200;
/** Classes a matrix of which can be read. */
const mostInMatrix = 20;

function ClassNames({ classes }: { readonly classes: readonly string[] }) {
  return (
    <ul class="class-names" aria-label="Colours of the classes">
      {classes.map((name, k) => (
        <li key={name}>
          <span class="swatch" style={{ background: classColor(k) }} /> {name}
        </li>
      ))}
    </ul>
  );
}

/** Predictions on the run's own rows. */
export function RowPredictions({
  path,
  model,
  onTry,
}: {
  readonly path: string;
  readonly model: LiftModel;
  readonly onTry: (row: PredictedRow) => void;
}) {
  const [part, setPart] = useState<Part>(model.rows.heldOut > 0 ? "heldOut" : "train");
  const [wanted, setWanted] = useState(atFirst);
  const [onlyWrong, setOnlyWrong] = useState(false);
  const { rows, total, error } = usePredictions(path, part, wanted);
  const classify = model.task === "classify";
  const wrong = rows.filter(isWrong);
  const isWorking = error === undefined && rows.length < Math.min(wanted, total || wanted);
  const shown = classify && onlyWrong ? wrong : rows;
  return (
    <section aria-labelledby="row-predictions">
      <h2 id="row-predictions">Its predictions</h2>
      <div class="tools">
        <label>
          Rows
          <select
            value={part}
            onChange={(event) => {
              setPart(event.currentTarget.value as Part);
              setWanted(atFirst);
            }}
          >
            {model.rows.heldOut > 0 && <option value="heldOut">held out ({model.rows.heldOut})</option>}
            <option value="train">learned ({model.rows.train})</option>
          </select>
        </label>
        {classify && (
          <label>
            <input
              type="checkbox"
              checked={onlyWrong}
              onChange={(event) => setOnlyWrong(event.currentTarget.checked)}
            />
            only wrong ones
          </label>
        )}
        <span class="count" role="status">
          {isWorking
            ? `predicting: ${formatNumber(rows.length)} of ${total === 0 ? "the" : formatNumber(Math.min(wanted, total))} rows so far …`
            : `${formatNumber(rows.length)} of ${formatNumber(total)} rows predicted${classify ? `, ${formatNumber(wrong.length)} wrong` : ""}`}
        </span>
        {!isWorking && rows.length < total && (
          <button type="button" onClick={() => setWanted(wanted + atFirst)}>
            Predict more
          </button>
        )}
      </div>
      {part === "train" && (
        <p class="note">The model learned these rows: how good it is on others, they do not tell.</p>
      )}
      {error && <Problem text={error} />}
      <div class="prediction-columns">
        <div>
          {classify && model.classes.length <= 8 && <ClassNames classes={model.classes} />}
          {shown.length > 0 ? (
            <RowTable model={model} rows={shown} onTry={onTry} />
          ) : (
            !isWorking && !error && <p class="empty">{onlyWrong ? "None is wrong." : "There are no rows."}</p>
          )}
        </div>
        {rows.length > 0 &&
          (classify ? (
            model.classes.length <= mostInMatrix && <ConfusionMatrix classes={model.classes} rows={rows} />
          ) : (
            <PredictedAgainstTrue target={model.target} rows={rows} />
          ))}
      </div>
    </section>
  );
}
