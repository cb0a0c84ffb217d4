/** The construction on random targets: how it grows with the accuracy asked for. @module */
import { Random, type WorkHooks } from "../../core/index.ts";
import { approximate } from "./approximate.ts";
import type { Gadget } from "./blueprint.ts";
import type { BenchConfig } from "./config.ts";
import { RedundancyError } from "./construct.ts";
import { totalBound } from "./error-bound.ts";
import { signedLayers } from "./integer-forward.ts";
import { prove } from "./prove.ts";
import { randomTarget } from "./random-target.ts";

/** Targets of one accuracy and gadget. Sizes are medians over targets. */
export interface BenchRow {
  readonly gadget: Gadget;
  readonly eps: number;
  /** Targets tried, and those for which the seed had all signs. */
  readonly targets: number;
  readonly found: number;
  readonly bits: number;
  readonly depth: number;
  readonly width: number;
  readonly copies: number;
  readonly lastCopies: number;
  readonly keptEdges: number;
  readonly virtualEdges: number;
  /** Largest over targets and inputs. */
  readonly measuredError: number;
  /** Largest over targets. */
  readonly errorBound: number;
  /** Largest error as a share of its own target's bound. */
  readonly tightness: number;
  /** Inputs at which some output was not the quantized target's, over all targets. */
  readonly unequal: number;
  /** Whether every depth is layers (doublings + 1) + 1. */
  readonly depthIsExact: boolean;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Approximates random targets, each proved equal to its quantized form, at every accuracy. */
export async function benchApproximation(
  config: BenchConfig,
  seed: number,
  hooks: WorkHooks = {},
): Promise<BenchRow[]> {
  const { widths, eps, gadgets, targets, delta, copies, samples } = config;
  const cells = gadgets.flatMap((gadget) => eps.map((value) => ({ gadget, eps: value })));
  const rows: BenchRow[] = [];
  for (const [at, cell] of cells.entries()) {
    const found = [];
    for (let t = 0; t < targets; t++) {
      hooks.signal?.throwIfAborted();
      const target = randomTarget(widths, new Random(seed, "random-target", t));
      try {
        const built = await approximate(target, {
          ...cell,
          seed: seed + t,
          delta,
          samples,
          ...(copies !== undefined && { copies }),
          ...(hooks.signal && { signal: hooks.signal }),
        });
        const { doublings, split } = built.blueprint;
        prove(signedLayers(built.layers, built.seed), built.quantized, { doublings, split });
        found.push(built);
      } catch (error) {
        if (!(error instanceof RedundancyError)) throw error;
      }
      hooks.progress?.((at * targets + t + 1) / (cells.length * targets));
    }
    const errors = found.map(({ measurement }) => measurement.measuredError);
    const bounds = found.map(({ bound }) => totalBound(bound));
    rows.push({
      ...cell,
      targets,
      found: found.length,
      bits: median(found.map(({ quantized }) => quantized.bits)),
      depth: median(found.map(({ layers }) => layers.length)),
      width: median(found.map(({ layers }) => Math.max(...layers.map(({ width }) => width)))),
      copies: median(found.map((built) => built.copies)),
      lastCopies: median(found.map((built) => built.lastCopies)),
      keptEdges: median(found.map(({ keptEdges }) => keptEdges)),
      virtualEdges: median(found.map(({ virtualEdges }) => virtualEdges)),
      measuredError: Math.max(0, ...errors),
      errorBound: Math.max(0, ...bounds),
      tightness: Math.max(0, ...errors.map((error, i) => error / bounds[i]!)),
      unequal: found.reduce((sum, { measurement }) => sum + measurement.unequal, 0),
      depthIsExact: found.every(
        ({ layers, blueprint }) => layers.length === (widths.length - 1) * (blueprint.doublings + 1) + 1,
      ),
    });
  }
  return rows;
}
