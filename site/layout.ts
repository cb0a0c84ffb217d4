/** The frame of every page: side bar, text, the pages before and after. @module */
import { posix } from "node:path";
import { escapeHtml } from "./markdown.ts";

/** A page in the side bar. */
export interface MenuPage {
  readonly url: string;
  readonly title: string;
  /** What the side bar calls it; default the title. */
  readonly name?: string;
}

/** A heading of the side bar and its pages. */
export interface MenuSection {
  readonly title: string;
  readonly pages: readonly MenuPage[];
}

/** What {@link layout} puts into the frame. */
export interface Page extends MenuPage {
  readonly body: string;
  /** Scripts of the page, from the root of the site. */
  readonly scripts?: readonly string[];
  readonly styles?: readonly string[];
  readonly description?: string;
  /** Takes the whole width. */
  readonly isWide?: boolean;
}

/** The address of `to` as seen from the page `from`; both are paths from the root of the site. */
export function relativeUrl(from: string, to: string): string {
  const [path, anchor] = to.split("#") as [string, string | undefined];
  const url = path === from ? "" : posix.relative(posix.dirname(from), path) || "./";
  const folder = path.endsWith("/") && !url.endsWith("/") ? `${url}/` : url;
  return anchor === undefined ? folder : `${folder}#${anchor}`;
}

/** A whole page. */
export function layout(page: Page, menu: readonly MenuSection[]): string {
  const to = (url: string) => relativeUrl(page.url, url) || posix.basename(page.url);
  const link = ({ url, title, name }: MenuPage) =>
    `<li><a href="${to(url)}"${url === page.url ? ' aria-current="page"' : ""}>${escapeHtml(name ?? title)}</a></li>`;
  const all = menu.flatMap(({ pages }) => pages).filter(({ url }) => url !== "api/index.html");
  const at = all.findIndex(({ url }) => url === page.url);
  const step = (target: MenuPage | undefined, word: string, rel: string) =>
    target
      ? `<a rel="${rel}" href="${to(target.url)}"><span>${word}</span> ${escapeHtml(target.title)}</a>`
      : "<span></span>";
  const sections = menu
    .map(({ title, pages }) => `<h2>${escapeHtml(title)}</h2>\n<ul>${pages.map(link).join("\n")}</ul>`)
    .join("\n");
  const search = `<div class="search" role="search">
<label for="search">Search the headings</label>
<input id="search" type="search" autocomplete="off" data-index="${to("search.json")}" data-root="${to("index.html")}">
<ul id="found" aria-live="polite" aria-label="Found"></ul>
</div>`;
  const description = page.description ? `\n<meta name="description" content="${escapeHtml(page.description)}">` : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">${description}
<title>${escapeHtml(page.title === "Tenfold" ? "Tenfold" : `${page.title} · Tenfold`)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to("assets/site.css")}">
${(page.styles ?? []).map((url) => `<link rel="stylesheet" href="${to(url)}">\n`).join("")}<script type="module" src="${to("assets/search.js")}"></script>
${(page.scripts ?? []).map((url) => `<script type="module" src="${to(url)}"></script>\n`).join("")}</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="bar">
<a class="name" href="${to("index.html")}">Tenfold</a>
<details class="menu" id="menu">
<summary>Menu</summary>
<nav aria-label="Pages">
${search}
${sections}
</nav>
</details>
</header>
<main id="main"${page.isWide ? ' class="wide"' : ""}>
${page.body}
${at >= 0 ? `<nav class="turn" aria-label="Before and after">${step(all[at - 1], "Before:", "prev")}${step(all[at + 1], "Next:", "next")}</nav>` : ""}
</main>
</body>
</html>
`;
}
