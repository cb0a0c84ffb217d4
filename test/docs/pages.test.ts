/** The blocks of README.md, of the pages in docs/, and of the rooms' READMEs; `page.ts` has the rules. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { rooms } from "../../src/systems/index.ts";
import { describePages } from "./describe-pages.ts";
import { repository } from "./run-page.ts";

const inDocs = readdirSync(join(repository, "docs"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md") && !path.startsWith("tutorials"))
  .map((path) => `docs/${path}`);

describePages(["README.md", ...inDocs.sort(), ...rooms.map(({ name }) => `src/systems/${name}/README.md`)]);
