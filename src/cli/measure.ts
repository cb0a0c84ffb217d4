import { TenfoldError } from "../core/index.ts";
import type { Measurement } from "../report/index.ts";
import type { Claim, ClaimContext, System } from "../systems/index.ts";

/** A claim and the room it belongs to. */
export interface PlannedClaim {
  readonly system: System;
  readonly claim: Claim;
}

/** What {@link measureClaims} tells while it works. */
export interface MeasureHooks {
  readonly signal: AbortSignal;
  /** `done` claims of all are measured, a fraction of the current one included. */
  readonly onProgress: (done: number, current: PlannedClaim) => void;
  readonly onMeasured: (measurement: Measurement) => void;
  /** A claim could not be measured; it is in the result all the same. */
  readonly onFailure: (error: unknown, claim: PlannedClaim) => void;
}

/**
 * Measures one claim after the other. An error ends its own claim only; an abort ends the work, and what was measured until
 * then is returned.
 */
export async function measureClaims(
  claims: readonly PlannedClaim[],
  options: Pick<ClaimContext, "scale" | "seed">,
  hooks: MeasureHooks,
): Promise<Measurement[]> {
  const { scale, seed } = options;
  const { signal } = hooks;
  const measurements: Measurement[] = [];
  for (const [index, planned] of claims.entries()) {
    if (signal.aborted) break;
    const { system, claim } = planned;
    hooks.onProgress(index, planned);
    const progress = (fraction: number) => hooks.onProgress(index + Math.min(1, Math.max(0, fraction)), planned);
    const start = performance.now();
    let finding: Measurement["finding"];
    try {
      finding = await claim.measure({ scale, seed, signal, progress });
    } catch (error) {
      if (signal.aborted) break;
      hooks.onFailure(error, planned);
      const message = error instanceof Error ? error.message : String(error);
      finding = { error: error instanceof TenfoldError ? message : `internal error: ${message}` };
    }
    const measurement = { system, claim, scale, seed, seconds: (performance.now() - start) / 1000, finding };
    measurements.push(measurement);
    hooks.onMeasured(measurement);
  }
  return measurements;
}
