import { formatNumber } from "../format.ts";
import type { Contours, OrderPath } from "./order-path.ts";

const side = 220;
/** Points nearer to the last one drawn are left out, pixels. */
const nearest = 0.4;

/** A path over the contour lines of the mean, around the optimum in the middle. */
export function PathPlot({
  path: { name, points, distance },
  contours,
  reach,
  color,
  epochs,
}: {
  readonly path: OrderPath;
  readonly contours: Contours;
  /** What the drawing shows on each side of the optimum. */
  readonly reach: number;
  readonly color: number;
  readonly epochs: number;
}) {
  const scale = side / 2 / reach;
  const place = ([x, y]: readonly [number, number]) => [side / 2 + x * scale, side / 2 - y * scale] as const;
  const line: string[] = [];
  let [lastX, lastY] = [Number.NaN, Number.NaN];
  for (const point of points) {
    const [x, y] = place(point);
    if (Math.hypot(x - lastX, y - lastY) < nearest) continue;
    line.push(`${x.toFixed(1)},${y.toFixed(1)}`);
    [lastX, lastY] = [x, y];
  }
  const [startX, startY] = place(points[0]!);
  const [endX, endY] = place(points.at(-1)!);
  const told = `${name}: ends at distance ${formatNumber(distance, 3)} from the optimum after ${epochs} epochs`;
  return (
    <figure class="live-path">
      <svg viewBox={`0 0 ${side} ${side}`} role="img" aria-label={`Path of ${told}.`}>
        {[0.25, 0.5, 0.75, 1, 1.25].map((level) => (
          <ellipse
            key={level}
            cx={side / 2}
            cy={side / 2}
            rx={(level * side) / 2}
            ry={(level * side) / 2 / contours.ratio}
            transform={`rotate(${(-contours.angle * 180) / Math.PI} ${side / 2} ${side / 2})`}
          />
        ))}
        <polyline points={line.join(" ")} style={{ stroke: `var(--series-${color})` }} />
        <circle class="start" cx={startX} cy={startY} r={3.5} />
        <path class="optimum" d={`M${side / 2 - 5} ${side / 2}h10M${side / 2} ${side / 2 - 5}v10`} />
        <circle cx={endX} cy={endY} r={3.5} style={{ fill: `var(--series-${color})` }} />
      </svg>
      <figcaption>
        <strong>{name}</strong> ends at distance {formatNumber(distance, 3)}
      </figcaption>
    </figure>
  );
}
