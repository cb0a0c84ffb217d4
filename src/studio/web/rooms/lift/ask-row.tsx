import { useId } from "preact/hooks";
import { Bars } from "../../charts/bars.tsx";
import { formatNumber } from "../../format.ts";
import { Problem } from "../../problem.tsx";
import { useAnswer } from "../../use-answer.ts";
import type { AskedPrediction, LiftModel, ModelFeature } from "./answers.ts";

/** Classes whose probabilities are shown, the likeliest. */
const mostClasses = 12;

/** What stands in the fields of a row, by column; empty where the value is missing. */
export type RowTexts = Readonly<Record<string, string>>;

function Field({
  feature,
  text,
  onText,
}: {
  readonly feature: ModelFeature;
  readonly text: string;
  readonly onText: (text: string) => void;
}) {
  const id = useId();
  const { name, kind, categories, low, high } = feature;
  return (
    <div class="field">
      <label for={id}>{name}</label>
      {kind === "number" ? (
        <input
          id={id}
          type="number"
          step="any"
          value={text}
          aria-describedby={`${id}-range`}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      ) : (
        <select id={id} value={text} onChange={(event) => onText(event.currentTarget.value)}>
          <option value="">missing</option>
          {categories.map((category) => (
            <option key={category} value={category}>
              {category}
            </option>
          ))}
        </select>
      )}
      {kind === "number" && low !== null && high !== null && (
        <span class="note" id={`${id}-range`}>
          {formatNumber(low)} to {formatNumber(high)} in training
        </span>
      )}
    </div>
  );
}

function AnswerOf({ model, answer }: { readonly model: LiftModel; readonly answer: AskedPrediction }) {
  const { prediction, probabilities, interval, prompt, raw, written, valid } = answer;
  return (
    <>
      <p class="prediction">
        {model.target}: <strong>{valid ? prediction : "no answer"}</strong>
        {interval && (
          <span class="note">
            {" "}
            nine tenths of the probability lie from {formatNumber(interval[0] ?? Number.NaN)} to{" "}
            {formatNumber(interval[1] ?? Number.NaN)}
          </span>
        )}
      </p>
      {probabilities && (
        <Bars
          title="Probabilities of the classes"
          most={1}
          bars={model.classes
            .map((name, k) => ({ label: name, value: probabilities[k] ?? 0 }))
            .sort((a, b) => b.value - a.value)
            .slice(0, mostClasses)
            .map((bar) => ({ ...bar, text: `${(100 * bar.value).toFixed(1)}%` }))}
        />
      )}
      <dl class="texts">
        <div>
          <dt>The prompt, as the model reads it</dt>
          <dd>
            <pre tabIndex={0}>
              <code>{prompt}</code>
            </pre>
          </dd>
        </div>
        <div>
          <dt>The text that the prediction was read from</dt>
          <dd>
            <code>{raw}</code>
          </dd>
        </div>
        <div>
          <dt>What the model writes where nothing binds it</dt>
          <dd>
            <code>{written.raw === "" ? "nothing" : written.raw}</code>{" "}
            {!written.valid && <span class="note">which is no answer</span>}
          </dd>
        </div>
      </dl>
    </>
  );
}

/** A row of one's own: its columns as fields, and what the model says of it. */
export function AskRow({
  path,
  model,
  texts,
  asked,
  onTexts,
  onAsk,
}: {
  readonly path: string;
  readonly model: LiftModel;
  readonly texts: RowTexts;
  /** The row that is predicted. */
  readonly asked: RowTexts;
  readonly onTexts: (texts: RowTexts) => void;
  readonly onAsk: () => void;
}) {
  const row = Object.fromEntries(
    model.features.map(({ name, kind }) => {
      const text = asked[name] ?? "";
      return [name, text === "" ? null : kind === "number" ? Number(text) : text];
    }),
  );
  const answer = useAnswer<AskedPrediction>(`${path}/predict`, { row });
  return (
    <section aria-labelledby="ask-row">
      <h2 id="ask-row">Ask it about a row</h2>
      <div class="columns">
        <form
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            onAsk();
          }}
        >
          {model.features.map((feature) => (
            <Field
              key={feature.name}
              feature={feature}
              text={texts[feature.name] ?? ""}
              onText={(text) => onTexts({ ...texts, [feature.name]: text })}
            />
          ))}
          <div class="field">
            <button type="submit">Predict</button>
            <span class="note">An empty field is a missing value.</span>
          </div>
        </form>
        <div class="answer" aria-live="polite" aria-busy={answer.isWorking}>
          {answer.error && <Problem text={answer.error} />}
          {answer.data ? (
            <AnswerOf model={model} answer={answer.data} />
          ) : (
            !answer.error && <p class="wait">Predicting …</p>
          )}
        </div>
      </div>
    </section>
  );
}
