import type { RunDetail } from "../api.ts";
import { Bars } from "../charts/bars.tsx";
import { Pixels } from "../charts/pixels.tsx";
import { formatNumber } from "../format.ts";
import { useData } from "../use-data.ts";
import { Errors } from "./errors.tsx";

interface MaskLayer {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly kept: number;
  readonly picture: { readonly height: number; readonly width: number; readonly shares: readonly number[] };
}

/** A layer's mask: dark where weights are kept. */
function Mask({ layer: { name, rows, columns, kept, picture } }: { readonly layer: MaskLayer }) {
  const { width, height, shares } = picture;
  const share = kept / (rows * columns);
  const densest = shares.reduce((a, b) => Math.max(a, b), 0) || 1;
  const blocks = width < columns || height < rows;
  return (
    <figure class="mask">
      <Pixels
        title={`Mask of ${name}: ${kept} of ${rows * columns} weights kept`}
        width={width}
        height={height}
        at={(row, column) => ({ color: "--ink", share: shares[row * width + column]! / densest })}
      />
      <figcaption>
        {name}, {rows} × {columns}: {formatNumber(kept)} kept, {(100 * share).toPrecision(3)}%
        {blocks && densest < 1 && `; darkest ${(100 * densest).toPrecision(3)}% of a block`}
      </figcaption>
    </figure>
  );
}

function Masks({ id }: { readonly id: string }) {
  const { data, error } = useData<{ layers: MaskLayer[] }>(`/api/subnet/${encodeURIComponent(id)}/masks`);
  if (error) return <p class="note">The mask cannot be shown yet: {error}</p>;
  if (!data) return <p class="wait">Reading the mask …</p>;
  return (
    <section aria-labelledby="masks">
      <h2 id="masks">What is kept of the random network</h2>
      <div class="masks">
        {data.layers.map((layer) => (
          <Mask key={layer.name} layer={layer} />
        ))}
      </div>
    </section>
  );
}

/** Accuracies that a mask which knows something does not reach by chance. */
interface Sanity {
  readonly chance: number;
  readonly shuffled: readonly number[];
  readonly reinitialized: readonly number[];
  readonly inverted: number;
}

/** Whether the mask knows anything: what is left where it is shuffled, inverted, or laid over other weights. */
function Checks({ report }: { readonly report: RunDetail["report"] }) {
  const sanity = report.sanity as Sanity | undefined;
  if (!sanity || typeof report.accuracy !== "number") return null;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const rows = [
    ["the mask", report.accuracy],
    [`the mask shuffled (mean of ${sanity.shuffled.length})`, mean(sanity.shuffled)],
    [`other weights under it (mean of ${sanity.reinitialized.length})`, mean(sanity.reinitialized)],
    ["the mask inverted", sanity.inverted],
    ["the most frequent class", sanity.chance],
  ] as const;
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">Is it the mask that knows?</h2>
      <Bars
        title="Accuracy"
        most={1}
        bars={rows.map(([name, value], i) => ({
          label: name,
          value,
          text: `${(100 * value).toFixed(1)}%`,
          isMarked: i === 0,
        }))}
      />
    </section>
  );
}

function Certificate({ record }: { readonly record: RunDetail["record"] }) {
  const text = (key: string) => formatNumber(Number(record[key]));
  return (
    <section aria-labelledby="certificate">
      <h2 id="certificate">Certificate</h2>
      <p>
        On <code>{String(record.domain)}</code> the masked network of ±1 stays within{" "}
        <strong>{text("errorBound")}</strong> of its target (asked for: {text("eps")}); measured over {text("inputs")}{" "}
        inputs, within <strong>{text("measuredError")}</strong>. {text("keptEdges")} edges of a network of{" "}
        {text("virtualEdges")} are kept, depth {text("depth")}, width {text("width")}; seed {text("seed")} gives all its
        signs.
      </p>
    </section>
  );
}

/** A network found in a random one. */
export default function SubnetPanel({ run }: { readonly run: RunDetail }) {
  const { id, state } = run.summary;
  return (
    <>
      {"errorBound" in run.record && <Certificate record={run.record} />}
      <Checks report={run.report} />
      {state === "finished" && <Masks id={id} />}
      <Errors id={id} />
    </>
  );
}
