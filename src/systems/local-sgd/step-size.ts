import type { Problem } from "./problem.ts";
import { isMinibatch, isReshuffling, type ScheduleOptions } from "./schedule.ts";

/** A step size, and whether the theory stands behind it. */
export interface StepSize {
  readonly rate: number;
  /** Epochs K that the bounds ask for at this condition number, constants included. */
  readonly epochsNeeded: number;
  /** The theory's step where it would not be stable and a smaller one was taken. */
  readonly capped?: number;
}

/**
 * The constant step size of the theorems: B log(M N K^2) / (mu N K) for minibatches and log(M N K^2) / (mu N K) for local steps, with
 * M^2 in place of M when shuffling is synchronized; at most 1 / L.
 *
 * @remarks Source: Yun, Rajput and Sra (2022), Theorems 1, 2, 6 and 7. With replacement the step of the reshuffling methods is taken.
 */
export function theoreticalStep(
  { strongConvexity: mu, smoothness: L }: Problem,
  { method, sync, workers: M, components: N, localSteps: B, epochs: K }: ScheduleOptions,
): StepSize {
  const log = Math.log((sync ? M * M : M) * N * K * K);
  const rate = ((isMinibatch(method) ? B : 1) * log) / (mu * N * K);
  const epochsNeeded = (isMinibatch(method) && isReshuffling(method) ? 6 : 7) * (L / mu) * log;
  return rate <= 1 / L ? { rate, epochsNeeded } : { rate: 1 / L, epochsNeeded, capped: rate };
}
