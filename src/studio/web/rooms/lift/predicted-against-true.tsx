import { formatNumber } from "../../format.ts";
import { useWidth } from "../../use-width.ts";
import type { PredictedRow } from "./answers.ts";

const margin = { left: 56, bottom: 40, top: 8, right: 12 };

/** Numbers predicted against the right ones; on the line they agree. */
export function PredictedAgainstTrue({
  target,
  rows,
}: {
  readonly target: string;
  readonly rows: readonly PredictedRow[];
}) {
  const [place, width] = useWidth<HTMLElement>(420);
  const size = Math.min(440, width);
  const pairs = rows.flatMap(({ answer, prediction }) =>
    typeof answer === "number" && typeof prediction === "number" ? [{ answer, prediction }] : [],
  );
  const all = pairs.flatMap(({ answer, prediction }) => [answer, prediction]);
  const low = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const inner = size - margin.left - margin.right;
  const share = (value: number) => (value - low) / (high - low || 1);
  const x = (value: number) => margin.left + inner * share(value);
  const y = (value: number) => margin.top + inner * (1 - share(value));
  const ticks = Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4);
  const error = pairs.reduce((sum, one) => sum + Math.abs(one.answer - one.prediction), 0) / (pairs.length || 1);
  return (
    <figure class="scatter" ref={place}>
      <figcaption>
        <h3>Predicted against true {target}</h3>
      </figcaption>
      {pairs.length > 0 && (
        <svg
          width={size}
          height={margin.top + inner + margin.bottom}
          role="img"
          aria-label={`Predicted against true ${target} of ${pairs.length} rows, from ${formatNumber(low)} to ${formatNumber(high)}; mean absolute error ${formatNumber(error, 3)}.`}
        >
          {ticks.map((tick) => (
            <g key={tick}>
              <line class="grid" x1={x(tick)} x2={x(tick)} y1={y(low)} y2={y(high)} />
              <line class="grid" x1={x(low)} x2={x(high)} y1={y(tick)} y2={y(tick)} />
              <text x={x(tick)} y={y(low) + 18} text-anchor="middle">
                {formatNumber(tick, 3)}
              </text>
              <text x={margin.left - 8} y={y(tick) + 4} text-anchor="end">
                {formatNumber(tick, 3)}
              </text>
            </g>
          ))}
          <line class="agreement" x1={x(low)} y1={y(low)} x2={x(high)} y2={y(high)} />
          {pairs.map((pair, i) => (
            <circle key={i} cx={x(pair.answer)} cy={y(pair.prediction)} r={3.5} />
          ))}
          <text x={margin.left + inner / 2} y={y(low) + 36} text-anchor="middle">
            true
          </text>
          <text
            x={14}
            y={margin.top + inner / 2}
            text-anchor="middle"
            transform={`rotate(-90 14 ${margin.top + inner / 2})`}
          >
            predicted
          </text>
        </svg>
      )}
      <p class="note">On the dashed line they agree. Mean absolute error: {formatNumber(error, 3)}.</p>
    </figure>
  );
}
