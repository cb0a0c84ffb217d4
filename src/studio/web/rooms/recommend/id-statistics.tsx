import { Bars } from "../../charts/bars.tsx";
import { formatNumber } from "../../format.ts";
import { Table } from "../../table.tsx";

/** What report.json says of IDs. */
export interface IdStatisticsReport {
  readonly usage: readonly number[];
  readonly perplexity: readonly number[];
  readonly branching: readonly number[];
  readonly uniquePrefixes: number;
  readonly collisions: number;
  readonly largestGroup: number;
  readonly cosineBySharedCodes: readonly (number | null)[];
}

const percent = (value: number) => `${formatNumber(100 * value, 3)}%`;

/** What the IDs are like: how evenly codes are used, and whether alike IDs mean alike items. */
export function IdStatistics({
  ids,
  codebookSize,
}: {
  readonly ids: IdStatisticsReport;
  readonly codebookSize: number;
}) {
  return (
    <section aria-labelledby="id-statistics">
      <h2 id="id-statistics">What the IDs are like</h2>
      <dl class="facts">
        <div>
          <dt>Items that need the last number</dt>
          <dd>{percent(ids.collisions)}: they share all other codes</dd>
        </div>
        <div>
          <dt>Most items of the same codes</dt>
          <dd>{formatNumber(ids.largestGroup)}</dd>
        </div>
        <div>
          <dt>Codes a level</dt>
          <dd>{formatNumber(codebookSize)}</dd>
        </div>
      </dl>
      <div class="columns">
        <div>
          <Table
            label="Codes by level"
            caption="Codes by level"
            rows={ids.usage.map((usage, level) => ({ level, usage }))}
            keyOf={({ level }) => level}
            columns={[
              { header: "level", value: ({ level }) => level + 1 },
              { header: "in use", isNumber: true, value: ({ usage }) => percent(usage) },
              {
                header: "perplexity",
                isNumber: true,
                value: ({ level }) => formatNumber(ids.perplexity[level] ?? Number.NaN, 3),
              },
              {
                header: "branching",
                isNumber: true,
                value: ({ level }) => formatNumber(ids.branching[level] ?? Number.NaN, 3),
              },
            ]}
          />
          <p class="note">
            Perplexity: as many codes, used evenly, would be as hard to guess. Branching: the same, knowing the codes
            before.
          </p>
        </div>
        <div>
          <h3>Alike IDs, alike contents</h3>
          <p class="note">Mean cosine of the contents of items that share so many codes.</p>
          <Bars
            title="Mean cosine by shared codes"
            most={1}
            bars={ids.cosineBySharedCodes.flatMap((value, shared) =>
              value === null ? [] : [{ label: `${shared} codes shared`, value, text: formatNumber(value, 3) }],
            )}
          />
        </div>
      </div>
    </section>
  );
}
