import { useEffect, useRef } from "preact/hooks";
import { useDark } from "../use-dark.ts";

/** A colour as the page has it: a custom property of the theme. */
export type ThemeColor = `--${string}`;

/** The red, green and blue of a theme's colour. */
function rgb(name: ThemeColor): [number, number, number] {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const value = Number.parseInt(text.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/**
 * A picture of places: `height` rows of `width`, each between two colours of the theme.
 *
 * @param at - the colour of a place, and how much of it there is over the paper, 0 to 1
 * @param flip - whether the first row is at the bottom
 */
export function Pixels({
  title,
  width,
  height,
  at,
  flip = false,
}: {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly at: (row: number, column: number) => { readonly color: ThemeColor; readonly share: number };
  readonly flip?: boolean;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = useDark();
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const picture = context.createImageData(width, height);
    const paper = rgb("--paper");
    const known = new Map<ThemeColor, [number, number, number]>();
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const { color, share } = at(row, column);
        const own = known.get(color) ?? rgb(color);
        known.set(color, own);
        const place = 4 * ((flip ? height - 1 - row : row) * width + column);
        for (let channel = 0; channel < 3; channel++) {
          picture.data[place + channel] = paper[channel]! + share * (own[channel]! - paper[channel]!);
        }
        picture.data[place + 3] = 255;
      }
    }
    context.putImageData(picture, 0, 0);
  }, [width, height, at, flip, dark]);
  return <canvas ref={canvas} class="pixels" width={width} height={height} role="img" aria-label={title} />;
}
