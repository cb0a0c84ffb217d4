import { Bars } from "../charts/bars.tsx";
import { formatNumber } from "../format.ts";
import { useData } from "../use-data.ts";

interface MeasuredErrors {
  readonly inputs: number;
  readonly zeros: number;
  readonly bins: readonly { from: number; to: number; count: number }[];
}

/** How the errors that were measured are spread over orders of magnitude. */
export function Errors({ id }: { readonly id: string }) {
  const { data } = useData<MeasuredErrors>(`/api/certificates/${encodeURIComponent(id)}/errors`);
  if (!data || data.inputs === 0) return null;
  const bars = data.bins.map(({ from, to, count }) => ({
    label: `${formatNumber(from, 2)} to ${formatNumber(to, 2)}`,
    value: count,
    text: count.toLocaleString("en-US"),
  }));
  const none = { label: "exactly 0", value: data.zeros, text: data.zeros.toLocaleString("en-US") };
  return (
    <section aria-labelledby="errors">
      <h2 id="errors">Errors of {data.inputs.toLocaleString("en-US")} inputs</h2>
      <Bars title="Inputs by their error" bars={data.zeros > 0 ? [none, ...bars] : bars} />
    </section>
  );
}
