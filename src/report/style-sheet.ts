import { figureStyle } from "./figure-style.ts";
import { theme } from "./theme.ts";

/** The style of the report. */
export const styleSheet = `
${theme}* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 17px/1.5 var(--serif); -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 1120px; padding: 56px 32px 96px; }
h1, h2, h3, p, dl, dd, ul, figure { margin: 0; padding: 0; }
h1 { font-size: 38px; line-height: 1.15; font-weight: 500; letter-spacing: -0.01em; max-width: 20em; text-wrap: balance; }
h2 { font-size: 27px; line-height: 1.2; font-weight: 500; letter-spacing: -0.005em; text-wrap: balance; }
a { color: inherit; text-decoration-color: var(--soft); text-decoration-thickness: 1px; text-underline-offset: 3px; }
.name { font: 600 13px/1.5 var(--sans); letter-spacing: 0.08em; text-transform: uppercase; color: var(--soft); margin-bottom: 10px; }
.count { font-size: 20px; margin: 18px 0 28px; }
header dl { display: flex; flex-wrap: wrap; gap: 14px 40px; padding: 16px 0; border-block: 1px solid var(--line); font: 14px/1.45 var(--sans); }
dt { color: var(--soft); font-size: 12.5px; }
nav { margin-top: 24px; }
nav ul { list-style: none; columns: 2; column-gap: 40px; }
nav li { break-inside: avoid; padding: 3px 0; }
.tally { font: 13px var(--sans); color: var(--soft); margin-left: 6px; white-space: nowrap; }
.tally.differs { color: var(--bad); }
section { margin-top: 72px; }
.paper { color: var(--soft); font-style: italic; margin-top: 6px; max-width: 46em; }
.summary { margin-top: 12px; max-width: 40em; }
table { width: 100%; table-layout: fixed; border-collapse: collapse; margin-top: 24px; font: 14px/1.45 var(--sans); font-variant-numeric: tabular-nums lining-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: 10px; }
th, td { text-align: left; vertical-align: top; padding: 12px 20px 4px 0; font-weight: 400; }
thead th { color: var(--soft); font-size: 12.5px; padding-block: 6px; border-bottom: 1px solid var(--ink); }
thead th:nth-child(1) { width: 34%; }
thead th:nth-child(3) { width: 22%; }
thead th:nth-child(5) { width: 11%; }
tbody + tbody tr:first-child > * { border-top: 1px solid var(--line); }
.id { font-weight: 600; margin-right: 4px; }
.source { color: var(--soft); }
sup { font-size: 0.72em; line-height: 0; }
.source::before { content: "—\\00a0"; }
.found { font-weight: 600; }
.status { white-space: nowrap; padding-right: 0; }
.holds .status { color: var(--good); }
.differs .found, .differs .status, .error { color: var(--bad); }
.error { font-weight: 400; overflow-wrap: anywhere; }
.differs .status { font-weight: 600; }
.how td { color: var(--soft); font-size: 13px; padding: 0 0 12px; }
.run { display: block; }
code { font: 12.5px/1.5 var(--mono); color: var(--ink); background: var(--shade); padding: 1px 5px; border-radius: 3px; overflow-wrap: anywhere; }
code span { display: inline-block; max-width: 100%; }
${figureStyle}@media screen and (max-width: 720px) {
  html { font-size: 16px; }
  body { padding: 32px 20px 64px; }
  h1 { font-size: 29px; }
  h2 { font-size: 23px; }
  nav ul { columns: 1; }
  section { margin-top: 56px; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table, caption, tbody, tr { display: block; }
  tbody { border-top: 1px solid var(--line); padding: 12px 0; }
  tbody + tbody tr:first-child > * { border-top: 0; }
  tbody th { display: block; width: auto; padding: 0 0 8px; }
  tbody td { display: grid; grid-template-columns: 4.8em 1fr; padding: 1px 0; }
  tbody td::before { content: attr(data-label); color: var(--soft); font-weight: 400; }
  .status { white-space: normal; }
  .how td { display: block; padding: 8px 0 0; }
  .how td::before { content: none; }
}
@media print {
  html { font-size: 10.5pt; background: none; }
  body { max-width: none; padding: 0; }
  section { break-before: page; margin-top: 0; }
  tbody, figure { break-inside: avoid; }
  .figures { grid-template-columns: 1fr 1fr; column-gap: 24px; }
  .status { white-space: normal; }
  code { background: none; padding: 0; }
  .plot.wide { display: none; }
  .plot.narrow { display: block; width: 100%; }
  @page { margin: 16mm; }
}
`;
