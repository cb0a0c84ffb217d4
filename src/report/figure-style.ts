/** The style of what `figureHtml` makes. */
export const figureStyle = `
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); column-gap: 40px; margin-top: 36px; }
figure { min-width: 0; font-family: var(--sans); display: grid; grid-row: span 3; grid-template: subgrid / minmax(0, 1fr); row-gap: 0; align-content: start; }
figure h3 { font: 500 18px/1.3 var(--serif); text-wrap: balance; }
figure h3 .id { font: 600 14px/1 var(--sans); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 10px 0 2px; font-size: 13px; line-height: 1.4; }
.legend li { display: flex; align-items: center; gap: 7px; }
.legend span + svg { margin-left: 4px; }
.legend svg { flex: none; overflow: visible; }
.axis { font-size: 12.5px; color: var(--soft); }
.axis.y { margin-top: 8px; }
.axis.y::before { content: "↑ "; }
.axis.x { text-align: right; padding-right: 12px; }
.axis.x::after { content: " →"; }
.plot { display: block; height: auto; max-width: 100%; font-family: var(--sans); font-variant-numeric: tabular-nums; }
.plot.wide { width: 100%; }
.plot.narrow { display: none; }
figcaption { font: 15.5px/1.5 var(--serif); margin: 8px 0 44px; max-width: 36em; }
.empty { color: var(--soft); padding: 32px 0; }
@media screen and (max-width: 720px) {
  .plot.wide { display: none; }
  .plot.narrow { display: block; width: 100%; }
}
`;
