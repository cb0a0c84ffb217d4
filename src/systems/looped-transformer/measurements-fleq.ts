import { Random } from "../../core/index.ts";
import { matrixProduct } from "../../linalg/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import { addTransposedProduct, matmul, transposedProductBound } from "./blocks/matrices.ts";
import { buildFleq, fleqLayers } from "./fleq-machine.ts";
import type { FunctionBlock } from "./function-block.ts";
import { fleqProgram, visit } from "./lab.ts";
import {
  backpropagationProgram,
  forwardHidden,
  type HiddenLayer,
  inverseProgram,
  plainBackpropagation,
  plainRegression,
  regressionProgram,
} from "./programs.ts";
import { countTransformer } from "./transformer.ts";
import { verifyMachine } from "./verify.ts";

const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const scientific = (value: number) => value.toExponential(1);

/** Claim T5. */
export async function measureFunctions(context: ClaimContext): Promise<Finding> {
  const sizes = context.scale === "full" ? [1, 2, 4, 8] : [1, 2, 4];
  const errors: number[] = [];
  const layers: number[] = [];
  let mismatches = 0;
  for (const [i, size] of sizes.entries()) {
    const columns = 32 * size;
    const found = await verifyMachine({
      ...{ machine: "fleq", columns, size, bits: 0, precision: "float64", mode: "hardened", engine: "fast" },
      ...{ programs: context.scale === "full" ? 100 : 10, steps: 20, seed: context.seed, signal: context.signal },
    });
    mismatches += found.mismatches;
    errors.push(found.largestError!);
    layers.push(countTransformer(buildFleq({ kind: "fleq", columns, size }).transformer).layers);
    context.progress((i + 1) / sizes.length);
  }
  return {
    found: `${mismatches} mismatches; error at most ${scientific(Math.max(...errors))}; ${fleqLayers} layers`,
    holds: mismatches === 0 && Math.max(...errors) <= 1e-6 && layers.every((count) => count === fleqLayers),
    values: { sizes, errors, mismatches, layers },
  };
}

/** A matrix product by one head whose scores are c a_i · b_k: its error grows with c, as the paper's does. */
function oneHeadProduct(scale: number): FunctionBlock {
  return {
    ...matmul,
    name: "product",
    description: "the product of a transposed and b, by one head",
    plan(allocator, size) {
      const result = allocator.allocate("product", size);
      const scales = [[scale, 1 / scale]] as const;
      return {
        result,
        bound: transposedProductBound(size, scales),
        layers: [(layer) => addTransposedProduct(layer, { a: layer.rows.a, b: layer.rows.b, result }, scales)],
      };
    },
  };
}

/** A random matrix with singular values from 1 / 2 to 1, near enough: the identity and a little. */
function wellConditioned(random: Random, n: number): number[][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (__, j) => (i === j ? 1 : 0) + 0.4 * (random.uniform() - 0.5)),
  );
}

const flat = (rows: readonly (readonly number[])[]) => Float64Array.from(rows.flat());

/** The largest entry of A X - I after every round. */
function residuals(a: readonly (readonly number[])[], inverses: readonly (readonly (readonly number[])[])[]): number[] {
  const n = a.length;
  return inverses.map((x) => {
    const product = matrixProduct(flat(a), flat(x), n, n, n);
    return product.reduce((most, value, i) => Math.max(most, Math.abs(value - (i % (n + 1) === 0 ? 1 : 0))), 0);
  });
}

/** Newton's inverse in plain arithmetic: X after every round. */
function plainInverse(a: readonly (readonly number[])[], scale: number, rounds: number): number[][][] {
  const n = a.length;
  let x = a.map((_, i) => a.map((row) => scale * row[i]!));
  return Array.from({ length: rounds }, () => {
    const ax = matrixProduct(flat(a), flat(x), n, n, n);
    const rest = ax.map((value, i) => (i % (n + 1) === 0 ? 2 : 0) - value);
    const next = matrixProduct(flat(x), rest, n, n, n);
    x = Array.from({ length: n }, (_, i) => Array.from(next.subarray(i * n, (i + 1) * n)));
    return x;
  });
}

/** Claim T6. */
export async function measureInverse(context: ClaimContext): Promise<Finding> {
  const repeats = context.scale === "full" ? 10 : 3;
  const [n, rounds, scale] = [4, 8, 0.4];
  const final: number[] = [];
  let curves: { own: number[]; plain: number[]; rough: number[] } | undefined;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const a = wellConditioned(new Random(context.seed, "loop", "inverse", repeat), n);
    const collect = async (product: string, blocks: readonly FunctionBlock[]) => {
      const inverses: number[][][] = [];
      const compiled = await fleqProgram(inverseProgram(a, scale, rounds, product), blocks);
      const last = visit(compiled, "again", ({ X }) => inverses.push(X as number[][]));
      // The first visit is before the first round, the last round ends elsewhere.
      return residuals(a, [...inverses.slice(1), last.X as number[][]]);
    };
    const own = await collect("matmul", []);
    final.push(own.at(-1)!);
    curves ??= {
      own,
      plain: residuals(a, plainInverse(a, scale, rounds)),
      rough: await collect("product", [oneHeadProduct(1e-4)]),
    };
    context.progress((repeat + 1) / repeats);
  }
  const x = curves!.own.map((_, i) => i + 1);
  const worst = Math.max(...final);
  // Rounding may leave a residual of exactly 0, which a logarithmic axis cannot show.
  const visible = (values: readonly number[]) => values.map((value) => Math.max(value, 1e-17));
  return {
    found: `|A X - I| at most ${scientific(worst)} after ${rounds} rounds, ${repeats} matrices; one head with c = 1e-4: ${scientific(curves!.rough.at(-1)!)}`,
    holds: worst <= 1e-8 && curves!.rough.at(-1)! > 10 * worst,
    values: { residuals: final, oneHead: curves!.rough.at(-1)! },
    figures: [
      {
        title: "Newton's inverse inside the transformer",
        caption:
          "The residual falls as in plain arithmetic, until the products' own error is reached: one head at c = 1e-4, as in the paper, or four heads that cancel one another's.",
        xLabel: "round",
        yLabel: "largest entry of A X - I",
        yScale: "log",
        series: [
          { name: "four heads", x, y: visible(curves!.own) },
          { name: "one head", x, y: visible(curves!.rough) },
          { name: "plain arithmetic", x, y: visible(curves!.plain), reference: true },
        ],
      },
    ],
  };
}

/** Examples of a random linear model, with a constant input and a little noise. */
function linearExamples(random: Random, count: number, d: number) {
  const truth = Array.from({ length: d }, () => random.normal());
  return Array.from({ length: count }, () => {
    const x = [...Array.from({ length: d - 1 }, () => 2 * random.uniform() - 1), 1];
    return { x, y: x.reduce((sum, value, i) => sum + value * truth[i]!, 0.1 * random.normal()) };
  });
}

/** Claim T7. */
export async function measureRegression(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const [d, count, epochs, rate, repeats] = [4, full ? 20 : 10, full ? 30 : 10, 0.1, 3];
  const scales = [1e-2, 1e-3, 1e-4];
  const own: number[] = [];
  const rough = scales.map((): number[] => []);
  let losses: { transformer: number[]; plain: number[] } | undefined;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const examples = linearExamples(new Random(context.seed, "loop", "sgd", repeat), count, d);
    const plain = plainRegression(examples, rate, epochs);
    const loss = (w: readonly number[]) =>
      examples.reduce((sum, { x, y }) => sum + (x.reduce((s, v, i) => s + v * w[i]!, 0) - y) ** 2, 0) / count;
    const collect = async (product: string, blocks: readonly FunctionBlock[]) => {
      const path: number[][] = [];
      const compiled = await fleqProgram(regressionProgram(examples, rate, epochs, product), blocks);
      const last = visit(compiled, "again", ({ w }) => path.push(w as number[]));
      return [...path, last.w as number[]];
    };
    const distance = (path: readonly (readonly number[])[]) =>
      largest(path.flatMap((w, epoch) => w.map((value, i) => value - plain[epoch]![i]!)));
    const path = await collect("matmul", []);
    own.push(distance(path));
    losses ??= { transformer: path.map(loss), plain: plain.map(loss) };
    for (const [i, scale] of scales.entries()) {
      rough[i]!.push(distance(await collect("product", [oneHeadProduct(scale)])));
    }
    context.progress((repeat + 1) / repeats);
  }
  const worst = Math.max(...own);
  const roughWorst = rough.map((values) => Math.max(...values));
  const slope = Math.log10(roughWorst[0]! / roughWorst[2]!) / 2;
  const x = losses!.plain.map((_, i) => i + 1);
  return {
    found: `weights within ${scientific(worst)} of plain SGD; one head: ${roughWorst.map(scientific).join(", ")} at c = 1e-2, 1e-3, 1e-4 (power ${slope.toFixed(2)} of c)`,
    holds: worst <= 1e-3 && slope >= 0.8 && slope <= 1.2,
    values: { own, scales, oneHead: roughWorst, slope },
    figures: [
      {
        title: "Learning inside the transformer",
        caption:
          "Mean squared error of a linear model after each epoch of stochastic gradient descent, run by a program in the input of a fixed transformer, and by plain arithmetic.",
        xLabel: "epoch",
        yLabel: "mean squared error",
        yScale: "log",
        series: [
          { name: "looped transformer", x, y: losses!.transformer },
          { name: "plain SGD", x, y: losses!.plain, reference: true },
        ],
      },
    ],
  };
}

/** Cross-entropy of a network over examples. */
function crossEntropy(
  network: HiddenLayer,
  examples: readonly { readonly x: readonly number[]; readonly y: number }[],
) {
  const total = examples.reduce((sum, { x, y }) => {
    const { output } = forwardHidden(network, x);
    return sum - y * Math.log(output) - (1 - y) * Math.log(1 - output);
  }, 0);
  return total / examples.length;
}

/** Claim T8. */
export async function measureBackpropagation(context: ClaimContext): Promise<Finding> {
  const epochs = context.scale === "full" ? 400 : 10;
  const examples = [0, 1, 2, 3].map((i) => ({ x: [i & 1, i >> 1, 1], y: (i & 1) ^ (i >> 1) }));
  const repeats = 3;
  const distances: number[] = [];
  let losses: { transformer: number[]; plain: number[] } | undefined;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const random = new Random(context.seed, "loop", "backpropagation", repeat);
    const start: HiddenLayer = {
      w: Array.from({ length: 3 }, () => Array.from({ length: 4 }, () => 2 * random.normal())),
      v: Array.from({ length: 4 }, () => random.normal()),
    };
    const plain = plainBackpropagation(start, examples, 1, epochs);
    const path: HiddenLayer[] = [];
    const read = ({ W, v }: Record<string, unknown>): HiddenLayer => ({ w: W as number[][], v: v as number[] });
    const compiled = await fleqProgram(backpropagationProgram(start, examples, 1, epochs));
    const last = visit(compiled, "again", (memory) => path.push(read(memory)));
    const history = [...path, read(last)];
    distances.push(
      largest(
        history.flatMap(({ w, v }, epoch) => [
          ...w.flatMap((row, i) => row.map((value, j) => value - plain[epoch]!.w[i]![j]!)),
          ...v.map((value, j) => value - plain[epoch]!.v[j]!),
        ]),
      ),
    );
    losses ??= {
      transformer: history.map((network) => crossEntropy(network, examples)),
      plain: plain.map((network) => crossEntropy(network, examples)),
    };
    context.progress((repeat + 1) / repeats);
  }
  const worst = Math.max(...distances);
  const x = losses!.plain.map((_, i) => i + 1);
  return {
    found: `weights within ${scientific(worst)} of plain backpropagation after ${epochs} epochs, ${repeats} starts`,
    holds: worst <= 1e-3,
    values: { distances, epochs, loss: losses!.transformer.at(-1)! },
    figures: [
      {
        title: "Backpropagation inside the transformer",
        caption:
          "Cross-entropy of a network with four hidden units on XOR, trained by a program that the transformer runs.",
        xLabel: "epoch",
        yLabel: "cross-entropy",
        series: [
          { name: "looped transformer", x, y: losses!.transformer },
          { name: "plain arithmetic", x, y: losses!.plain, reference: true },
        ],
      },
    ],
  };
}
