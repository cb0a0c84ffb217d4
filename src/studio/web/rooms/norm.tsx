import type { RunDetail } from "../api.ts";
import { runPage } from "../api.ts";
import { Bars } from "../charts/bars.tsx";
import { formatBytes, formatNumber } from "../format.ts";
import { useData } from "../use-data.ts";
import { Errors } from "./errors.tsx";

interface Choice {
  readonly choice: string;
  readonly trained: number;
  readonly parameters: number;
  readonly accuracy?: number | null;
  readonly loss: number;
  readonly differenceBytes: number;
}

/** What each choice of what to train reached, beside the share of the network that it trained. */
function Choices({ id }: { readonly id: string }) {
  const { data } = useData<{ rows: Choice[] }>(`/api/norm/${encodeURIComponent(id)}/choices`);
  if (!data || data.rows.length === 0) return null;
  const rows = [...data.rows].sort((a, b) => a.trained - b.trained);
  const family = id.split("/").slice(0, -1);
  return (
    <section aria-labelledby="choices">
      <h2 id="choices">What was trained, and what came of it</h2>
      <section class="scroll" aria-label="Table: what was trained" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">trained</th>
              <th scope="col" class="number">
                parameters
              </th>
              <th scope="col" class="number">
                of all
              </th>
              <th scope="col" class="number">
                accuracy
              </th>
              <th scope="col" class="number">
                loss
              </th>
              <th scope="col" class="number">
                difference
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.choice} aria-current={id.endsWith(`/${row.choice}`) ? "true" : undefined}>
                <th scope="row">
                  <a href={runPage([...family, row.choice.replace(":", "-")].join("/"))}>{row.choice}</a>
                </th>
                <td class="number">{formatNumber(row.trained)}</td>
                <td class="number">{((100 * row.trained) / row.parameters).toFixed(2)}%</td>
                <td class="number">{typeof row.accuracy === "number" ? `${(100 * row.accuracy).toFixed(1)}%` : "–"}</td>
                <td class="number">{formatNumber(row.loss)}</td>
                <td class="number">{formatBytes(row.differenceBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.every(({ accuracy }) => typeof accuracy === "number") && (
        <Bars
          title="Accuracy by what was trained"
          most={1}
          bars={rows.map(({ choice, accuracy }) => ({
            label: choice,
            value: accuracy!,
            text: `${(100 * accuracy!).toFixed(1)}%`,
            isMarked: id.endsWith(`/${choice.replace(":", "-")}`),
          }))}
        />
      )}
    </section>
  );
}

/** What a target's reconstruction is certain of, and what was measured of it. */
function Certificate({ run: { record } }: { readonly run: RunDetail }) {
  const widths = record.widths as number[];
  const conditions = record.conditionNumbers as (number | null)[];
  const residuals = record.residuals as number[];
  const [bound, measured] = [Number(record.errorBound), Number(record.measuredError)];
  return (
    <section aria-labelledby="certificate">
      <h2 id="certificate">Certificate</h2>
      <p>
        On the domain <code>{String(record.domain)}</code> the rebuilt network is certain to stay within{" "}
        <strong>{formatNumber(bound)}</strong> of its target; measured over {formatNumber(Number(record.samples))}{" "}
        inputs it stays within <strong>{formatNumber(measured)}</strong>, with outputs up to{" "}
        {formatNumber(Number(record.outputScale))}. {formatNumber(Number(record.trainedParameters))} norm parameters
        were solved for; {formatNumber(Number(record.frozenParameters))} random weights stayed as they were drawn.
      </p>
      <section class="scroll" aria-label="Table: layers" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">layer of the target</th>
              <th scope="col" class="number">
                weights
              </th>
              <th scope="col" class="number">
                frozen neurons
              </th>
              <th scope="col" class="number">
                condition
              </th>
              <th scope="col" class="number">
                residual
              </th>
            </tr>
          </thead>
          <tbody>
            {residuals.map((residual, l) => (
              <tr key={l}>
                <th scope="row">{l + 1}</th>
                <td class="number">{formatNumber(widths[2 * l]! * widths[2 * l + 2]!)}</td>
                <td class="number">{formatNumber(widths[2 * l + 1]!)}</td>
                <td class="number">{conditions[l] === null ? "–" : formatNumber(conditions[l]!, 3)}</td>
                <td class="number">{formatNumber(residual, 3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

/** A run of norm tuning. */
export default function NormPanel({ run }: { readonly run: RunDetail }) {
  if (!("errorBound" in run.record)) return <Choices id={run.summary.id} />;
  return (
    <>
      <Certificate run={run} />
      <Errors id={run.summary.id} />
    </>
  );
}
