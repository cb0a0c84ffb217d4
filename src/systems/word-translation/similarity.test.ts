import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { Random } from "../../core/index.ts";
import { type Rows, scaleToUnit } from "../../linalg/index.ts";
import { cosineScoring, cslsScoring, densities } from "./csls.ts";
import { mutualPairs, quantile } from "./pairs.ts";
import { Products, type Scoring, selectBest } from "./similarity.ts";

const products = new Products();
const work = { products };
afterAll(() => products.dispose());

function randomRows(random: Random, count: number, dim: number): Rows {
  const rows = { data: Float32Array.from({ length: count * dim }, () => random.normal()), count, dim };
  scaleToUnit(rows);
  return rows;
}

const rowsOf = (matrix: number[][]): Rows => ({
  data: Float32Array.from(matrix.flat()),
  count: matrix.length,
  dim: matrix[0]!.length,
});

/** All scores, one by one. */
function scoresOf({ sourceCount, targetCount, evidence, penalties }: Scoring): number[][] {
  return Array.from({ length: sourceCount }, (_, i) =>
    Array.from({ length: targetCount }, (_, j) => {
      let score = -(penalties?.source[i] ?? 0) - (penalties?.target[j] ?? 0);
      for (const { source, target, weight, words } of evidence) {
        const [a, b] = words ? [words.source.indexOf(i), words.target.indexOf(j)] : [i, j];
        if (a < 0 || b < 0) continue;
        for (let k = 0; k < source.dim; k++) {
          score += weight * source.data[a * source.dim + k]! * target.data[b * source.dim + k]!;
        }
      }
      return score;
    }),
  );
}

test("the best of every word are those of all scores sorted, whatever the sizes and the evidence", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1300 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer(),
      async (sourceCount, targetCount, k, seed) => {
        const random = new Random(seed, "selection");
        const some = (count: number) =>
          Int32Array.from(Array.from({ length: count }, (_, i) => i).filter((i) => i % 3 === 0));
        const words = { source: some(sourceCount), target: some(targetCount) };
        const numbers = (count: number) => Float32Array.from({ length: count }, () => random.uniform());
        const scoring: Scoring = {
          sourceCount,
          targetCount,
          evidence: [
            { source: randomRows(random, sourceCount, 4), target: randomRows(random, targetCount, 4), weight: 2 },
            {
              source: randomRows(random, words.source.length, 3),
              target: randomRows(random, words.target.length, 3),
              weight: 0.5,
              words,
            },
          ],
          penalties: { source: numbers(sourceCount), target: numbers(targetCount) },
        };
        const all = scoresOf(scoring);
        const { source, target } = await selectBest(scoring, { sourceK: k, targetK: k }, work);
        expect(source.k).toBe(Math.min(k, targetCount));
        const best = all.map((row) => row.toSorted((a, b) => b - a).slice(0, source.k));
        expect(source.scores).toBeAllclose(best.flat(), { atol: 1e-5 });
        const columns = Array.from({ length: targetCount }, (_, j) => all.map((row) => row[j]!));
        const ofColumns = columns.map((column) => column.toSorted((a, b) => b - a).slice(0, target.k));
        expect(target.scores).toBeAllclose(ofColumns.flat(), { atol: 1e-5 });
        source.indices.forEach((j, at) => {
          expect(all[Math.floor(at / source.k)]![j]).toBeCloseTo(source.scores[at]!, 4);
        });
      },
    ),
    { numRuns: 12 },
  );
});

test("of equal scores the lower index is kept", async () => {
  const same = rowsOf([
    [1, 0],
    [1, 0],
    [1, 0],
  ]);
  const best = await selectBest(cosineScoring(same, same), { sourceK: 2, targetK: 1 }, work);
  expect([...best.source.indices]).toEqual([0, 1, 0, 1, 0, 1]);
  expect([...best.target.indices]).toEqual([0, 0, 0]);
});

test("CSLS of a matrix of 6 x 6 is what it comes to by hand", async () => {
  // Sources are the axes, so that cosines are the entries of the target rows.
  const cosines = [
    [0.9, 0.1, 0, 0.2, 0, 0],
    [0.3, 0.8, 0.1, 0, 0, 0],
    [0.1, 0.2, 0.7, 0, 0.1, 0],
    [0, 0, 0.2, 0.6, 0, 0.3],
    [0.2, 0, 0, 0.1, 0.5, 0.4],
    [0, 0.3, 0, 0, 0.2, 0.4],
  ];
  const axes = rowsOf(cosines.map((_, i) => cosines.map((__, j) => (i === j ? 1 : 0))));
  const targets = rowsOf(cosines);
  const around = await densities(axes, targets, 2, work);
  // Column i of the matrix holds the cosines of source i: the two largest, averaged.
  expect(around.source).toBeAllclose([0.6, 0.55, 0.45, 0.4, 0.35, 0.4], { atol: 1e-6 });
  expect(around.target).toBeAllclose([0.55, 0.55, 0.45, 0.45, 0.45, 0.35], { atol: 1e-6 });
  const scoring = cslsScoring([{ source: axes, target: targets, densities: around, weight: 1 }]);
  const { source } = await selectBest(scoring, { sourceK: 1, targetK: 0 }, work);
  expect([...source.indices]).toEqual([0, 1, 2, 3, 4, 5]);
  // 2 · 0.4 - 0.4 - 0.35; by cosine the last source would have targets 4 and 5 in a tie.
  expect(source.scores[5]).toBeCloseTo(0.05, 6);
});

test("CSLS finds what a hub hides from the nearest neighbour", async () => {
  const angle = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const source = rowsOf([angle(0), angle(20), angle(40)]);
  // Target 1 lies between all; target 0 and 2 are a little further from their own sources.
  const target = rowsOf([angle(-21), angle(19), angle(61)]);
  const nearest = await selectBest(cosineScoring(source, target), { sourceK: 1, targetK: 0 }, work);
  expect([...nearest.source.indices.subarray(0, 2)]).toEqual([1, 1]);
  const around = await densities(source, target, 3, work);
  const scoring = cslsScoring([{ source, target, densities: around, weight: 1 }]);
  const best = await selectBest(scoring, { sourceK: 1, targetK: 1 }, work);
  expect([...best.source.indices]).toEqual([0, 1, 2]);
  expect([...mutualPairs(best).target]).toEqual([0, 1, 2]);
});

test("quantiles are numpy's", () => {
  // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0, .1, .5, .7, 1])
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  expect([0, 0.1, 0.5, 0.7, 1].map((share) => quantile(values, share))).toEqual(
    [1, 1, 3.5, 4.9, 9].map((v) => expect.closeTo(v, 9)),
  );
});

test("the memory is that of the vectors and one tile, not that of all pairs", () => {
  const script = join(import.meta.dirname, "../../../test/fixtures/best-translations.ts");
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", script], { encoding: "utf8" });
  expect(stderr).toBe("");
  const { found, grownMB, allPairsMB } = JSON.parse(stdout) as Record<string, number>;
  expect(found).toBe(200_000);
  expect(allPairsMB).toBeGreaterThan(1500);
  expect(grownMB).toBeLessThan(300);
}, 120_000);
