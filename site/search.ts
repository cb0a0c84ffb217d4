/** Finds pages by their headings; the list of them is fetched when the field is first used. @module */

/** A page with its headings: `[id, text]`. */
export interface SearchEntry {
  readonly url: string;
  readonly title: string;
  readonly headings: readonly (readonly [id: string, text: string])[];
}

const most = 12;
const field = document.querySelector<HTMLInputElement>("#search")!;
const found = document.querySelector<HTMLUListElement>("#found")!;
const menu = document.querySelector<HTMLDetailsElement>("#menu")!;
const root = new URL(field.dataset.root!, document.baseURI);
let entries: Promise<readonly SearchEntry[]> | undefined;

/** Whether each of the words begins a word of the text. */
function matches(text: string, words: readonly string[]): boolean {
  const parts = text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return words.every((word) => parts.some((part) => part.startsWith(word)));
}

async function search(): Promise<void> {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  entries ??= fetch(new URL(field.dataset.index!, document.baseURI)).then((response) => response.json());
  const all = words.length === 0 ? [] : await entries;
  const hits = all.flatMap(({ url, title, headings }) => [
    ...(matches(title, words) ? [{ href: url, text: title }] : []),
    ...headings.flatMap(([id, text]) =>
      matches(text, words) ? [{ href: `${url}#${id}`, text: `${title}: ${text}` }] : [],
    ),
  ]);
  found.replaceChildren(
    ...hits.slice(0, most).map(({ href, text }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = new URL(href, root).href;
      link.textContent = text;
      item.append(link);
      return item;
    }),
  );
  if (words.length > 0 && hits.length === 0) {
    const item = document.createElement("li");
    item.textContent = "No heading has these words.";
    found.append(item);
  }
}

field.addEventListener("input", search);
// On wide screens the menu is always there.
const wide = matchMedia("(min-width: 861px)");
const follow = () => {
  menu.open = wide.matches;
};
wide.addEventListener("change", follow);
follow();
