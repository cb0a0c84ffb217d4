/** Markdown to HTML: code is coloured and headings get their names while the site is built. @module */
import hljs from "highlight.js/lib/common";
import { Marked, type Tokens } from "marked";

/** A heading of a page. */
export interface Heading {
  readonly id: string;
  readonly text: string;
  readonly depth: number;
}

/** A page made of Markdown. */
export interface RenderedPage {
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as HTML. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (sign) => escapes[sign]!);

/** Text without marks, as it is read. */
const plain = (html: string): string =>
  html.replace(/<[^>]*>/g, "").replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => {
    return { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" }[entity]!;
  });

/** The name of a heading, as GitHub makes it. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}

/** Names that files in a fence go by here, and what they are coloured as. */
const languages: Readonly<Record<string, string>> = { sh: "bash", ts: "typescript", tsx: "typescript", jsonl: "json" };

/** Code as HTML, coloured where its language is known. */
export function highlight(code: string, language: string): string {
  const name = languages[language] ?? language;
  return hljs.getLanguage(name) ? hljs.highlight(code, { language: name }).value : escapeHtml(code);
}

/**
 * Renders a page.
 *
 * @param resolve - what a link or an image leads to on the site; undefined: nothing to link to, so that only the text stays
 */
export function renderMarkdown(source: string, resolve: (href: string) => string | undefined): RenderedPage {
  const headings: Heading[] = [];
  const used = new Map<string, number>();
  let [codes, tables] = [0, 0];
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        const text = plain(html);
        const base = slug(text);
        const count = used.get(base) ?? 0;
        used.set(base, count + 1);
        const id = count === 0 ? base : `${base}-${count}`;
        headings.push({ id, text, depth });
        return `<h${depth} id="${id}">${html}</h${depth}>\n`;
      },
      code({ text, lang }) {
        const language = (lang ?? "").split(/\s/)[0]!;
        return `<pre tabindex="0" role="region" aria-label="Listing ${++codes}"><code>${highlight(text, language)}</code></pre>\n`;
      },
      table(token: Tokens.Table) {
        const cell = (kind: "th" | "td") => (one: Tokens.TableCell) => {
          // A heading of no words is none.
          const tag = one.text === "" ? "td" : kind;
          const align = one.align ? ` style="text-align: ${one.align}"` : "";
          const scope = tag === "th" ? ' scope="col"' : "";
          return `<${tag}${scope}${align}>${this.parser.parseInline(one.tokens)}</${tag}>`;
        };
        const head = `<thead><tr>${token.header.map(cell("th")).join("")}</tr></thead>`;
        const hasHead = token.header.some(({ text }) => text !== "");
        const rows = token.rows.map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`).join("\n");
        return `<div class="table" tabindex="0" role="region" aria-label="Table ${++tables}"><table>${hasHead ? head : ""}<tbody>${rows}</tbody></table></div>\n`;
      },
      link({ href, title, tokens }) {
        const text = this.parser.parseInline(tokens);
        const to = resolve(href);
        if (to === undefined) return text;
        return `<a href="${escapeHtml(to)}"${title ? ` title="${escapeHtml(title)}"` : ""}>${text}</a>`;
      },
      image({ href, text }) {
        return `<img src="${escapeHtml(resolve(href) ?? href)}" alt="${escapeHtml(text)}" loading="lazy">`;
      },
    },
  });
  const html = marked.parse(source, { async: false });
  return { title: headings.find(({ depth }) => depth === 1)?.text ?? "Tenfold", html, headings };
}
