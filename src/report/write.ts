import { join } from "node:path";
import { writeFileAtomic } from "../storage/index.ts";
import type { ReportDocument } from "./document.ts";
import { reportHtml } from "./page.ts";

/**
 * Writes `report.json` and `index.html` into `dir`, which exists; each replaces the file that is there in one step.
 *
 * @throws {RunError} where a file cannot be written
 */
export async function writeReport(dir: string, document: ReportDocument): Promise<void> {
  await writeFileAtomic(join(dir, "report.json"), `${JSON.stringify(document, null, 2)}\n`);
  await writeFileAtomic(join(dir, "index.html"), reportHtml(document));
}
