/** The curves of a run, however long, by DuckDB over its metrics.jsonl. @module */
import { stat } from "node:fs/promises";
import { sqlPath, sqlText, withDuckDB } from "../../data/index.ts";

/** One metric against the step. */
export interface Curve {
  /** Which lines it is from: `train`, `epoch`, `validation` …; empty where lines say nothing. */
  readonly kind: string;
  readonly name: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** Points in the file; more than in `steps` where only the extremes of each stretch are given. */
  readonly total: number;
}

/** All curves of a run. */
export interface Metrics {
  readonly curves: readonly Curve[];
  /** Size of the file in bytes before it was read: later lines begin there. */
  readonly bytes: number;
}

/** A line longer than this is none of ours. */
const longestLine = 2 ** 20;
const notMetrics = new Set(["step", "kind", "epoch"]);

/**
 * The curves of a metrics file. Lines that are no JSON, such as half a last one, are left out. A curve of more than
 * `most` points is cut into stretches of which the least and the greatest value are kept, so that spikes stay.
 *
 * @param path - a metrics.jsonl; absent, there are no curves
 * @param most - about how many points a curve may have
 */
export async function readMetrics(path: string, most: number): Promise<Metrics> {
  const bytes = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (bytes === 0) return { curves: [], bytes };
  const curves = await withDuckDB(async (connection) => {
    // Lines one by one, as JSON: one that is damaged costs no other, and no word is taken for a date.
    await connection.run(
      `CREATE TABLE lines AS SELECT json FROM read_ndjson_objects(${sqlPath(path)}, ignore_errors = true,
       maximum_object_size = ${longestLine}) WHERE json_type(json) = 'OBJECT'`,
    );
    const keys = await connection.runAndReadAll("SELECT DISTINCT unnest(json_keys(json)) FROM lines");
    const names = (keys.getRows() as [name: string][]).map(([name]) => name);
    const field = (name: string) => `json ->> ${sqlText(`$."${name.replaceAll('"', '\\"')}"`)}`;
    const kind = `coalesce(${field("kind")}, '')`;
    const step = `try_cast(${field("step")} AS DOUBLE)`;
    const found: Curve[] = [];
    for (const name of names) {
      if (notMetrics.has(name)) continue;
      const value = `try_cast(${field(name)} AS DOUBLE)`;
      const result = await connection.runAndReadAll(`
        WITH told AS (SELECT ${kind} AS kind, ${step} AS step, ${value} AS value FROM lines), points AS (
          SELECT kind, step, value, row_number() OVER (PARTITION BY kind ORDER BY step) AS place,
            count(*) OVER (PARTITION BY kind) AS total
          FROM told WHERE step IS NOT NULL AND value IS NOT NULL
        ), stretches AS (
          SELECT kind, total, min(total) AS points, arg_min(step, value) AS lowStep, min(value) AS low,
            arg_max(step, value) AS highStep, max(value) AS high
          FROM points WHERE total > ${most} GROUP BY kind, total, (place - 1) * ${Math.floor(most / 2)} // total
        ), kept AS (
          SELECT kind, total, step, value FROM points WHERE total <= ${most}
          UNION SELECT kind, total, lowStep, low FROM stretches
          UNION SELECT kind, total, highStep, high FROM stretches
        )
        SELECT kind, any_value(total)::DOUBLE, list(step ORDER BY step), list(value ORDER BY step) FROM kept GROUP BY kind`);
      for (const [ofKind, total, steps, values] of result.getRowsJS() as [string, number, number[], number[]][]) {
        found.push({ kind: ofKind, name, steps, values, total });
      }
    }
    return found;
  });
  return { curves: curves.sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name)), bytes };
}
