/** How the claims about the construction are measured. @module */
import { setImmediate } from "node:timers/promises";
import { Random } from "../../core/index.ts";
import type { ClaimContext, Figure, Finding } from "../claim.ts";
import { approximate } from "./approximate.ts";
import { type BenchRow, benchApproximation } from "./bench.ts";
import { type BenchConfig, benchSchema } from "./config.ts";
import { signedLayers } from "./integer-forward.ts";
import { measureError } from "./measure-error.ts";
import { randomTarget } from "./random-target.ts";

const accuracies = [0.3, 0.1, 0.03, 0.01, 0.003];

function bench(context: ClaimContext, options: Partial<BenchConfig>, [from, to] = [0, 1]): Promise<BenchRow[]> {
  const config = benchSchema.parse({ samples: context.scale === "full" ? 500 : 60, ...options });
  const progress = (fraction: number) => context.progress(from! + (to! - from!) * fraction);
  return benchApproximation(config, context.seed, { progress, signal: context.signal });
}

const inEps = { xLabel: "eps", xScale: "log" } as const;

/** Claim B1. */
export async function measureApproximation(context: ClaimContext): Promise<Finding> {
  const targets = context.scale === "full" ? 20 : 5;
  const rows = await bench(context, { targets, eps: accuracies });
  const all = rows.reduce((sum, row) => sum + row.targets, 0);
  const found = rows.reduce((sum, row) => sum + row.found, 0);
  const unequal = rows.reduce((sum, row) => sum + row.unequal, 0);
  const tightness = Math.max(...rows.map((row) => row.tightness));
  const bounded = rows.every(({ errorBound, eps }) => errorBound <= eps) && tightness <= 1;
  const figure: Figure = {
    title: "Error, its bound and what was asked for",
    caption: `Largest over ${targets} random targets 6-6-6-6: the bound stays below the dashed line, the error below the bound.`,
    ...inEps,
    yLabel: "distance from the target's output",
    yScale: "log",
    series: [
      { name: "certified bound", x: accuracies, y: rows.map(({ errorBound }) => errorBound) },
      { name: "measured error", x: accuracies, y: rows.map(({ measuredError }) => measuredError) },
      { name: "eps", x: accuracies, y: accuracies, reference: true },
    ],
  };
  return {
    found: `${found} of ${all} found, ${unequal} outputs unequal, error at most ${tightness.toFixed(2)} of its bound`,
    holds: found === all && unequal === 0 && bounded,
    values: {
      eps: accuracies,
      errorBounds: rows.map(({ errorBound }) => errorBound),
      measuredErrors: rows.map(({ measuredError }) => measuredError),
      bits: rows.map(({ bits }) => bits),
      keptEdges: rows.map(({ keptEdges }) => keptEdges),
      virtualEdges: rows.map(({ virtualEdges }) => virtualEdges),
      found,
      targets: all,
    },
    figures: [figure],
  };
}

/** Claim B2. */
export async function measureGrowth(context: ClaimContext): Promise<Finding> {
  const depths = [1, 2, 3, 4, 5];
  const targets = context.scale === "full" ? 10 : 1;
  const eps = context.scale === "full" ? accuracies : [0.3, 0.03, 0.003];
  const grown: BenchRow[][] = [];
  for (const [at, layers] of depths.entries()) {
    const widths = Array<number>(layers + 1).fill(6);
    grown.push(await bench(context, { widths, targets, eps }, [at / depths.length, (at + 1) / depths.length]));
  }
  const exact = grown.every((rows) => rows.every(({ depthIsExact }) => depthIsExact));
  const ends = grown.map((rows) => ({ first: rows[0]!, last: rows.at(-1)! }));
  const widening = ends.map(({ first, last }) => last.width / first.width);
  // Copies of the last block: with two or more blocks of as many channels, those make the widest layer.
  const sizeOf = ({ bits, lastCopies }: BenchRow) => Math.max(2, bits + 1) * lastCopies;
  const proportional = ends.every(({ first, last }, i) => Math.abs(widening[i]! - sizeOf(last) / sizeOf(first)) < 1e-9);
  const moreBits = Math.max(...ends.map(({ first, last }) => last.bits - first.bits));
  const moreCopies = Math.max(...ends.map(({ first, last }) => last.lastCopies - first.lastCopies));
  const halvings = Math.log2(eps[0]! / eps.at(-1)!);
  const bits = grown.map((rows) => rows.map((row) => row.bits));
  return {
    found: `depth ${exact ? "exactly" : "not"} L (bits + 1) + 1 for L = 1 to 5; while 1/eps grows 100 times at most ${moreBits} bits and ${moreCopies} copies more, width ${Math.max(...widening).toFixed(1)} times`,
    holds: exact && proportional && moreBits <= halvings + 1 && moreCopies <= 3,
    values: {
      eps,
      widening,
      proportional,
      moreBits,
      moreCopies,
      depthIsExact: exact,
      depths: grown.map((rows) => rows.at(-1)!.depth),
    },
    figures: [
      {
        title: "Depth against bits",
        caption: "Layers of the random network for targets of one to five layers: L more for every bit.",
        xLabel: "bits a weight",
        yLabel: "layers",
        series: depths.map((layers, i) => ({
          name: `L = ${layers}`,
          x: bits[i]!,
          y: grown[i]!.map(({ depth }) => depth),
        })),
      },
    ],
  };
}

/** The exponent of y in 1/x, by least squares on logarithms. */
function exponent(x: readonly number[], y: readonly number[]): number {
  const [u, v] = [x.map((value) => -Math.log(value)), y.map(Math.log)];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mu, mv] = [mean(u), mean(v)];
  const covariance = u.reduce((sum, value, i) => sum + (value - mu) * (v[i]! - mv), 0);
  return covariance / u.reduce((sum, value) => sum + (value - mu) ** 2, 0);
}

/** Claim B3. */
export async function measureUnary(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const eps = full ? [0.3, 0.1, 0.03, 0.01] : [0.3, 0.1, 0.03];
  const rows = await bench(context, { eps, gadgets: ["unary", "doubling"], targets: full ? 5 : 1 });
  const of = (gadget: BenchRow["gadget"]) => rows.filter((row) => row.gadget === gadget);
  const widthOf = (gadget: BenchRow["gadget"]) => of(gadget).map(({ width }) => width);
  const [unary, doubling] = [exponent(eps, widthOf("unary")), exponent(eps, widthOf("doubling"))];
  const equal = rows.every((row) => row.unequal === 0 && row.found === row.targets);
  return {
    found: `width grows as (1/eps)^${unary.toFixed(2)} without doubling, (1/eps)^${doubling.toFixed(2)} with it`,
    holds: equal && unary >= 0.7 && doubling <= 0.35,
    values: {
      eps,
      unaryExponent: unary,
      doublingExponent: doubling,
      unaryWidths: widthOf("unary"),
      doublingWidths: widthOf("doubling"),
      unaryEdges: of("unary").map(({ keptEdges }) => keptEdges),
      doublingEdges: of("doubling").map(({ keptEdges }) => keptEdges),
    },
    figures: [
      {
        title: "What doubling is worth",
        caption: "Units of the widest layer, targets 6-6-6-6: a network that only adds grows as a power of 1/eps.",
        ...inEps,
        yLabel: "width",
        yScale: "log",
        series: (["unary", "doubling"] as const).map((gadget) => ({
          name: gadget === "unary" ? "adding (4 layers)" : "doubling",
          x: eps,
          y: widthOf(gadget),
        })),
      },
    ],
  };
}

/** Claim B4. */
export async function measureOtherSeeds(context: ClaimContext): Promise<Finding> {
  const targets = context.scale === "full" ? 20 : 3;
  const others = 5;
  const eps = 0.01;
  const errors: number[] = [];
  const shares: number[] = [];
  for (let t = 0; t < targets; t++) {
    const target = randomTarget([6, 6, 6, 6], new Random(context.seed, "other-seeds", t));
    const built = await approximate(target, { eps, seed: context.seed + t, samples: 20, signal: context.signal });
    for (let other = 1; other <= others; other++) {
      const measured = await measureError(signedLayers(built.layers, built.seed + other), {
        ...built,
        samples: 50,
        purpose: "other-seeds",
        signal: context.signal,
      });
      errors.push(measured.measuredError);
      shares.push(measured.unequal / measured.inputs);
    }
    await setImmediate();
    context.signal.throwIfAborted();
    context.progress((t + 1) / targets);
  }
  const [leastError, leastShare] = [Math.min(...errors), Math.min(...shares)];
  return {
    found: `error at least ${leastError.toPrecision(2)} at eps ${eps}, other outputs at ${(100 * leastShare).toFixed(0)}% of inputs or more (${errors.length} networks)`,
    holds: leastError > eps,
    values: { eps, errors, sharesUnequal: shares },
  };
}
