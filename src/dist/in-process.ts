import type { RoundEngine, RoundPolicy } from "./engine.ts";
import { type ComputeShares, LocalRounds } from "./local-rounds.ts";
import type { Work } from "./work.ts";

/**
 * The reference engine: workers take their turns in this process.
 *
 * @example
 * ```ts
 * const engine = inProcess(work);
 * await engine.begin(await initialRunState(work));
 * for (let round = 0; round < work.rounds; round++) await engine.round();
 * const { held } = await engine.state();
 * ```
 */
export function inProcess(work: Work, policy: RoundPolicy = {}): RoundEngine {
  const by = `process ${process.pid}`;
  const compute: ComputeShares = async (round, holdings, signal) => {
    const settled: Awaited<ReturnType<ComputeShares>> = [];
    for (const [worker, held] of holdings.entries()) {
      signal?.throwIfAborted();
      const begin = performance.now();
      try {
        const share = await work.share(round, worker, held);
        settled.push({ status: "fulfilled", value: { share, ms: performance.now() - begin, by } });
      } catch (reason) {
        settled.push({ status: "rejected", reason });
      }
    }
    return settled;
  };
  return new LocalRounds("in-process", work, compute, policy);
}
