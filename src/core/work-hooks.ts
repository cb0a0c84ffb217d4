/** What long work calls on its way, and what stops it. */
export interface WorkHooks {
  /** The fraction done, in [0, 1]. */
  readonly progress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}
