import { afterAll, expect } from "vitest";
import type { HostTensor } from "../src/core/index.ts";

/** What {@link Assertion.toBeAllclose} compares. */
type Numbers = ArrayLike<number> | HostTensor;

interface Tolerance {
  /** Allowed difference as a fraction of the expected size. Default 1e-5. */
  readonly rtol?: number;
  /** Allowed difference beside that. Default 1e-8. */
  readonly atol?: number;
}

declare module "vitest" {
  interface Matchers<T> {
    /**
     * Whether every number lies within `atol + rtol * |expected|` of the expected one (NaN equals NaN) and shapes agree where
     * both sides are tensors. The message names the worst index.
     */
    toBeAllclose(expected: Numbers, tolerance?: Tolerance): T;
  }
}

function isTensor(numbers: Numbers): numbers is HostTensor {
  return "shape" in numbers;
}

/** `[1, 2]` for the flat index 5 of shape [2, 3]. */
function formatIndex(index: number, shape: readonly number[]): string {
  const coordinates: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    coordinates.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${coordinates.join(", ")}]`;
}

expect.extend({
  toBeAllclose(received: Numbers, expected: Numbers, { rtol = 1e-5, atol = 1e-8 }: Tolerance = {}) {
    const [actual, wanted] = [received, expected].map((side) => (isTensor(side) ? side.data : side)) as [
      ArrayLike<number>,
      ArrayLike<number>,
    ];
    const shape = isTensor(received) ? received.shape : isTensor(expected) ? expected.shape : [actual.length];
    const otherShape = isTensor(expected) && isTensor(received) ? expected.shape : shape;
    if (actual.length !== wanted.length || shape.join() !== otherShape.join()) {
      const describe = (side: Numbers) =>
        isTensor(side) ? `shape [${side.shape.join(", ")}]` : `${side.length} numbers`;
      return { pass: false, message: () => `expected ${describe(expected)}, received ${describe(received)}` };
    }
    let worst = -1;
    let worstExcess = 0;
    let wrong = 0;
    for (let i = 0; i < actual.length; i++) {
      const [a, b] = [actual[i]!, wanted[i]!];
      if (Object.is(a, b) || a === b) continue;
      const allowed = atol + rtol * Math.abs(b);
      const difference = Math.abs(a - b);
      if (difference <= allowed && Number.isFinite(b)) continue;
      wrong++;
      const excess = difference / allowed;
      if (worst === -1 || !(excess <= worstExcess)) {
        worst = i;
        worstExcess = excess;
      }
    }
    const message =
      worst === -1
        ? `all ${actual.length} numbers are within rtol ${rtol}, atol ${atol}`
        : `${wrong} of ${actual.length} numbers differ by more than rtol ${rtol}, atol ${atol}; ` +
          `worst at ${formatIndex(worst, shape)}: expected ${wanted[worst]}, received ${actual[worst]} ` +
          `(difference ${Math.abs(actual[worst]! - wanted[worst]!)})`;
    return { pass: worst === -1, message: () => message };
  },
});

// A command stops at SIGTERM by itself. What is left of one after its tests must not keep the runner from ending this process.
const listeners = new Set(process.listeners("SIGTERM"));
afterAll(() => {
  for (const listener of process.listeners("SIGTERM")) if (!listeners.has(listener)) process.off("SIGTERM", listener);
});
