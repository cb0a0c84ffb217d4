import { describe, expect, it } from "vitest";
import { Random } from "../../core/index.ts";
import type { Order, OrderState } from "../order.ts";
import { createOrder, orderNames, restoreOrder } from "./index.ts";

const dim = 3;

/** A gradient that depends on the example and the epoch, so that the balance has something to do. */
function gradientOf(example: number, epoch: number): Float64Array {
  const random = new Random(7, "gradient", example);
  return Float64Array.from({ length: dim }, () => random.normal(2) + 0.1 * Math.sin(example + epoch));
}

function observeOne(order: Order, position: number): void {
  order.observe(position, gradientOf(order.permutation()[position]!, order.epoch));
}

/** The permutations of the next `epochs` epochs. */
function drive(order: Order, epochs: number): number[][] {
  return Array.from({ length: epochs }, () => {
    const permutation = [...order.permutation()];
    if (order.needsGradients) for (let i = 0; i < order.size; i++) observeOne(order, i);
    order.endEpoch();
    return permutation;
  });
}

/** A copy as a checkpoint makes it: values through JSON, arrays by bytes. */
function throughStorage(state: OrderState): OrderState {
  const arrays = Object.fromEntries(Object.entries(state.arrays).map(([key, array]) => [key, array.slice()]));
  return { ...(JSON.parse(JSON.stringify({ name: state.name, values: state.values })) as OrderState), arrays };
}

describe.each(orderNames)("order %s", (name) => {
  it.each([1, 2, 3, 10, 37])("visits each of %i examples once an epoch", (size) => {
    const identity = Array.from({ length: size }, (_, i) => i);
    for (const permutation of drive(createOrder(name, { size, seed: 3 }), 6)) {
      expect(permutation.toSorted((a, b) => a - b)).toEqual(identity);
    }
  });

  it("keeps its permutation stable within an epoch", () => {
    const order = createOrder(name, { size: 9, seed: 1 });
    drive(order, 2);
    const before = [...order.permutation()];
    if (order.needsGradients) for (let i = 0; i < 5; i++) observeOne(order, i);
    expect([...order.permutation()]).toEqual(before);
  });

  it.each([7, 8])("continues from a snapshot at every position of two epochs (n = %i)", (size) => {
    const whole = drive(createOrder(name, { size, seed: 5 }), 5);
    const order = createOrder(name, { size, seed: 5 });
    for (let epoch = 0; epoch < 2; epoch++) {
      for (let position = 0; position <= size; position++) {
        const restored = restoreOrder(throughStorage(order.state()));
        expect(restored.state()).toEqual(order.state());
        if (restored.needsGradients) for (let i = position; i < size; i++) observeOne(restored, i);
        const current = [...restored.permutation()];
        restored.endEpoch();
        expect([current, ...drive(restored, 4 - epoch)]).toEqual(whole.slice(epoch));
        if (position < size && order.needsGradients) observeOne(order, position);
      }
      order.endEpoch();
    }
  });

  it("is a function of its seed", () => {
    const orders = (seed: number) => drive(createOrder(name, { size: 12, seed }), 4);
    expect(orders(4)).toEqual(orders(4));
    if (!name.endsWith("igd")) expect(orders(4)).not.toEqual(orders(5));
  });
});

describe("schedules", () => {
  it.each(["ff-rr", "ff-ss", "ff-igd"] as const)("%s reverses every odd epoch exactly in the even one", (name) => {
    const passes = drive(createOrder(name, { size: 11, seed: 8 }), 8);
    const plain = drive(createOrder(name.slice(3), { size: 11, seed: 8 }), 4);
    for (let pair = 0; pair < 4; pair++) {
      expect(passes[2 * pair]).toEqual(plain[pair]);
      expect(passes[2 * pair + 1]).toEqual(plain[pair]!.toReversed());
    }
  });

  it("ss repeats one permutation, rr does not, igd is the identity", () => {
    const ss = drive(createOrder("ss", { size: 20, seed: 2 }), 5);
    expect(new Set(ss.map(String)).size).toBe(1);
    expect(new Set(drive(createOrder("rr", { size: 20, seed: 2 }), 50).map(String)).size).toBe(50);
    expect(drive(createOrder("igd", { size: 4, seed: 2 }), 1)).toEqual([[0, 1, 2, 3]]);
  });

  it.each(["rr", "ss"] as const)("%s draws all 24 permutations of 4 equally often", (name) => {
    const counts = new Map<string, number>();
    const draws = 12_000;
    const rr = createOrder("rr", { size: 4, seed: 11 });
    for (let i = 0; i < draws; i++) {
      const [permutation] = drive(name === "rr" ? rr : createOrder("ss", { size: 4, seed: i }), 1);
      counts.set(String(permutation), (counts.get(String(permutation)) ?? 0) + 1);
    }
    const expected = draws / 24;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(counts.size).toBe(24);
    expect(chiSquare).toBeLessThan(49.7); // the 99.9% point of chi-square with 23 degrees of freedom
    expect(chiSquare).toBeGreaterThan(7.5); // its 0.1% point: counts that are too even are not random either
  });
});

describe("GraB", () => {
  /** The herding objective: the longest prefix sum of centred gradients along an order. */
  function herding(vectors: Float64Array[], order: ArrayLike<number>): number {
    const mean = vectors[0]!.map((_, j) => vectors.reduce((sum, v) => sum + v[j]!, 0) / vectors.length);
    const prefix = new Float64Array(mean.length);
    let longest = 0;
    for (let i = 0; i < order.length; i++) {
      for (let j = 0; j < mean.length; j++) prefix[j]! += vectors[order[i]!]![j]! - mean[j]!;
      longest = Math.max(longest, Math.hypot(...prefix));
    }
    return longest;
  }

  it.each(["grab", "grab-pair"] as const)("%s lowers the herding objective on fixed vectors", (name) => {
    const random = new Random(21, "vectors");
    const vectors = Array.from({ length: 500 }, () => Float64Array.from({ length: 8 }, () => random.uniform()));
    const reshuffled = Array.from({ length: 15 }, (_, i) => herding(vectors, new Random(i, "order").permutation(500)));
    const order = createOrder(name, { size: 500, seed: 1 });
    for (let epoch = 0; epoch < 12; epoch++) {
      for (let i = 0; i < 500; i++) order.observe(i, vectors[order.permutation()[i]!]!);
      order.endEpoch();
    }
    expect(herding(vectors, order.permutation())).toBeLessThan(0.4 * Math.min(...reshuffled));
  });

  it("places by signs as worked out by hand", () => {
    // Gradients 1, 2, -1, -4 in one dimension, the mean of the first epoch being 0.
    const gradients = [1, 2, -1, -4];
    const order = createOrder("grab", { size: 4, seed: 0 });
    const first = [...order.permutation()];
    first.forEach((_, position) => {
      order.observe(position, [gradients[position]!]);
    });
    order.endEpoch();
    // s: 0 -> +1 = 1 -> -2 = -1 -> +1 (minus -1) = 0 -> -4 (plus): signs + - - +
    expect([...order.permutation()]).toEqual([first[0], first[3], first[2], first[1]]);
    const pair = createOrder("grab-pair", { size: 4, seed: 0 });
    const start = [...pair.permutation()];
    start.forEach((_, position) => {
      pair.observe(position, [gradients[position]!]);
    });
    pair.endEpoch();
    // differences -1 and 3: s = 0 -> plus, s = -1 -> plus: firsts to the front, seconds to the back
    expect([...pair.permutation()]).toEqual([start[0], start[2], start[3], start[1]]);
  });

  it("keeps O(d) + O(n) numbers", () => {
    for (const name of ["grab", "grab-pair"] as const) {
      const order = createOrder(name, { size: 100, seed: 0 });
      for (let i = 0; i < 30; i++) order.observe(i, new Float64Array(50));
      const numbers = Object.values(order.state().arrays).reduce((sum, array) => sum + array.length, 0);
      expect(numbers).toBeLessThanOrEqual(2 * 100 + 3 * 50);
    }
  });
});

describe("what is refused", () => {
  const grab = () => createOrder("grab", { size: 3, seed: 0 });

  it.each<[string, () => unknown, string]>([
    ["an unknown name", () => createOrder("ff-r", { size: 3, seed: 0 }), 'did you mean "ff-rr"?'],
    ["a size of 0", () => createOrder("rr", { size: 0, seed: 0 }), "order rr: expected a size of at least 1 example"],
    ["a broken seed", () => createOrder("rr", { size: 3, seed: 0.5 }), "order rr: expected an integer seed, found 0.5"],
    ["a skipped position", () => grab().observe(1, [0]), "expected the gradient at position 0 of 3"],
    ["an unfinished epoch", () => grab().endEpoch(), "expected a gradient for each of 3 examples before endEpoch()"],
    ["a NaN gradient", () => grab().observe(0, [Number.NaN]), "order grab, epoch 1, example"],
    [
      "a gradient of another length",
      () => {
        const order = grab();
        order.observe(0, [1, 2]);
        order.observe(1, [1]);
      },
      "expected a gradient of 2 numbers as before, found 1",
    ],
    [
      "one gradient too many",
      () => {
        const order = grab();
        for (let i = 0; i < 4; i++) order.observe(i, [1]);
      },
      "expected endEpoch() after 3 gradients",
    ],
    [
      "a state without its epoch",
      () => restoreOrder({ name: "rr", values: { size: 3, seed: 0 }, arrays: {} }),
      'expected an integer "epoch" for rr, found undefined',
    ],
    [
      "a state with a vector missing",
      () => {
        const { mean: _, ...arrays } = grab().state().arrays;
        return restoreOrder({ ...grab().state(), arrays });
      },
      'expected an array "mean" of 0 numbers for grab, found none',
    ],
    [
      "a state with an order cut short",
      () => restoreOrder({ ...grab().state(), arrays: { ...grab().state().arrays, next: new Int32Array(2) } }),
      'expected an array "next" of 3 numbers for grab, found 2 numbers',
    ],
  ])("%s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});
