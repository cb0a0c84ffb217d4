/** Which pages there are and in which order they are read. @module */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A heading of the side bar and the files under it, as paths from the root of the repository. */
export interface Section {
  readonly title: string;
  readonly sources: readonly string[];
}

/** The rooms in the order of README.md. */
const rooms = [
  "permutation-sgd",
  "low-rank",
  "norm-tuning",
  "binary-subnetworks",
  "memorization",
  "looped-transformer",
  "generative-retrieval",
  "language-interfaced",
  "word-translation",
  "local-sgd",
];

/** The order of what is known; other files of a section follow by name. */
const known: readonly { readonly title: string; readonly first: readonly string[]; readonly rest: RegExp }[] = [
  {
    title: "Learn",
    first: ["docs/README.md", "docs/all-of-tenfold.md"],
    rest: /^$/,
  },
  {
    title: "Tutorials",
    first: rooms.map((room) => `docs/tutorials/${room}.md`),
    rest: /^docs\/tutorials\/.*\.md$/,
  },
  {
    title: "The ten rooms",
    first: rooms.map((room) => `src/systems/${room}/README.md`),
    rest: /^src\/systems\/[^/]+\/README\.md$/,
  },
  {
    title: "Behind it",
    first: ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/log.md", "data/README.md"],
    rest: /^docs\/decisions\/.*\.md$/,
  },
  { title: "More", first: ["docs/from-one-machine-to-a-fleet.md"], rest: /^docs\/.*\.md$/ },
];

/** The sections of the side bar, with every Markdown file of `docs/` and every room's in one of them. */
export function sectionsOf(root: string): Section[] {
  const inside = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`);
  const all = [
    ...inside("docs"),
    ...readdirSync(join(root, "src/systems")).map((room) => `src/systems/${room}/README.md`),
  ];
  const there = all.filter((path) => path.endsWith(".md") && existsSync(join(root, path))).sort();
  const taken = new Set<string>();
  const sections = known.map(({ title, first, rest }) => {
    const named = first.filter((path) => existsSync(join(root, path)));
    const sources = [...named, ...there.filter((path) => rest.test(path) && !named.includes(path))].filter((path) => {
      const isNew = !taken.has(path);
      taken.add(path);
      return isNew;
    });
    return { title, sources };
  });
  // What is behind it takes its files before "More" takes the rest, but comes last.
  const [behind] = sections.splice(3, 1);
  return [...sections, behind!].filter(({ sources }) => sources.length > 0);
}

/** Where the page of a file goes, from the root of the site. */
export function pageOf(source: string): string {
  const room = /^src\/systems\/([^/]+)\/README\.md$/.exec(source)?.[1];
  if (room) return `rooms/${room}.html`;
  if (source === "README.md") return "index.html";
  if (source === "data/README.md") return "docs/data.html";
  if (source === "docs/README.md") return "docs/index.html";
  return join(
    "docs",
    source
      .replace(/^docs\//, "")
      .replace(/\.md$/, ".html")
      .toLowerCase(),
  );
}
