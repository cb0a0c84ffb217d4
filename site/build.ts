/**
 * Builds the site into `site/out`: pages from Markdown, the live pages and the reference of all exports, for any web server and under any
 * path. `--no-api` leaves out the reference, `--out FOLDER` writes elsewhere, `--root FOLDER` takes the Markdown of another checkout.
 *
 * @module
 */
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { theme } from "../src/report/index.ts";
import { buildReference } from "./build-reference.ts";
import { layout, type MenuPage, type MenuSection, relativeUrl } from "./layout.ts";
import { type LivePage, livePages } from "./live-pages.ts";
import { escapeHtml, highlight, type RenderedPage, renderMarkdown } from "./markdown.ts";
import type { SearchEntry } from "./search.ts";
import { pageOf, sectionsOf } from "./sections.ts";

const code = join(import.meta.dirname, "..");
const { values: options } = parseArgs({
  options: { out: { type: "string" }, root: { type: "string" }, api: { type: "boolean", default: true } },
  allowNegative: true,
});
const out = options.out ?? join(import.meta.dirname, "out");
const root = options.root ?? code;
/** Where text comes from, and where code does. */
const at = (path: string) => join(root, path);
const codeAt = (path: string) => join(code, path);
const read = (path: string) => readFile(at(path), "utf8");

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(out, path)), { recursive: true });
  await writeFile(join(out, path), content);
}

/** What is wrong with a link: all of them are told at once. */
const broken: string[] = [];

/** Links to headings, looked at when all headings are known. */
const anchors: { readonly from: string; readonly href: string; readonly url: string; readonly id: string }[] = [];

/** Files of the repository that a page links to, and what becomes of them. */
const linked = new Map<string, string>();

const sections = sectionsOf(root);
const pages = new Map<string, string>(
  ["README.md", ...sections.flatMap(({ sources }) => sources)].map((source) => [source, pageOf(source)]),
);
// A link to the folder of the decisions is one to the first of them.
const decisions = [...pages.keys()].find((source) => source.startsWith("docs/decisions/"));
if (decisions) pages.set("docs/decisions", pages.get(decisions)!);
pages.set("docs", pageOf("docs/README.md"));

/** Links of `source` as its page `url` has them. */
function resolver(source: string, url: string) {
  return async (href: string): Promise<string | undefined> => {
    if (/^[a-z][a-z+.-]*:/i.test(href)) return href;
    const [path, id] = href.split("#") as [string, string | undefined];
    const target = path === "" ? source : posix.join(posix.dirname(source), path).replace(/\/$/, "");
    const page = path === "" ? url : pages.get(target);
    if (page !== undefined) {
      if (id !== undefined) anchors.push({ from: source, href, url: page, id });
      return relativeUrl(url, id === undefined ? page : `${page}#${id}`);
    }
    const live = livePages.find((one) => one.url === target);
    if (live) return relativeUrl(url, live.url);
    const kind = await stat(at(target)).catch(() => undefined);
    if (!kind || target.startsWith("..")) {
      broken.push(`${source}: no file for the link ${href}`);
      return undefined;
    }
    if (kind.isDirectory()) return undefined;
    const isText = /\.(ts|tsx|py|json|csv|loop|subleq|fleq|md|yml|yaml|txt)$/.test(target);
    linked.set(target, isText ? `files/${target}.html` : `files/${target}`);
    return relativeUrl(url, linked.get(target)!);
  };
}

/** Renders Markdown of `source` for the page `url`. Links are looked up first, as the files are on a disk. */
async function render(text: string, source: string, url: string): Promise<RenderedPage> {
  const wanted = new Set<string>();
  renderMarkdown(text, (href) => {
    wanted.add(href);
    return href;
  });
  const resolve = resolver(source, url);
  const known = new Map<string, string | undefined>();
  for (const href of wanted) known.set(href, await resolve(href));
  return renderMarkdown(text, (href) => known.get(href));
}

const ready = new Map<string, RenderedPage>();
for (const [source, url] of pages)
  if (source.endsWith(".md")) ready.set(source, await render(await read(source), source, url));

/** A page in the side bar: a room and its tutorial stand there by the room's name. */
function menuPage(source: string): MenuPage {
  const page = { url: pages.get(source)!, title: ready.get(source)!.title };
  const name = /^(?:src\/systems|docs\/tutorials)\/([\w-]+)/.exec(source)?.[1];
  return name === undefined ? page : { ...page, name };
}

const menu: MenuSection[] = [
  { title: "Start", pages: [{ url: "index.html", title: "What Tenfold is" }] },
  { title: "Try it here", pages: livePages },
  ...sections.map(({ title, sources }) => ({
    title,
    pages: sources.map(menuPage),
  })),
];
if (options.api) menu.splice(2, 0, { title: "Reference", pages: [{ url: "api/index.html", title: "Every export" }] });

const searchable: SearchEntry[] = [];
const idsOf = new Map<string, Set<string>>();

/** Writes a page and remembers its headings. */
async function writePage(
  url: string,
  page: RenderedPage,
  body = page.html,
  extra: Partial<Parameters<typeof layout>[0]> = {},
) {
  await write(url, layout({ url, title: page.title, body, ...extra }, menu));
  idsOf.set(url, new Set(page.headings.map(({ id }) => id)));
  const headings = page.headings.filter(({ depth }) => depth > 1).map(({ id, text }) => [id, text] as const);
  searchable.push({ url, title: page.title, headings });
}

/** The home page: README.md, with the live pages after its first paragraphs. */
function homeBody({ html }: RenderedPage): string {
  const cards = livePages.map(
    ({ url, title, told }) => `<li><a href="${url}">${escapeHtml(title)}</a> <p>${escapeHtml(told)}</p></li>`,
  );
  const first = html.indexOf("<h2");
  const live = `<h2 id="try-it-here">Try it here</h2>\n<ul class="cards">${cards.join("\n")}</ul>\n`;
  return `${html.slice(0, first)}${live}${html.slice(first)}`;
}

async function writeLivePage({ part, url, title, intro }: LivePage): Promise<void> {
  const page = await render(`# ${title}\n\n${intro}`, "README.md", url);
  const body = `${page.html}
<div id="live"><p>This part needs JavaScript; it loads in a moment.</p></div>
<noscript><p>Without JavaScript there is nothing to see here.</p></noscript>`;
  const styles = [`live/${part}.css`];
  await writePage(url, page, body, { scripts: [`live/${part}.js`], styles, isWide: true });
}

await rm(out, { recursive: true, force: true });
for (const [source, url] of pages) {
  if (!source.endsWith(".md")) continue;
  const page = ready.get(source)!;
  if (source !== "README.md") await writePage(url, page);
  else {
    const description = "Ten published deep-learning methods as tools for your own data.";
    await writePage(url, { ...page, title: "Tenfold" }, homeBody(page), { description });
  }
}
for (const page of livePages) await writeLivePage(page);
for (const [path, url] of linked) {
  if (!url.endsWith(".html")) {
    await mkdir(dirname(join(out, url)), { recursive: true });
    await cp(at(path), join(out, url));
    continue;
  }
  const text = highlight(await read(path), posix.extname(path).slice(1));
  const html = `<h1>${escapeHtml(posix.basename(path))}</h1>\n<p><code>${escapeHtml(path)}</code></p>\n<pre tabindex="0" role="region" aria-label="Text of ${escapeHtml(path)}"><code>${text}</code></pre>`;
  await writePage(url, { title: posix.basename(path), html, headings: [] });
}
for (const { from, href, url, id } of anchors) {
  if (!idsOf.get(url)?.has(id)) broken.push(`${from}: no heading for the link ${href}`);
}
if (broken.length > 0) {
  for (const line of broken) console.error(`tenfold site: ${line}`);
  process.exit(1);
}

await write("search.json", JSON.stringify(searchable));
await build({
  entryPoints: {
    "assets/search": codeAt("site/search.ts"),
    ...Object.fromEntries(livePages.map(({ part }) => [`live/${part}`, codeAt(`site/live/${part}.tsx`)])),
    "live/digits-worker": codeAt("src/studio/web/live/digits-worker.ts"),
    "live/order-worker": codeAt("src/studio/web/live/order-worker.ts"),
  },
  outdir: out,
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2023",
  chunkNames: "live/part-[hash]",
  legalComments: "linked",
  logLevel: "warning",
});
await write("assets/site.css", `${theme}${await readFile(codeAt("site/site.css"), "utf8")}`);
await cp(codeAt("data/digits.csv.gz"), join(out, "live/digits.csv.gz"));
const programs = codeAt("data/looped-programs");
const texts = (await readdir(programs))
  .sort()
  .map(async (name) => ({ name, text: await readFile(join(programs, name), "utf8") }));
await write("live/looped-programs.json", JSON.stringify(await Promise.all(texts)));
if (options.api && !(await buildReference(code, join(out, "api")))) process.exit(1);
console.log(`${searchable.length} pages in ${out}`);
