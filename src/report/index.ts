/** What was measured, as `report.json` and as one self-contained page with its figures. @module */
export {
  type ClaimReport,
  type Measurement,
  type ReportContext,
  type ReportDocument,
  type RoomReport,
  reportDocument,
} from "./document.ts";
export { figureHtml } from "./figure.ts";
export { figureStyle } from "./figure-style.ts";
export { reportHtml } from "./page.ts";
export { theme } from "./theme.ts";
export { writeReport } from "./write.ts";
