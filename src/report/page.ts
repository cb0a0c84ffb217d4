import type { ClaimReport, ReportDocument, RoomReport } from "./document.ts";
import { figureHtml } from "./figure.ts";
import { Html, html, prose } from "./html.ts";
import { styleSheet } from "./style-sheet.ts";

function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function formatDate(iso: string): string {
  const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  return `${date.format(new Date(iso))} UTC`;
}

const marks = { holds: "✓", "does not hold": "✗", failed: "✗" } as const;

function countHolding(claims: readonly ClaimReport[]): number {
  return claims.filter((claim) => claim.status === "holds").length;
}

function claimHtml(room: RoomReport, claim: ClaimReport): Html {
  const holds = claim.status === "holds";
  // Words that do not break: a browser would break an option after its hyphens.
  const words = (command: string) => command.split(" ").map((word) => html`<span>${word}</span> `);
  return html`<tbody id="${room.name}-${claim.id}" class="${holds ? "holds" : "differs"}">
<tr>
<th scope="row" data-label="Claim"><span class="id">${claim.id}</span> ${prose(claim.statement)} <span class="source">${prose(claim.source)}</span></th>
<td data-label="Paper"><span>${prose(claim.paper)}</span></td>
<td data-label="Found" class="found">${claim.error === undefined ? html`<span>${prose(claim.found ?? "")}</span>` : html`<span class="error">${claim.error}</span>`}</td>
<td data-label="Window"><span>${prose(claim.window)}</span></td>
<td data-label="Holds" class="status"><span><span aria-hidden="true">${marks[claim.status]}</span> ${claim.status}</span></td>
</tr>
<tr class="how"><td colspan="5">${prose(claim.method)} <span class="run">Seed ${claim.seed}, ${claim.scale} scale, ${formatSeconds(claim.seconds)}: <code>${words(claim.repeat)}</code></span> <span class="run">To look closer: <code>${words(claim.look)}</code></span></td></tr>
</tbody>
`;
}

function roomHtml(room: RoomReport): Html {
  const holding = countHolding(room.claims);
  const figures = room.claims.flatMap((claim) => claim.figures.map((figure) => figureHtml(figure, claim.id)));
  return html`<section id="${room.name}" aria-labelledby="${room.name}-title">
<h2 id="${room.name}-title">${room.title}</h2>
<p class="paper">${room.paper}</p>
<p class="summary">${prose(room.summary)}</p>
<table>
<caption>${holding} of ${room.claims.length} claims hold</caption>
<thead><tr><th scope="col">Claim</th><th scope="col">Paper</th><th scope="col">Found</th><th scope="col">Window</th><th scope="col">Holds</th></tr></thead>
${room.claims.map((claim) => claimHtml(room, claim))}</table>
${figures.length > 0 ? html`<div class="figures">${figures}</div>` : null}
</section>
`;
}

/**
 * The report as one page that needs no other file: figures are inline drawings, light or dark as the reader's system is, for
 * phones, wide screens and paper.
 */
export function reportHtml(report: ReportDocument): string {
  const claims = report.rooms.flatMap((room) => room.claims);
  const { machine } = report;
  const facts: [string, string][] = [
    ["Version", `Tenfold ${report.version}`],
    ["Date", formatDate(report.date)],
    ["Machine", `${machine.cpu}, ${machine.cores} ${machine.cores === 1 ? "core" : "cores"}`],
    ["Node", machine.node],
    ["Total time", formatSeconds(report.seconds)],
  ];
  const unmeasured = report.planned - claims.length;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tenfold: what the papers claim and what was found</title>
<style>${new Html(styleSheet)}</style>
</head>
<body>
<header>
<p class="name">Tenfold</p>
<h1>What the papers claim, and what was found on this machine</h1>
<p class="count"><strong>${countHolding(claims)}</strong> of ${claims.length} measured claims hold${
    unmeasured > 0 ? `; the run was stopped with ${unmeasured} not measured` : ""
  }.</p>
<dl>${facts.map(([term, fact]) => html`<div><dt>${term}</dt><dd>${fact}</dd></div>`)}</dl>
${
  report.rooms.length > 1
    ? html`<nav aria-label="Rooms"><ul>${report.rooms.map((room) => {
        const holding = countHolding(room.claims);
        const all = holding === room.claims.length;
        return html`<li><a href="#${room.name}">${room.title}</a> <span class="${all ? "tally" : "tally differs"}">${holding} of ${room.claims.length}</span></li>`;
      })}</ul></nav>`
    : null
}
</header>
<main>
${report.rooms.map(roomHtml)}</main>
</body>
</html>
`;
  return page.toString();
}
