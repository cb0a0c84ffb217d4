/** Drawings by Observable Plot, without a browser. @module */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** A drawing for wide pages and one for phones, of which the style sheet shows one: text keeps its size in both. */
export const sizes = [
  { name: "wide", width: 520, height: 310, xTicks: 7, yTicks: 6 },
  { name: "narrow", width: 340, height: 250, xTicks: 5, yTicks: 5 },
] as const;

/** One of {@link sizes}. */
export type Size = (typeof sizes)[number];

/** An SVG element, with coordinates of two decimals and colours left to the page. */
export function draw(options: Plot.PlotOptions): Element {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({ className: "plot", ...options, document });
  for (const style of [...svg.querySelectorAll("style")]) style.remove();
  for (const element of [...svg.querySelectorAll("*")]) {
    // The drawing has one name, for all of it: what Plot calls its parts stays for style and tests only.
    const part = element.getAttribute("aria-label");
    if (part) element.setAttribute("data-part", part);
    element.removeAttribute("aria-label");
    for (const name of ["d", "transform", "x", "y", "x1", "x2", "y1", "y2"]) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, value.replace(/(\.\d\d)\d+/g, "$1"));
    }
  }
  return svg;
}
