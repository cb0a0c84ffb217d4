/** Measures orders on quadratics beside the page; a new request ends the one before. @module */
import { core, permutationSgd } from "../../../browser/index.ts";

/** What the page asks for. */
export interface OrderRequest {
  readonly id: number;
  readonly config: permutationSgd.QuadraticConfig;
  readonly seed: number;
}

/** What the page hears. */
export type OrderAnswer =
  | { readonly id: number; readonly type: "progress"; readonly fraction: number }
  | { readonly id: number; readonly type: "bench"; readonly bench: permutationSgd.QuadraticBench }
  | { readonly id: number; readonly type: "problem"; readonly message: string };

let current: AbortController | undefined;

addEventListener("message", async ({ data: { id, config, seed } }: MessageEvent<OrderRequest>) => {
  current?.abort();
  const mine = new AbortController();
  current = mine;
  const answer = (message: OrderAnswer) => postMessage(message);
  try {
    const progress = (fraction: number) => answer({ id, type: "progress", fraction });
    const bench = await permutationSgd.benchQuadratic(config, seed, { signal: mine.signal, progress });
    answer({ id, type: "bench", bench });
  } catch (error) {
    if (mine.signal.aborted) return;
    const message = error instanceof core.TenfoldError ? error.message : String(error);
    answer({ id, type: "problem", message });
  }
});
