/** How the claims about the construction are measured. @module */
import { Random } from "../../core/index.ts";
import type { ReluLayer, ReluNetwork } from "../../nn/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import type { Domain } from "./domain.ts";
import { countFrozen, freezeBlock, hashFrozen, keepProbability } from "./frozen.ts";
import { measureError, reconstruct } from "./reconstruct.ts";
import { largestResidual, neededWidth, solveScales } from "./solve.ts";

/** A layer with normal weights of variance 1 / inDim, and a small bias. */
export function randomLayer(random: Random, inDim: number, outDim: number): ReluLayer {
  const deviation = 1 / Math.sqrt(inDim);
  return {
    inDim,
    outDim,
    weight: Float64Array.from({ length: outDim * inDim }, () => random.normal(0, deviation)),
    bias: Float64Array.from({ length: outDim }, () => random.normal(0, 0.1)),
  };
}

/** A network of random layers. */
export function randomTarget(random: Random, widths: readonly number[]): ReluNetwork {
  return { layers: widths.slice(1).map((outDim, l) => randomLayer(random, widths[l]!, outDim)) };
}

async function breathe({ signal }: ClaimContext): Promise<void> {
  await new Promise(setImmediate);
  signal.throwIfAborted();
}

/** N1 */
export async function measureExactness(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const targets = 20;
  const errors: number[] = [];
  const bounds: number[] = [];
  let samples = 0;
  for (let t = 0; t < targets; t++) {
    await breathe(context);
    const random = new Random(context.seed, "claim-N1", t);
    const depth = 1 + random.integer(5);
    const target = randomTarget(
      random,
      Array.from({ length: depth + 1 }, () => 1 + random.integer(full ? 16 : 12)),
    );
    const domain: Domain = t % 2 === 0 ? { kind: "box", low: -1, high: 1 } : { kind: "ball", radius: 2 };
    const { blocks, errorBound } = await reconstruct(target, {
      domain,
      seed: random.integer(1_000_000),
      widthFactor: t % 4 < 2 ? 1 : 1.2,
      minimal: t % 5 === 4,
    });
    const measured = measureError(target, blocks, { domain, samples: full ? 100_000 : 1000, random });
    errors.push(measured.error);
    bounds.push(errorBound);
    samples += measured.samples;
    context.progress((t + 1) / targets);
  }
  const exact = errors.filter((error, t) => error <= 1e-9 && error <= bounds[t]!).length;
  const order = errors.map((_, t) => t + 1);
  return {
    found: `${exact} of ${targets} exact: error at most ${Math.max(...errors).toExponential(1)}, bound at most ${Math.max(...bounds).toExponential(1)} (${samples} inputs)`,
    holds: exact === targets,
    values: { exact, errors, bounds, samples },
    figures: [
      {
        title: "Error of reconstructions, and what is certain about it",
        caption: "20 random targets in float64: no measured error comes near its certified bound.",
        xLabel: "target",
        yLabel: "largest difference of an output",
        yScale: "log",
        series: [
          { name: "certified bound", x: order, y: bounds },
          // A log axis has no place for an error of exactly 0.
          { name: "measured", x: order, y: errors.map((error) => Math.max(error, 2 ** -60)) },
        ],
      },
    ],
  };
}

/** N2 */
export async function measureTightness(context: ClaimContext): Promise<Finding> {
  const dims = context.scale === "full" ? [2, 4, 8, 12, 16, 24] : [2, 4, 8, 12];
  const draws = context.scale === "full" ? 10 : 3;
  const cases = [false, true].flatMap((minimal) => [0, 1].map((short) => ({ minimal, short })));
  const worst = new Map<string, number[]>();
  const name = ({ minimal, short }: (typeof cases)[number]) =>
    `${minimal ? "mn - m + 1" : "mn"} neurons${short > 0 ? ", one less" : ""}`;
  for (const [at, d] of dims.entries()) {
    for (const kind of cases) {
      const residuals: number[] = [];
      for (let draw = 0; draw < draws; draw++) {
        await breathe(context);
        const random = new Random(context.seed, "claim-N2", d, draw);
        const layer = randomLayer(random, d, d);
        const width = neededWidth(layer, kind.minimal) - kind.short;
        const frozen = freezeBlock(random.integer(1_000_000), 0, { inDim: d, width, outDim: d });
        residuals.push((await solveScales(layer, frozen, { minimal: kind.minimal })).residual);
      }
      const extreme = kind.short > 0 ? Math.min(...residuals) : Math.max(...residuals);
      worst.set(name(kind), [...(worst.get(name(kind)) ?? []), extreme]);
    }
    context.progress((at + 1) / dims.length);
  }
  const of = (short: number) => cases.filter((kind) => kind.short === short).flatMap((kind) => worst.get(name(kind))!);
  const enough = Math.max(...of(0));
  const tooFew = Math.min(...of(1));
  return {
    found: `residual at most ${enough.toExponential(1)} at the least width, at least ${tooFew.toExponential(1)} one neuron below (d = ${dims.join(", ")})`,
    holds: enough <= largestResidual && tooFew >= 1e-4,
    values: { dims, enough, tooFew, ...Object.fromEntries(worst) },
    figures: [
      {
        title: "One neuron less",
        caption: "The worst residual at the least width and the best one neuron below, over the draws, by dimension d.",
        xLabel: "dimension d of a square layer",
        yLabel: "relative residual",
        yScale: "log",
        series: [...worst].map(([label, y]) => ({
          name: label,
          x: dims,
          y: y.map((value) => Math.max(value, 2 ** -60)),
        })),
      },
    ],
  };
}

/** N3 */
export async function measureCounts(context: ClaimContext): Promise<Finding> {
  const sizes = context.scale === "full" ? [2, 4, 8, 12, 16, 24] : [2, 4, 8, 12];
  const depth = 2;
  const rows = [];
  for (const [at, d] of sizes.entries()) {
    await breathe(context);
    const random = new Random(context.seed, "claim-N3", d);
    const target = randomTarget(random, Array<number>(depth + 1).fill(d));
    const seed = random.integer(1_000_000);
    const size = { inDim: d, width: d * d, outDim: d };
    const freeze = (from: number) => hashFrozen(Array.from({ length: depth }, (_, l) => freezeBlock(from, l, size)));
    const before = freeze(seed);
    const { blocks, norms } = await reconstruct(target, {
      domain: { kind: "box", low: -1, high: 1 },
      seed,
      widthFactor: 1,
    });
    const frozen = blocks.map((block) => block.frozen);
    const trained = norms
      .flatMap(({ first, second }) => [first, second])
      .reduce((total, { weight, bias }) => total + weight.length + bias.length, 0);
    rows.push({
      trained,
      expected: 2 * depth * (d * d + d),
      frozen: countFrozen(frozen).entries,
      unchanged: before === hashFrozen(frozen) && before === freeze(seed) && before !== freeze(seed + 1),
      target: depth * (d * d + d),
    });
    context.progress((at + 1) / sizes.length);
  }
  const counted = rows.every(({ trained, expected }) => trained === expected);
  const unchanged = rows.every((row) => row.unchanged);
  const last = rows.at(-1)!;
  return {
    found: `${last.trained} trained, ${last.frozen} frozen for a target of ${last.target} (d = ${sizes.at(-1)}, ${depth} layers); hashes ${unchanged ? "equal" : "differ"}`,
    holds: counted && unchanged,
    values: {
      d: sizes,
      trained: rows.map(({ trained }) => trained),
      frozen: rows.map(({ frozen }) => frozen),
      target: rows.map(({ target }) => target),
      unchanged,
    },
    figures: [
      {
        title: "What is trained and what is frozen",
        caption: `Numbers in a network of ${depth} layers of width d and in its reconstruction with N = d²: twice the target is tuned, d times as much is frozen.`,
        xLabel: "width d of the target",
        yLabel: "numbers",
        xScale: "log",
        yScale: "log",
        series: [
          { name: "target", x: sizes, y: rows.map(({ target }) => target) },
          { name: "tuned norms", x: sizes, y: rows.map(({ trained }) => trained) },
          { name: "frozen random weights", x: sizes, y: rows.map(({ frozen }) => frozen) },
        ],
      },
    ],
  };
}

/** N4 */
export async function measureSparsity(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const dims = full ? [8, 12, 16, 24] : [8, 12];
  const draws = full ? 20 : 10;
  const shares = [0.25, 0.5, 0.75, 1, 1.5, 2];
  const factors = [1, 1.5];
  const curves: { name: string; d: number; factor: number; success: number[] }[] = [];
  for (const d of dims) {
    for (const factor of factors) {
      const success: number[] = [];
      for (const c of shares) {
        let reached = 0;
        for (let draw = 0; draw < draws; draw++) {
          await breathe(context);
          const random = new Random(context.seed, "claim-N4", d, factor, c, draw);
          const layer = randomLayer(random, d, d);
          const size = { inDim: d, width: Math.ceil(factor * d * d), outDim: d };
          const frozen = freezeBlock(random.integer(1_000_000), 0, size, keepProbability(c, size));
          const { residual } = await solveScales(layer, frozen, { minimal: false });
          if (residual <= largestResidual) reached++;
        }
        success.push(reached / draws);
      }
      curves.push({ name: `d = ${d}, N = ${factor === 1 ? "" : `${factor} `}d²`, d, factor, success });
      context.progress(curves.length / (dims.length * factors.length));
    }
  }
  const at = (c: number, factor: number) =>
    curves.filter((curve) => curve.factor === factor).map(({ success }) => success[shares.indexOf(c)]!);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const holds =
    at(0.25, 1).every((value) => value === 0) &&
    at(2, 1).every((value) => value === 1) &&
    mean(at(0.5, 1.5)) > mean(at(0.5, 1));
  const percent = (value: number) => `${(100 * value).toFixed(0)}%`;
  return {
    found: `with N = d²: ${shares.map((c) => `${percent(mean(at(c, 1)))} at c = ${c}`).join(", ")}; with N = 1.5 d² ${percent(mean(at(0.5, 1.5)))} at c = 0.5`,
    holds,
    values: { c: shares, draws, ...Object.fromEntries(curves.map(({ name, success }) => [name, success])) },
    figures: [
      {
        title: "How sparse the frozen network may be",
        caption: `Share of ${draws} draws in which a random layer is reached, with a share c sqrt(log d / d) of the frozen entries kept.`,
        xLabel: "c",
        yLabel: "share of draws",
        series: curves.map(({ name, success }) => ({ name, x: shares, y: success })),
      },
    ],
  };
}
