import { Bars } from "../../charts/bars.tsx";
import { LineChart } from "../../charts/line-chart.tsx";
import { formatNumber } from "../../format.ts";
import type { Overview } from "./answers.ts";

/** What run.json says of how the alignment went, as far as it is shown. */
export interface AlignmentRecord {
  readonly start: string;
  readonly choice: {
    readonly iterations: number;
    readonly heldOut: "images" | "words" | "nothing";
    readonly judged: number;
    readonly trial: readonly { iteration: number; pairs: number; agreement: number; agreementMrr: number }[];
  };
  readonly diagnosis: {
    readonly mutualRate: number;
    readonly hubness: number;
    readonly startPairs: number;
    readonly finalPairs: number;
    readonly dim: number;
    readonly agreement: number | null;
    readonly warnings: readonly string[];
  };
}

const percent = (value: number) => `${(100 * value).toFixed(1)}%`;

/** What can be said of the dictionary without a right one. */
export function Diagnosis({ record, overview }: { readonly record: AlignmentRecord; readonly overview: Overview }) {
  const { choice, diagnosis, start } = record;
  const { startPairs, finalPairs, dim, warnings } = diagnosis;
  const iterations = choice.trial.map(({ iteration }) => iteration);
  const held = choice.heldOut === "images" ? "by images that were held out" : "of pairs that were held out";
  const facts: [string, string][] = [
    ["Mutual translations", `${percent(diagnosis.mutualRate)} of the source words`],
    [
      "Agreement",
      diagnosis.agreement === null
        ? "not measured: nothing was held out"
        : `${percent(diagnosis.agreement)} of ${formatNumber(choice.judged)} words ${held}`,
    ],
    ["Hubness", `${formatNumber(diagnosis.hubness, 3)} (0 where all words are alike)`],
    [
      "Vocabularies",
      `${formatNumber(overview.sourceWords)} source and ${formatNumber(overview.targetWords)} target words`,
    ],
    ["Start", start],
  ];
  return (
    <section aria-labelledby="diagnosis">
      <h2 id="diagnosis">How far to trust it</h2>
      {warnings.length > 0 && (
        <ul class="warnings">
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <dl class="facts">
        {facts.map(([term, fact]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
      </dl>
      <div class="columns">
        {iterations.length > 1 ? (
          <div>
            <LineChart
              title="Agreement with what was held out"
              xLabel="iteration"
              lines={[
                { name: "found first", x: iterations, y: choice.trial.map(({ agreement }) => agreement), points: true },
                {
                  name: "mean reciprocal rank",
                  x: iterations,
                  y: choice.trial.map(({ agreementMrr }) => agreementMrr),
                  points: true,
                },
              ]}
            />
            <p class="note">
              Iteration {choice.iterations} agreed best; the map was then fitted again with everything, that often.
            </p>
          </div>
        ) : (
          <p>There is no curve of the agreement: nothing was held out to choose by.</p>
        )}
        <div>
          <h3>Pairs against dimensions</h3>
          <p class="note">A map of {formatNumber(dim)} dimensions wants at least twice as many pairs to start from.</p>
          <Bars
            title="Pairs against dimensions"
            bars={[
              { label: "pairs to start from", value: startPairs, text: formatNumber(startPairs) },
              { label: "pairs in the end", value: finalPairs, text: formatNumber(finalPairs) },
              { label: "twice the dimensions", value: 2 * dim, text: formatNumber(2 * dim), isMarked: true },
            ]}
          />
          <h3 class="next">Largest hubs</h3>
          <p class="note">Target words that are the best translation of several source words.</p>
          <section class="scroll" aria-label="Largest hubs" tabIndex={0}>
            <table class="hubs">
              <thead>
                <tr>
                  <th scope="col">target word</th>
                  <th scope="col" class="number">
                    best of
                  </th>
                  <th scope="col">source words</th>
                </tr>
              </thead>
              <tbody>
                {overview.hubs.map(({ word, count, bestOf }) => (
                  <tr key={word}>
                    <th scope="row">{word}</th>
                    <td class="number">{formatNumber(count)}</td>
                    <td>
                      {bestOf.join(", ")}
                      {bestOf.length < count && " …"}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </div>
      </div>
    </section>
  );
}
