/** Text that is HTML already and is not escaped again. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeText(value: string | number): string {
  return String(value).replace(/[&<>"']/g, (character) => entities[character]!);
}

/** A template whose values are escaped, save those that are {@link Html}; a list is joined, null is nothing. */
export function html(
  parts: TemplateStringsArray,
  ...values: (string | number | Html | null | readonly Html[])[]
): Html {
  const shown = values.map((value) => {
    if (value === null) return "";
    if (typeof value === "string" || typeof value === "number") return escapeText(value);
    return value instanceof Html ? value.toString() : value.join("");
  });
  return new Html(String.raw({ raw: parts }, ...shown));
}

/** Prose with powers raised: `1/(n K^3)` and `10^-7`. */
export function prose(text: string): Html {
  const parts = text.split(/\^(-?\w+)/);
  return html`${parts.map((part, i) => (i % 2 === 1 ? html`<sup>${part.replace("-", "−")}</sup>` : html`${part}`))}`;
}
