import { useEffect, useRef } from "preact/hooks";
import { useDark } from "../use-dark.ts";

/** Red, green and blue of a colour of the theme, as `#rrggbb`. */
function themeColor(name: string): number[] {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
}

/** Weights in [0, 1], row by row, as a square of cells: the darker against the page, the heavier. */
export function HeatMap({
  label,
  weights,
  size,
}: {
  readonly label: string;
  readonly weights: Float64Array;
  readonly size: number;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = useDark();
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const [from, to] = [themeColor("--shade"), themeColor("--series-1")];
    const image = context.createImageData(size, size);
    for (let i = 0; i < size * size; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = from[c]! + weights[i]! * (to[c]! - from[c]!);
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }, [weights, size, dark]);
  return <canvas class="live-heat" ref={canvas} width={size} height={size} role="img" aria-label={label} />;
}
