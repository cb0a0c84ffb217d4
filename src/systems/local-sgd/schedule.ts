/** Which components each worker visits in each round. @module */
import { Random } from "../../core/index.ts";
import { type OrderName, restoreOrder } from "../../optim/index.ts";

/** The four methods of the paper. */
export const methods = ["minibatch-sgd", "local-sgd", "minibatch-rr", "local-rr"] as const;
export type Method = (typeof methods)[number];

/** Whether workers average gradients at the same weights, instead of weights after steps of their own. */
export function isMinibatch(method: Method): boolean {
  return method.startsWith("minibatch");
}

/** Whether an epoch visits every component once, instead of drawing with replacement. */
export function isReshuffling(method: Method): boolean {
  return method.endsWith("rr");
}

/** What decides who visits what when. */
export interface ScheduleOptions {
  readonly method: Method;
  /** Synchronized shuffling; for reshuffling methods. M divides N. */
  readonly sync: boolean;
  /** M */
  readonly workers: number;
  /** N, components of each worker. */
  readonly components: number;
  /** B, components a round: steps of their own between two averages, or the size of a worker's batch. B divides N. */
  readonly localSteps: number;
  /** K, passes of each worker over its components. */
  readonly epochs: number;
  readonly seed: number;
  /**
   * How each worker orders its components, for methods that reshuffle; default `rr`. An order that learns from gradients cannot be asked for:
   * its memory is not part of a round.
   */
  readonly order?: OrderName;
}

/** R = N K / B */
export function roundsOf({ components, localSteps, epochs }: ScheduleOptions): number {
  return (components / localSteps) * epochs;
}

/** The epoch, from 0, of which a round is part. */
export function epochOf(round: number, { components, localSteps }: ScheduleOptions): number {
  return Math.floor(round / (components / localSteps));
}

/** Whether an epoch ends with a round. */
export function endsEpoch(round: number, { components, localSteps }: ScheduleOptions): boolean {
  return ((round + 1) * localSteps) % components === 0;
}

/**
 * The components that workers visit, in order. Permutations follow from the seed, the epoch and the worker; they are made where
 * they are needed and never travel.
 *
 * @remarks Source: Yun, Rajput and Sra (2022), Algorithms 1 and 2, and SyncShuf of section 5: the server draws sigma over the
 * components and pi over the workers, and sigma^m(i) = sigma((i + (N / M) pi(m)) mod N), here with i and pi from 0.
 */
export class Schedule {
  readonly options: ScheduleOptions;
  /** By worker: the epoch made last, and its visits. */
  readonly #made = new Map<number, { readonly epoch: number; readonly visits: Int32Array }>();

  constructor(options: ScheduleOptions) {
    this.options = options;
  }

  /**
   * The B components of worker `worker` in round `round`, both from 0.
   *
   * @returns int32 [localSteps]; owned by the schedule and valid until the next call
   */
  components(round: number, worker: number): Int32Array {
    const { components, localSteps } = this.options;
    const start = (round * localSteps) % components;
    return this.visits(epochOf(round, this.options), worker).subarray(start, start + localSteps);
  }

  /** The N components that `worker` visits in an epoch, in order: sigma^m, or draws with replacement. */
  visits(epoch: number, worker: number): Int32Array {
    const made = this.#made.get(worker);
    if (made?.epoch === epoch) return made.visits;
    const visits = this.options.sync ? this.#synchronized(epoch, worker) : this.#own(epoch, worker);
    this.#made.set(worker, { epoch, visits });
    return visits;
  }

  #own(epoch: number, worker: number): Int32Array {
    const { method, components, seed, order = "rr" } = this.options;
    if (order !== "rr") {
      const own = new Random(seed, "local", "order", worker).integer(0x7fffffff);
      const values = { size: components, seed: own, epoch };
      return restoreOrder({ name: order, values, arrays: {} }).permutation();
    }
    const random = new Random(seed, "local", "visits", epoch, worker);
    if (isReshuffling(method)) return random.permutation(components);
    return Int32Array.from({ length: components }, () => random.integer(components));
  }

  #synchronized(epoch: number, worker: number): Int32Array {
    const { components, workers, seed } = this.options;
    const server = new Random(seed, "local", "sync", epoch);
    const sigma = server.permutation(components);
    const pi = server.permutation(workers);
    const shift = (components / workers) * pi[worker]!;
    return sigma.map((_, i) => sigma[(i + shift) % components]!);
  }
}
