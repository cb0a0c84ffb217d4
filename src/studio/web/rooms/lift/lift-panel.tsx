import { useState } from "preact/hooks";
import { Problem } from "../../problem.tsx";
import { useData } from "../../use-data.ts";
import type { RoomPanel } from "../panels.ts";
import type { LiftModel, Value } from "./answers.ts";
import { AskRow, type RowTexts } from "./ask-row.tsx";
import { DecisionMap } from "./decision-map.tsx";
import { RowPredictions } from "./row-predictions.tsx";

function textsOf({ features }: LiftModel, values: readonly Value[]): RowTexts {
  return Object.fromEntries(features.map(({ name }, i) => [name, values[i] == null ? "" : String(values[i])]));
}

function Shown({
  path,
  model,
  isSmall,
}: {
  readonly path: string;
  readonly model: LiftModel;
  readonly isSmall: boolean;
}) {
  const [texts, setTexts] = useState(() => textsOf(model, model.example));
  const [asked, setAsked] = useState(texts);
  const numbers = model.features.filter(({ kind }) => kind === "number");
  return (
    <>
      <AskRow path={path} model={model} texts={texts} asked={asked} onTexts={setTexts} onAsk={() => setAsked(texts)} />
      <RowPredictions
        path={path}
        model={model}
        onTry={({ values }) => {
          const taken = textsOf(model, values);
          setTexts(taken);
          setAsked(taken);
          document.getElementById("ask-row")?.scrollIntoView();
        }}
      />
      {model.task === "classify" && numbers.length >= 2 && <DecisionMap path={path} model={model} isSmall={isSmall} />}
    </>
  );
}

/** A model of a table: a row of one's own, its predictions on the run's rows, and where they change. */
const LiftPanel: RoomPanel = ({ run }) => {
  const path = `/api/lift/${encodeURIComponent(run.summary.id)}`;
  const { data, error } = useData<LiftModel>(`${path}/model`);
  if (error) return <Problem text={error} />;
  if (!data) return <p class="wait">Opening the model …</p>;
  // Our own base is small; one from elsewhere may take seconds a row.
  const { ownBytes } = run.record.base as { readonly ownBytes: boolean };
  return <Shown path={path} model={data} isSmall={ownBytes} />;
};
export default LiftPanel;
