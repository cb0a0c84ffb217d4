import { formatNumber } from "../../format.ts";
import { type BeamLevel, idText, type KeptPrefix, type NextItems } from "./answers.ts";

const rowHeight = 22;
const columnWidth = 210;
const cardWidth = 150;
const top = 58;

const share = (score: number) => formatNumber(100 * Math.exp(score), 2);

/** What a level kept, in a table. */
function LevelTable({
  level,
  depth,
  isLast,
}: {
  readonly level: BeamLevel;
  readonly depth: number;
  readonly isLast: boolean;
}) {
  return (
    <table>
      <caption>Level {depth}</caption>
      <thead>
        <tr>
          <th scope="col">prefix</th>
          <th scope="col" class="number">
            log-probability
          </th>
          <th scope="col" class="number">
            items below
          </th>
          <th scope="col">{isLast ? "recommended" : "goes on as"}</th>
        </tr>
      </thead>
      <tbody>
        {level.kept.map(({ prefix, score, count, goesOn }) => (
          <tr key={idText(prefix)}>
            <th scope="row">{idText(prefix)}</th>
            <td class="number">{formatNumber(score)}</td>
            <td class="number">{formatNumber(count)}</td>
            <td>{isLast ? (goesOn > 0 ? "yes" : "no") : goesOn === 0 ? "dropped" : `${goesOn} prefixes`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The search, level by level: which prefixes were kept, where each came from, and which went on. */
export function BeamPicture({ beam, items }: Pick<NextItems, "beam" | "items">) {
  const rows = Math.max(...beam.map(({ kept }) => kept.length));
  const width = columnWidth * (beam.length - 1) + cardWidth + 8;
  const height = top + rows * rowHeight + 8;
  const y = (row: number) => top + row * rowHeight + rowHeight / 2;
  const parentRow = (level: number, { prefix }: KeptPrefix) =>
    beam[level - 1]!.kept.findIndex((before) => before.prefix.every((code, i) => prefix[i] === code));
  const recommended = new Set(items.map(({ semanticId }) => idText(semanticId)));
  const leads = ({ prefix }: KeptPrefix) =>
    [...recommended].some((id) => id === idText(prefix) || id.startsWith(`${idText(prefix)}-`));
  const inWords = beam
    .map(
      ({ considered, kept }, level) =>
        `level ${level + 1}: ${kept.length} of ${considered} prefixes kept, ${kept.filter(({ goesOn }) => goesOn > 0).length} go on`,
    )
    .join("; ");
  return (
    <>
      <section class="scroll beam" tabIndex={0} aria-label="The search, level by level">
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={inWords}>
          {beam.map(({ considered, kept }, level) => {
            const x = level * columnWidth + 4;
            return (
              <g key={level}>
                <text class="beam-level" x={x} y={16}>
                  {level === beam.length - 1 ? "Last number" : `Code ${level + 1}`}
                </text>
                <text class="beam-note" x={x} y={34}>
                  {formatNumber(kept.length)} kept of {formatNumber(considered)}
                </text>
                {kept.map((prefix, row) => {
                  const from = level === 0 ? -1 : parentRow(level, prefix);
                  const isLeading = leads(prefix);
                  return (
                    <g
                      key={idText(prefix.prefix)}
                      class={isLeading ? "leads" : prefix.goesOn > 0 ? "goes-on" : "dropped"}
                    >
                      {from >= 0 && (
                        <path
                          d={`M ${x - columnWidth + cardWidth} ${y(from)} C ${x - 30} ${y(from)}, ${x - 30} ${y(row)}, ${x} ${y(row)}`}
                        />
                      )}
                      <rect x={x} y={y(row) - 9} width={cardWidth} height={18} rx={3} />
                      <text x={x + 8} y={y(row) + 4}>
                        {prefix.prefix.at(-1)}
                      </text>
                      <text x={x + cardWidth - 8} y={y(row) + 4} text-anchor="end">
                        {share(prefix.score)}%
                      </text>
                    </g>
                  );
                })}
              </g>
            );
          })}
        </svg>
      </section>
      <p class="note">
        Each box is a code with the probability of the whole prefix that it ends. <span class="leads-mark" /> leads to
        an item of the list, <span class="goes-on-mark" /> went on for a level or more, <span class="dropped-mark" />{" "}
        had nothing among the kept of the next level.
      </p>
      <details>
        <summary>Numbers</summary>
        <section class="scroll beam-tables" aria-label="Numbers of the search" tabIndex={0}>
          {beam.map((level, i) => (
            <LevelTable key={i} level={level} depth={i + 1} isLast={i === beam.length - 1} />
          ))}
        </section>
      </details>
    </>
  );
}
