import { useWidth } from "../../use-width.ts";
import { type PlacedWord, sideColors, type WordSide } from "./answers.ts";

/** A rectangle in the picture. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const margin = 22;
const letterWidth = 7.2;
const lineHeight = 15;

/** A label's place, and which of its ends is at its point. */
interface Label extends Box {
  readonly x: number;
  readonly anchor: "start" | "middle" | "end";
}

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Where a label stands beside its point, so that it covers no other point or label where that can be. */
function placeLabels(
  points: readonly { x: number; y: number; word: string }[],
  width: number,
  height: number,
): Label[] {
  const dots = points.map(({ x, y }): Box => ({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 }));
  const placed: Label[] = [];
  for (const { x, y, word } of points) {
    const long = word.length * letterWidth;
    const at = (anchor: Label["anchor"], from: number, top: number): Label => {
      const left = from - (anchor === "start" ? 0 : anchor === "end" ? long : long / 2);
      return { anchor, x: from, left, top, right: left + long, bottom: top + lineHeight };
    };
    const choices = [
      at("start", x + 9, y - lineHeight / 2),
      at("end", x - 9, y - lineHeight / 2),
      at("middle", x, y - 7 - lineHeight),
      at("middle", x, y + 7),
      at("start", x + 6, y - 4 - lineHeight),
      at("start", x + 6, y + 4),
      at("end", x - 6, y - 4 - lineHeight),
      at("end", x - 6, y + 4),
    ];
    const isInside = (box: Box) => box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height;
    const cost = (box: Box) =>
      (isInside(box) ? 0 : 100) +
      placed.filter((other) => overlap(box, other)).length * 10 +
      dots.filter((dot) => overlap(box, dot)).length;
    placed.push(choices.reduce((best, box) => (cost(box) < cost(best) ? box : best)));
  }
  return placed;
}

/** The words around a word on the plane along which they differ most. */
export function WordPicture({
  word,
  picture,
  explained,
}: Pick<WordSide, "picture" | "explained"> & { readonly word: string }) {
  const [place, width] = useWidth<HTMLElement>(420);
  const height = Math.round(Math.min(420, Math.max(300, 0.7 * width)));
  const spans = (["x", "y"] as const).map((axis) => {
    const values = picture.map((one) => one[axis]);
    return { low: Math.min(...values), high: Math.max(...values) };
  });
  // One scale for both directions: distances are what the picture is about.
  const scale = Math.min(
    (width - 2 * margin - 60) / (spans[0]!.high - spans[0]!.low || 1),
    (height - 2 * margin) / (spans[1]!.high - spans[1]!.low || 1),
  );
  const middle = spans.map(({ low, high }) => (low + high) / 2);
  const points = picture.map((one) => ({
    ...one,
    x: width / 2 + scale * (one.x - middle[0]!),
    y: height / 2 - scale * (one.y - middle[1]!),
  }));
  const labels = placeLabels(points, width, height);
  const color = (one: PlacedWord) => `var(--series-${sideColors[one.side]})`;
  const named = (role: PlacedWord["role"]) =>
    picture
      .filter((one) => one.role === role)
      .map((one) => one.word)
      .join(", ");
  return (
    <figure class="word-picture" ref={place}>
      <svg
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${word} on a plane with its translations ${named("translation")} and the neighbours ${named("neighbour")}.`}
      >
        {points.map((one, i) => {
          const isItself = one.role === "itself";
          const size = isItself ? 6 : 4;
          const label = labels[i]!;
          return (
            <g key={`${one.side} ${one.word}`}>
              {one.side === "source" ? (
                <circle cx={one.x} cy={one.y} r={size} fill={color(one)} />
              ) : (
                <rect x={one.x - size} y={one.y - size} width={2 * size} height={2 * size} fill={color(one)} />
              )}
              <text
                x={label.x}
                y={label.top + 12}
                text-anchor={label.anchor}
                fill="var(--ink)"
                font-weight={isItself ? 700 : 400}
              >
                {one.word}
              </text>
            </g>
          );
        })}
      </svg>
      <figcaption>
        <span class="source-mark" aria-hidden="true" /> source language <span class="target-mark" aria-hidden="true" />{" "}
        target language. The plane along which these words differ most; it has {(100 * explained).toFixed(0)}% of their
        variance.
      </figcaption>
    </figure>
  );
}
