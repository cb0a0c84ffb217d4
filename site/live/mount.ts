import { type ComponentChild, render } from "preact";

/** Puts a live part into its place on the page. */
export function mount(part: ComponentChild): void {
  const place = document.getElementById("live")!;
  place.textContent = "";
  render(part, place);
}
