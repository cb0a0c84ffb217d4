import type { RunDetail } from "../api.ts";
import { runPage } from "../api.ts";
import { Bars } from "../charts/bars.tsx";
import { formatBytes, formatNumber } from "../format.ts";
import { Table } from "../table.tsx";
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

/** The folder of a choice: `lora:4` in `lora-4`. */
const folderOf = (choice: string) => choice.replace(":", "-");

/** What each choice of what to train reached, beside the share of the network that it trained. */
function Choices({ id }: { readonly id: string }) {
  const { data } = useData<{ rows: Choice[] }>(`/api/norm/${encodeURIComponent(id)}/choices`);
  if (!data || data.rows.length === 0) return null;
  const rows = [...data.rows].sort((a, b) => a.trained - b.trained);
  const family = id.split("/").slice(0, -1);
  const isShown = (choice: string) => id === [...family, folderOf(choice)].join("/");
  return (
    <section aria-labelledby="choices">
      <h2 id="choices">What was trained, and what came of it</h2>
      <Table
        label="Table: what was trained"
        rows={rows}
        keyOf={({ choice }) => choice}
        isCurrent={({ choice }) => isShown(choice)}
        columns={[
          {
            header: "trained",
            value: ({ choice }) => <a href={runPage([...family, folderOf(choice)].join("/"))}>{choice}</a>,
          },
          { header: "parameters", isNumber: true, value: ({ trained }) => formatNumber(trained) },
          {
            header: "of all",
            isNumber: true,
            value: ({ trained, parameters }) => `${((100 * trained) / parameters).toFixed(2)}%`,
          },
          {
            header: "accuracy",
            isNumber: true,
            value: ({ accuracy }) => (typeof accuracy === "number" ? `${(100 * accuracy).toFixed(1)}%` : "–"),
          },
          { header: "loss", isNumber: true, value: ({ loss }) => formatNumber(loss) },
          { header: "difference", isNumber: true, value: ({ differenceBytes }) => formatBytes(differenceBytes) },
        ]}
      />
      {rows.every(({ accuracy }) => typeof accuracy === "number") && (
        <Bars
          title="Accuracy by what was trained"
          most={1}
          bars={rows.map(({ choice, accuracy }) => ({
            label: choice,
            value: accuracy!,
            text: `${(100 * accuracy!).toFixed(1)}%`,
            isMarked: isShown(choice),
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
      <Table
        label="Table: layers"
        rows={residuals.map((residual, l) => ({ l, residual }))}
        keyOf={({ l }) => l}
        columns={[
          { header: "layer of the target", value: ({ l }) => l + 1 },
          { header: "weights", isNumber: true, value: ({ l }) => formatNumber(widths[2 * l]! * widths[2 * l + 2]!) },
          { header: "frozen neurons", isNumber: true, value: ({ l }) => formatNumber(widths[2 * l + 1]!) },
          {
            header: "condition",
            isNumber: true,
            value: ({ l }) => (conditions[l] === null ? "–" : formatNumber(conditions[l]!, 3)),
          },
          { header: "residual", isNumber: true, value: ({ residual }) => formatNumber(residual, 3) },
        ]}
      />
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
