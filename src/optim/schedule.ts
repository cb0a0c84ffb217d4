import { ConfigError } from "../core/index.ts";

/** The learning rate at a step, counted from 0. */
export type Schedule = (step: number) => number;

/** The same rate at every step. */
export function constantSchedule(learningRate: number): Schedule {
  return () => learningRate;
}

/** Options of the schedules: steps are counted from 0. */
export interface ScheduleOptions {
  /** The highest rate. */
  readonly peak: number;
  /** Steps of linear growth from 0 to the peak; default 0. */
  readonly warmupSteps?: number;
}

function warmup({ peak, warmupSteps = 0 }: ScheduleOptions, after: (step: number) => number): Schedule {
  return (step) => (step < warmupSteps ? (peak * (step + 1)) / warmupSteps : after(step));
}

/**
 * Half a cosine from the peak down to `floor` at `totalSteps`, after a warm-up.
 *
 * @remarks Source: Loshchilov and Hutter (2017), eq. 5, without restarts.
 */
export function cosineSchedule(
  options: ScheduleOptions & { readonly totalSteps: number; readonly floor?: number },
): Schedule {
  const { peak, totalSteps, floor = 0, warmupSteps = 0 } = options;
  if (totalSteps <= warmupSteps) {
    throw new ConfigError({
      where: "totalSteps",
      expected: `more than the ${warmupSteps} warm-up steps`,
      found: `${totalSteps}`,
    });
  }
  return warmup(options, (step) => {
    const share = Math.min(1, (step - warmupSteps) / (totalSteps - warmupSteps));
    return floor + ((peak - floor) * (1 + Math.cos(Math.PI * share))) / 2;
  });
}

/**
 * Falls with the inverse square root of the step after a warm-up, from the peak.
 *
 * @remarks Source: Vaswani et al. (2017), eq. 3, with the peak given instead of the model's width.
 */
export function inverseSquareRootSchedule(options: ScheduleOptions): Schedule {
  const reference = Math.max(1, options.warmupSteps ?? 0);
  return warmup(options, (step) => options.peak * Math.sqrt(reference / Math.max(reference, step + 1)));
}
