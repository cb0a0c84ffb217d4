import { setImmediate } from "node:timers/promises";
import type { ClaimContext, Figure, Finding } from "../claim.ts";
import { type CompiledSubleq, compileSource } from "./compile.ts";
import type { RowRange } from "./rows.ts";
import { start } from "./running.ts";
import { buildSubleq, type SubleqMode, subleqScratch } from "./subleq-machine.ts";
import { countTransformer, type LoopedTransformer, type Precision } from "./transformer.ts";
import { verifyMachine } from "./verify.ts";

/** A SUBLEQ machine that random programs are tried on. */
const small = { machine: "subleq", columns: 32, size: 1, mode: "hardened" } as const;

const widths: readonly (readonly [bits: number, precision: Precision])[] = [
  [8, "float32"],
  [16, "float32"],
  [22, "float32"],
  [32, "float64"],
  [48, "float64"],
];

/** The bits of a small program's memory and counter, loop by loop: a times b by adding b again and again. */
async function watchProgram(): Promise<Figure> {
  const source = "data a = 7\ndata b = 9\ndata product = 0\ndata minus_b = 0\nsubleq b, minus_b\n";
  const text = `${source}again: subleq minus_b, product\nsubleq #1, a, done\ngoto again\ndone: halt\n`;
  const files = { read: async () => ({ name: "multiply.subleq", text }) };
  const compiled = (await compileSource("multiply.subleq", files, { bits: 8 })) as CompiledSubleq;
  const { rows, transformer } = compiled.machine;
  const running = start(compiled, "full");
  const states = [running.state.slice()];
  while (!running.halted) {
    running.step();
    states.push(running.state.slice());
  }
  const bits = (column: number, { offset, size }: RowRange) =>
    Array.from({ length: size }, (_, r) => states.map((state) => state[column * transformer.width + offset + r]!));
  const cells = compiled.data.map(({ name, cell }) => ({ name, values: bits(subleqScratch + cell, rows.memory) }));
  return {
    title: "The state while 7 times 9 is computed",
    caption:
      "Each square is one number of the state after one loop, +1 or -1: the eight bits of four memory cells, the highest first, and the counter.",
    xLabel: "loop",
    yLabel: "rows",
    series: [],
    grid: { groups: [...cells, { name: "counter", values: bits(0, rows.counter) }] },
  };
}

/** Claim T1. */
export async function measureExactness(context: ClaimContext): Promise<Finding> {
  const full = context.scale === "full";
  const engines = [
    { engine: "fast", programs: full ? 1000 : 100, steps: 100 },
    { engine: "full", programs: full ? 100 : 5, steps: full ? 100 : 20 },
    { engine: "onnx", programs: full ? 100 : 10, steps: full ? 100 : 20 },
  ] as const;
  const rows: { engine: string; mismatches: number; steps: number }[] = [];
  const weights = new Set<string>();
  let done = 0;
  for (const { engine, programs, steps } of engines) {
    for (const [bits, precision] of widths) {
      const found = await verifyMachine({
        ...small,
        ...{ bits, precision, programs, steps, engine },
        seed: context.seed + done,
        signal: context.signal,
      });
      rows.push({ engine, mismatches: found.mismatches, steps: found.steps });
      weights.add(found.weights);
      context.progress(++done / (engines.length * widths.length));
    }
  }
  const mismatches = rows.reduce((sum, row) => sum + row.mismatches, 0);
  const loops = (engine: string) =>
    rows.filter((row) => row.engine === engine).reduce((sum, row) => sum + row.steps, 0);
  return {
    found: `${mismatches} mismatches in ${loops("fast")}, ${loops("full")} and ${loops("onnx")} loops (sparse, every score, ONNX Runtime)`,
    holds: mismatches === 0 && weights.size === widths.length,
    values: { mismatches, machines: weights.size, fast: loops("fast"), full: loops("full"), onnx: loops("onnx") },
    figures: [await watchProgram()],
  };
}

/** Claim T2. */
export async function measureSizes(): Promise<Finding> {
  const columns = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
  const bits = 8;
  const sizes = columns.map((n) => {
    const { transformer } = buildSubleq({ kind: "subleq", columns: n, bits, precision: "float64", mode: "paper" });
    return { width: transformer.width, ...countTransformer(transformer) };
  });
  const hardened = countTransformer(
    buildSubleq({ kind: "subleq", columns: 32, bits, precision: "float64", mode: "hardened" }).transformer,
  );
  // D = 8 L + 3 N + max(3 L, 2 N) + 1 with L = ceil(log2 n)
  const expected = columns.map((n) => {
    const L = Math.ceil(Math.log2(n));
    return 8 * L + 3 * bits + Math.max(3 * L, 2 * bits) + 1;
  });
  const asExpected = sizes.every(
    ({ width, layers, headsPerLayer }, i) => width === expected[i] && layers === 10 && headsPerLayer === 2,
  );
  return {
    found: `10 layers (11 hardened), 2 heads, width ${sizes[0]!.width} at n = 16 to ${sizes.at(-1)!.width} at n = 4096`,
    holds: asExpected && hardened.layers === 11,
    values: {
      columns,
      widths: sizes.map(({ width }) => width),
      nonzero: sizes.map(({ nonzero }) => nonzero),
      parameters: sizes.map(({ parameters }) => parameters),
    },
    figures: [
      {
        title: "Weights against program size",
        caption:
          "Columns grow 256 times, weights that are not 0 twice: addresses take log n rows. Numbers of 8 bits, paper's ten layers.",
        xLabel: "columns",
        yLabel: "weights",
        xScale: "log",
        yScale: "log",
        series: [
          { name: "all, in full matrices", x: columns, y: sizes.map(({ parameters }) => parameters) },
          { name: "not 0", x: columns, y: sizes.map(({ nonzero }) => nonzero) },
        ],
      },
    ],
  };
}

/** Whether a machine of this temperature runs a few random programs without a mismatch, every score computed. */
async function works(mode: SubleqMode, bits: number, temperature: number, seed: number, signal: AbortSignal) {
  const found = await verifyMachine({
    ...small,
    ...{ bits, mode, temperature, precision: "float64", engine: "full", programs: 6, steps: 12, seed, signal },
  });
  return found.mismatches === 0;
}

/** Claim T3. */
export async function measureTemperature(context: ClaimContext): Promise<Finding> {
  const bits = context.scale === "full" ? [4, 8, 12, 16, 20, 24] : [4, 8, 12, 16];
  const modes = ["paper", "hardened"] as const;
  const least = new Map<SubleqMode, number[]>();
  for (const [m, mode] of modes.entries()) {
    const found: number[] = [];
    for (const [b, width] of bits.entries()) {
      let temperature = 1;
      while (!(await works(mode, width, temperature, context.seed, context.signal))) {
        temperature++;
        await setImmediate();
      }
      found.push(temperature);
      context.progress((m * bits.length + b + 1) / (modes.length * bits.length));
    }
    least.set(mode, found);
  }
  const [paper, hardened] = [least.get("paper")!, least.get("hardened")!];
  const slope = (paper.at(-1)! - paper[0]!) / (bits.at(-1)! - bits[0]!);
  return {
    found: `paper's layers: ${paper.join(", ")} for ${bits.join(", ")} bits (${slope.toFixed(2)} a bit); with one more snap: ${hardened.join(", ")}`,
    holds: slope >= 0.25 && slope <= 0.8 && Math.max(...hardened) <= 4,
    values: { bits, paper, hardened, slope },
    figures: [
      {
        title: "Smallest temperature that works",
        caption:
          "Two chained adders double the read error at every bit, so that the paper's ten layers need up to ln 2 more a bit; a snap before them makes it flat. 32 columns, 6 random programs.",
        xLabel: "bits of a number",
        yLabel: "temperature",
        series: [
          { name: "ten layers", x: bits, y: paper },
          { name: "eleven layers", x: bits, y: hardened },
          {
            name: "(ln n) / 2 + bits ln 2",
            x: bits,
            y: bits.map((width) => Math.log(small.columns) / 2 + width * Math.LN2),
            reference: true,
          },
        ],
      },
    ],
  };
}

/** Claim T4. */
export async function measureNecessity(context: ClaimContext): Promise<Finding> {
  const { transformer } = buildSubleq({ kind: "subleq", columns: 32, bits: 16, precision: "float64", mode: "paper" });
  const names = transformer.layers.map(({ name }) => name);
  const attempt = (alter: (machine: LoopedTransformer) => LoopedTransformer) =>
    verifyMachine({
      ...small,
      ...{ bits: 16, precision: "float64", mode: "paper", engine: "full", programs: 4, steps: 12 },
      seed: context.seed,
      signal: context.signal,
      alter,
    });
  const survivors: string[] = [];
  for (const [i, name] of names.entries()) {
    const found = await attempt((machine) => ({ ...machine, layers: machine.layers.filter((_, at) => at !== i) }));
    if (found.mismatches === 0) survivors.push(name);
    context.progress((i + 1) / (names.length + 2));
  }
  const cold = await attempt((machine) => ({ ...machine, temperature: 2 }));
  if (cold.mismatches === 0) survivors.push("temperature 2");
  const whole = await attempt((machine) => machine);
  return {
    found: `${names.length + 1 - survivors.length} of ${names.length + 1} mutilations fail; whole: ${whole.mismatches} mismatches`,
    holds: survivors.length === 0 && whole.mismatches === 0,
    values: { survivors: survivors.join(", "), mutilations: names.length + 1, whole: whole.mismatches },
  };
}
