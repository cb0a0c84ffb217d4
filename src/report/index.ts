/** What was measured, as `report.json` and as one self-contained page with its figures. @module */
export {
  type ClaimReport,
  type Measurement,
  type ReportContext,
  type ReportDocument,
  type RoomReport,
  reportDocument,
} from "./document.ts";
export { reportHtml } from "./page.ts";
export { writeReport } from "./write.ts";
