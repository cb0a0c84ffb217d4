import { useState } from "preact/hooks";
import { formatNumber } from "../../format.ts";
import { Problem } from "../../problem.tsx";
import { useAnswer } from "../../use-answer.ts";
import { useWidth } from "../../use-width.ts";
import { type Boundary, classColor, type LiftModel } from "./answers.ts";

const margin = { left: 60, bottom: 44, top: 10, right: 14 };

/** A mark of a class: colour alone does not tell classes apart. */
function Mark({ k, x, y }: { readonly k: number; readonly x: number; readonly y: number }) {
  const look = { fill: classColor(k), stroke: "var(--paper)", "stroke-width": 1 };
  switch (k % 4) {
    case 0:
      return <circle cx={x} cy={y} r={4} {...look} />;
    case 1:
      return <rect x={x - 3.7} y={y - 3.7} width={7.4} height={7.4} {...look} />;
    case 2:
      return <path d={`M ${x} ${y - 4.8} L ${x + 4.6} ${y + 3.6} L ${x - 4.6} ${y + 3.6} Z`} {...look} />;
    default:
      return <path d={`M ${x} ${y - 5.2} L ${x + 5.2} ${y} L ${x} ${y + 5.2} L ${x - 5.2} ${y} Z`} {...look} />;
  }
}

function Picture({
  model,
  boundary,
  x,
  y,
}: {
  readonly model: LiftModel;
  readonly boundary: Boundary;
  readonly x: string;
  readonly y: string;
}) {
  const [place, width] = useWidth<HTMLDivElement>(420);
  const { xs, ys, classes, points } = boundary;
  const innerWidth = Math.min(620, width) - margin.left - margin.right;
  const innerHeight = Math.round(0.75 * innerWidth);
  const [left, right] = [xs[0] ?? 0, xs.at(-1) ?? 0];
  const [bottom, top] = [ys[0] ?? 0, ys.at(-1) ?? 0];
  // A cell is around its point, so that the outermost ones reach half a cell beyond the range.
  const cellWidth = innerWidth / xs.length;
  const cellHeight = innerHeight / ys.length;
  const px = (value: number) =>
    margin.left + cellWidth / 2 + (innerWidth - cellWidth) * ((value - left) / (right - left || 1));
  const py = (value: number) =>
    margin.top + innerHeight - cellHeight / 2 - (innerHeight - cellHeight) * ((value - bottom) / (top - bottom || 1));
  const ticks = (low: number, high: number) => Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4);
  const cells = classes.flat();
  const shares = model.classes
    .map((name, k) => ({ name, share: cells.filter((own) => own === k).length / (cells.length || 1) }))
    .filter(({ share }) => share > 0)
    .map(({ name, share }) => `${name} ${(100 * share).toFixed(0)}%`);
  return (
    <div ref={place}>
      <svg
        class="decision-map"
        width={margin.left + innerWidth + margin.right}
        height={margin.top + innerHeight + margin.bottom}
        role="img"
        aria-label={`Predicted ${model.target} over ${x} from ${formatNumber(left)} to ${formatNumber(right)} and ${y} from ${formatNumber(bottom)} to ${formatNumber(top)}: ${shares.join(", ")} of the area.`}
      >
        <g opacity={0.32}>
          {classes.map((row, iy) =>
            row.map((k, ix) => (
              <rect
                key={`${ix} ${iy}`}
                x={margin.left + ix * cellWidth}
                y={margin.top + innerHeight - (iy + 1) * cellHeight}
                width={cellWidth + 0.5}
                height={cellHeight + 0.5}
                fill={classColor(k)}
              />
            )),
          )}
        </g>
        {points.map((point, i) => (
          <Mark key={i} k={point.class} x={px(point.x)} y={py(point.y)} />
        ))}
        {ticks(left, right).map((tick) => (
          <text key={tick} x={px(tick)} y={margin.top + innerHeight + 18} text-anchor="middle">
            {formatNumber(tick, 3)}
          </text>
        ))}
        {ticks(bottom, top).map((tick) => (
          <text key={tick} x={margin.left - 8} y={py(tick) + 4} text-anchor="end">
            {formatNumber(tick, 3)}
          </text>
        ))}
        <text x={margin.left + innerWidth / 2} y={margin.top + innerHeight + 38} text-anchor="middle">
          {x}
        </text>
        <text
          x={14}
          y={margin.top + innerHeight / 2}
          text-anchor="middle"
          transform={`rotate(-90 14 ${margin.top + innerHeight / 2})`}
        >
          {y}
        </text>
      </svg>
      <ul class="class-names" aria-label="Classes">
        {model.classes.map((name, k) => (
          <li key={name}>
            <svg width="14" height="14" aria-hidden="true">
              <Mark k={k} x={7} y={7} />
            </svg>{" "}
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Column({
  label,
  names,
  value,
  onChoose,
}: {
  readonly label: string;
  readonly names: readonly string[];
  readonly value: string;
  readonly onChoose: (name: string) => void;
}) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Where the predicted class changes, over two columns of numbers. */
export function DecisionMap({
  path,
  model,
  isSmall,
}: {
  readonly path: string;
  readonly model: LiftModel;
  /** Whether the map is drawn unasked: a large model takes long. */
  readonly isSmall: boolean;
}) {
  const names = model.features.filter(({ kind }) => kind === "number").map(({ name }) => name);
  const [x, setX] = useState(names.at(-2) ?? "");
  const [y, setY] = useState(names.at(-1) ?? "");
  const [size, setSize] = useState(20);
  const [isAsked, setAsked] = useState(isSmall);
  const { data, error, isWorking } = useAnswer<Boundary>(`${path}/boundary`, isAsked ? { x, y, size } : null);
  return (
    <section aria-labelledby="decision-map">
      <h2 id="decision-map">Where its prediction changes</h2>
      <div class="tools">
        <Column label="Along" names={names.filter((name) => name !== y)} value={x} onChoose={setX} />
        <Column label="Up" names={names.filter((name) => name !== x)} value={y} onChoose={setY} />
        <label>
          Grid
          <select value={size} onChange={(event) => setSize(Number(event.currentTarget.value))}>
            {[10, 20, 40].map((count) => (
              <option key={count} value={count}>
                {count} by {count}
              </option>
            ))}
          </select>
        </label>
        {!isAsked && (
          <button type="button" onClick={() => setAsked(true)}>
            Draw the map
          </button>
        )}
        <span class="count" role="status">
          {isWorking ? `predicting ${size * size} rows …` : ""}
        </span>
      </div>
      <div aria-live="polite" aria-busy={isWorking}>
        {error && <Problem text={error} />}
        {data && <Picture model={model} boundary={data} x={x} y={y} />}
      </div>
      <p class="note">
        The fields are what the model predicts
        {model.features.length > 2 && ", with all other columns at their mean or most frequent text"}; the marks are
        rows that it learned
        {data && data.points.length < data.rows && `, the first ${formatNumber(data.points.length)}`}, with their right
        classes. Such rows may have other values elsewhere than the fields have.
      </p>
    </section>
  );
}
