/** Training steps of the four workloads, interleaved one by one with the same steps in PyTorch. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { median } from "simple-statistics";
import { Random } from "../src/core/index.ts";
import type { Device } from "../src/engine/index.ts";
import { compileTrainStep, initialState } from "../src/train/index.ts";
import { loss, type Workload, workloads } from "./workloads.ts";

export interface StepsOptions {
  readonly peer?: string;
  readonly python: string;
  /** Timed steps; the first few are run and left out. */
  readonly steps: number;
  readonly only?: readonly string[];
  readonly jax: boolean;
}

export interface StepsResult {
  readonly name: string;
  readonly tenfoldMs: number;
  readonly torchMs: number | null;
  readonly jaxMs: number | null;
  readonly ratioToTorch: number | null;
  /** The same ratio from the fastest step of each. */
  readonly ratioOfMinima: number | null;
}

const warmupSteps = 5;

/** The peer as a process that takes one step for every line it is sent. */
class Peer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string, script: string, workload: string, steps: number) {
    this.#child = spawn(python, [script, workload, "--steps", String(steps)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async step(): Promise<number> {
    this.#child.stdin.write("\n");
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the peer ended early; its message is above");
    return (JSON.parse(value) as { ms: number }).ms;
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await once(this.#child, "exit");
  }
}

/** A workload on a device, as a function that takes a step and says how long it took. */
function prepare({ model, optimizer, learningRate, batch }: Workload, device: Device) {
  const options = { model, loss, optimizer, compile: { device } };
  const random = new Random(0);
  const step = compileTrainStep(options, initialState(options, model.init(random)));
  const data = batch(random);
  let index = 0;
  return {
    async run(): Promise<number> {
      const start = performance.now();
      await step.run(data, { learningRate, step: index++, seed: 0 });
      return performance.now() - start;
    },
    dispose: () => step.dispose(),
  };
}

/** Times every workload; with a peer, tenfold and the peer take turns step by step. */
export async function measureSteps(options: StepsOptions): Promise<StepsResult[]> {
  const results: StepsResult[] = [];
  for (const workload of workloads) {
    if (options.only && !options.only.includes(workload.name)) continue;
    const total = options.steps + warmupSteps;
    const tenfold = prepare(workload, "native");
    const peer = options.peer ? new Peer(options.python, options.peer, workload.name, total) : undefined;
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let i = 0; i < total; i++) {
      ours.push(await tenfold.run());
      if (peer) theirs.push(await peer.step());
    }
    await peer?.close();
    await tenfold.dispose();
    const jax = options.jax ? await timeJax(workload) : null;
    const [mine, torch] = [ours.slice(warmupSteps), theirs.slice(warmupSteps)];
    const round = (ms: number) => Math.round(ms * 1000) / 1000;
    results.push({
      name: workload.name,
      tenfoldMs: round(median(mine)),
      torchMs: peer ? round(median(torch)) : null,
      jaxMs: jax === null ? null : round(jax),
      ratioToTorch: peer ? round(median(mine) / median(torch)) : null,
      ratioOfMinima: peer ? round(Math.min(...mine) / Math.min(...torch)) : null,
    });
  }
  return results;
}

/** jax-js takes seconds for some of these steps: a few of them must do. */
async function timeJax(workload: Workload): Promise<number> {
  const steps = prepare(workload, "wasm");
  await steps.run();
  const times = [await steps.run(), await steps.run(), await steps.run()];
  await steps.dispose();
  return median(times);
}
