import { describe, expect, it } from "vitest";
import { type HostTensor, hostTensor } from "../core/index.ts";
import { compile, type Tensor, type Tensors } from "../engine/index.ts";
import {
  adamW,
  clipByGlobalNorm,
  constantSchedule,
  cosineSchedule,
  inverseSquareRootSchedule,
  type Optimizer,
  sgd,
} from "./index.ts";

const vector = (...values: number[]) => hostTensor(Float64Array.from(values), [values.length]);
const scalar = (value: number) => hostTensor(Float64Array.of(value), []);

/** The parameters after each of three steps with the gradients 1, -2, 0.5 (times each of [1, 3]). */
async function trajectory(optimizer: Optimizer): Promise<number[][]> {
  const step = compile((p: Tensor, g: Tensor, state: Tensors, learningRate: Tensor, count: Tensor) => {
    const next = optimizer.update([p], [g], state, { learningRate, step: count });
    return [next.params[0]!, next.state] as Tensors[];
  }) as unknown as (...args: unknown[]) => Promise<[HostTensor, unknown]>;
  let [p, state]: [HostTensor, unknown] = [vector(1, -1), optimizer.init([vector(1, -1)])];
  const seen: number[][] = [];
  for (const [i, g] of [1, -2, 0.5].entries()) {
    [p, state] = await step(p, vector(g, 3 * g), state, scalar(0.1), scalar(i + 1));
    seen.push(Array.from(p.data));
  }
  return seen;
}

/** The same by hand, a number at a time. */
function byHand(rule: () => (p: number, g: number, t: number) => number): number[][] {
  const columns = [1, -1].map((start, k) => {
    const next = rule();
    let p = start;
    return [1, -2, 0.5].map((g, i) => {
      p = next(p, g * (k === 0 ? 1 : 3), i + 1);
      return p;
    });
  });
  return [0, 1, 2].map((i) => columns.map((column) => column[i]!));
}

describe("update rules follow their formulas", () => {
  it.each<[string, Optimizer, () => (p: number, g: number, t: number) => number]>([
    ["sgd", sgd(), () => (p, g) => p - 0.1 * g],
    ["sgd with weight decay", sgd({ weightDecay: 0.2 }), () => (p, g) => p - 0.1 * (g + 0.2 * p)],
    [
      "momentum",
      sgd({ momentum: 0.9 }),
      () => {
        let v = 0;
        return (p, g) => {
          v = 0.9 * v + g;
          return p - 0.1 * v;
        };
      },
    ],
    [
      "Nesterov",
      sgd({ momentum: 0.9, nesterov: true }),
      () => {
        let v = 0;
        return (p, g) => {
          v = 0.9 * v + g;
          return p - 0.1 * (g + 0.9 * v);
        };
      },
    ],
    [
      "AdamW",
      adamW({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.3 }),
      () => {
        let [m, v] = [0, 0];
        return (p, g, t) => {
          m = 0.8 * m + 0.2 * g;
          v = 0.95 * v + 0.05 * g * g;
          const [mHat, vHat] = [m / (1 - 0.8 ** t), v / (1 - 0.95 ** t)];
          return p * (1 - 0.1 * 0.3) - (0.1 * mHat) / (Math.sqrt(vHat) + 1e-3);
        };
      },
    ],
  ])("%s", async (_, optimizer, rule) => {
    expect((await trajectory(optimizer)).flat()).toBeAllclose(byHand(rule).flat(), { rtol: 1e-12 });
  });
});

describe("clipping", () => {
  const clip = compile((a: Tensor, b: Tensor) => {
    const { gradients, norm } = clipByGlobalNorm([a, b], 6.5);
    return [...gradients, norm];
  });

  it("scales all gradients together down to the norm", async () => {
    const [a, b, norm] = (await clip(vector(3, 4), vector(12))) as [HostTensor, HostTensor, HostTensor];
    expect(norm.data[0]).toBe(13);
    expect([...a.data, ...b.data]).toBeAllclose([1.5, 2, 6]);
  });

  it("leaves small ones as they are", async () => {
    const [a, b] = (await clip(vector(0.3, 0.4), vector(0))) as [HostTensor, HostTensor, HostTensor];
    expect([...a.data, ...b.data]).toEqual([0.3, 0.4, 0]);
  });
});

describe("schedules", () => {
  it("constant", () => expect([0, 10].map(constantSchedule(0.1))).toEqual([0.1, 0.1]));

  it("cosine: warm-up, half way, end, and after it", () => {
    const rate = cosineSchedule({ peak: 1, warmupSteps: 4, totalSteps: 14, floor: 0.1 });
    expect([0, 3, 4, 9, 14, 99].map(rate)).toBeAllclose([0.25, 1, 1, 0.55, 0.1, 0.1]);
  });

  it("inverse square root", () => {
    const rate = inverseSquareRootSchedule({ peak: 1, warmupSteps: 4 });
    expect([0, 3, 15, 63].map(rate)).toBeAllclose([0.25, 1, 0.5, 0.25]);
  });

  it("refuses more warm-up than steps", () => {
    expect(() => cosineSchedule({ peak: 1, warmupSteps: 4, totalSteps: 4 })).toThrow(
      "totalSteps: expected more than the 4 warm-up steps, found 4",
    );
  });
});
