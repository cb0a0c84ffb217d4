import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { type GraphProto, ModelProtoSchema } from "onnx-buf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostTensor, Random } from "../../src/core/index.ts";
import { readNpy } from "../../src/data/index.ts";
import { openOnnx } from "../../src/engine/index.ts";
import {
  type AttentionMap,
  addProductOf,
  buildFleq,
  buildSubleq,
  type CompiledFleq,
  type CompiledSubleq,
  compileSource,
  countTransformer,
  decodeSubleq,
  diskFiles,
  encodeSubleq,
  evaluate,
  exportStep,
  type FunctionBlock,
  fastExecutor,
  findProgram,
  fullExecutor,
  libraryPrograms,
  loopedTransformer,
  type NamedValue,
  parse,
  start,
  type VerifyOptions,
  verifyMachine,
  weightsSha256,
  withSettings,
} from "../../src/systems/looped-transformer/index.ts";
import { roomCommand } from "../room-command.ts";

const { printed, run: loop, runJson: loopJson } = roomCommand(loopedTransformer);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-loop-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const place = (name: string) => join(folder, name);

async function save(name: string, text: string): Promise<string> {
  await writeFile(place(name), text);
  return place(name);
}

/** A program from its text alone. */
const compileText = (name: string, text: string, options: Parameters<typeof compileSource>[2] = {}) =>
  compileSource(name, { read: async () => ({ name, text }) }, options);

/** Runs to the end, and gives what is in memory then. */
function finish(compiled: CompiledSubleq | CompiledFleq, most = 100_000) {
  const running = start(compiled);
  while (!running.halted && running.loops < most) running.step();
  expect(running.halted).toBe(true);
  return running;
}

const subleqTrial: VerifyOptions = {
  machine: "subleq",
  columns: 32,
  bits: 8,
  precision: "float64",
  mode: "hardened",
  size: 1,
  programs: 6,
  steps: 20,
  seed: 91_000,
  engine: "full",
};

describe("a SUBLEQ machine is a plain interpreter", () => {
  const widths = [
    [8, "float32"],
    [16, "float32"],
    [22, "float32"],
    [32, "float64"],
    [48, "float64"],
  ] as const;

  it.each(widths)("%i bits, %s: 1,000 programs of 100 loops", { timeout: 240_000 }, async (bits, precision) => {
    const found = await verifyMachine({
      ...subleqTrial,
      ...{ bits, precision, programs: 1000, steps: 100, engine: "fast", seed: 91_100 + bits },
    });
    expect(found).toMatchObject({ mismatches: 0, steps: 100_000 });
  });

  it.each(widths)(
    "%i bits, %s: with every score, and as dense weights in ONNX Runtime",
    { timeout: 240_000 },
    async (bits, precision) => {
      for (const engine of ["full", "onnx"] as const) {
        for (const mode of ["hardened", "paper"] as const) {
          const found = await verifyMachine({ ...subleqTrial, bits, precision, mode, engine, seed: 91_200 + bits });
          expect(found).toMatchObject({ mismatches: 0, steps: 120 });
        }
      }
    },
  );

  it.each([6, 24, 57, 128])("%i columns", { timeout: 120_000 }, async (columns) => {
    for (const engine of ["fast", "full"] as const) {
      const found = await verifyMachine({ ...subleqTrial, columns, engine, programs: 3, steps: 10, seed: 91_300 });
      expect(found.mismatches).toBe(0);
    }
  });

  it("no precision carries more bits than it is said to", async () => {
    const beyond = { ...subleqTrial, programs: 20, steps: 30, engine: "fast" } as const;
    const alter: VerifyOptions["alter"] = (machine) => ({ ...machine, precision: "float32" });
    expect((await verifyMachine({ ...beyond, bits: 22, alter, seed: 91_400 })).mismatches).toBe(0);
    expect((await verifyMachine({ ...beyond, bits: 24, alter, seed: 91_400 })).mismatches).toBeGreaterThan(0);
    expect((await verifyMachine({ ...beyond, bits: 52, seed: 91_400 })).mismatches).toBe(0);
    expect(() => buildSubleq({ kind: "subleq", columns: 32, bits: 23, precision: "float32", mode: "paper" })).toThrow(
      "bits: expected a whole number from 2 to 22, which is what float32 carries, found 23. Hint: take float64",
    );
    expect(() => buildSubleq({ kind: "subleq", columns: 32, bits: 53, precision: "float64", mode: "paper" })).toThrow(
      "from 2 to 52",
    );
  });

  it.each(["paper", "hardened"] as const)(
    "every layer of the %s machine is needed, and so is the temperature",
    { timeout: 120_000 },
    async (mode) => {
      // Near the lowest temperature at which it works: what the hardened machine's last snap holds back adds up slowly above that.
      const weak = mode === "hardened" ? { temperature: 4, steps: 40 } : { steps: 12 };
      const trial: VerifyOptions = { ...subleqTrial, ...weak, bits: 16, mode, programs: 4, seed: 91_500 };
      const { layers } = buildSubleq({ kind: "subleq", columns: 32, bits: 16, precision: "float64", mode }).transformer;
      expect(layers).toHaveLength(mode === "paper" ? 10 : 11);
      for (const without of layers.keys()) {
        const found = await verifyMachine({
          ...trial,
          alter: (machine) => ({ ...machine, layers: machine.layers.filter((_, at) => at !== without) }),
        });
        expect([layers[without]!.name, found.mismatches > 0]).toEqual([layers[without]!.name, true]);
      }
      expect(
        (await verifyMachine({ ...trial, alter: (machine) => ({ ...machine, temperature: 2 }) })).mismatches,
      ).toBeGreaterThan(0);
      expect((await verifyMachine(trial)).mismatches).toBe(0);
    },
  );

  it("does not drift in 10,000 loops", { timeout: 60_000 }, async () => {
    const text = "data x = 0\ndata y = 0\nagain: subleq #-3, x\n subleq x, y\n goto again\n";
    for (const precision of ["float32", "float64"] as const) {
      const compiled = (await compileText("drift.subleq", text, { precision, columns: 64 })) as CompiledSubleq;
      const running = start(compiled);
      for (let i = 0; i < 10_000; i++) running.step();
      let [x, y] = [0, 0];
      // Three instructions a round: 3,333 rounds, and the first of the next.
      for (let round = 0; round < 3333; round++) {
        x = ((x + 3 + 32_768) % 65_536) - 32_768;
        y = ((((y - x + 32_768) % 65_536) + 65_536) % 65_536) - 32_768;
      }
      x = ((x + 3 + 32_768) % 65_536) - 32_768;
      expect(running.memory()).toEqual({ x, y });
      expect(running.state.every((value) => value === 0 || Math.abs(value) === 1)).toBe(true);
    }
  });
});

describe("the weights", () => {
  it("are the same whatever the program, and others for another machine", async () => {
    const compile = async (name: string) => compileSource(await findProgram(name), diskFiles(), { columns: 1024 });
    const [sort, gcd] = await Promise.all(["sort", "gcd"].map(compile));
    expect(weightsSha256(sort!.machine.transformer)).toBe(weightsSha256(gcd!.machine.transformer));
    const smaller = await compileSource(await findProgram("gcd"), diskFiles(), { columns: 512 });
    expect(weightsSha256(smaller.machine.transformer)).not.toBe(weightsSha256(gcd!.machine.transformer));
  });

  it("attention rows add up to 1; pointers and their columns share half and half", () => {
    const machine = buildSubleq({ kind: "subleq", columns: 16, bits: 8, precision: "float64", mode: "hardened" });
    const program = {
      memory: [0n, -1n, 9n, 4n],
      instructions: [
        { a: 2, b: 3, c: 0 },
        { a: 0, b: 1, c: 1 },
      ],
    };
    const maps: AttentionMap[] = [];
    fullExecutor(machine.transformer, { onAttention: (map) => maps.push(map) }).step(encodeSubleq(machine, program));
    const n = 16;
    for (const { weights } of maps) {
      for (let j = 0; j < n; j++) {
        const row = weights.subarray(j * n, (j + 1) * n);
        expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
      }
    }
    const half = (name: string, column: number) => {
      const { weights } = maps.find(({ head }) => head === name)!;
      for (const [j, i] of [
        [0, 0],
        [0, column],
        [column, 0],
        [column, column],
      ] as const) {
        expect(weights[j * n + i]).toBeCloseTo(0.5, 3);
      }
    };
    // Scratch is column 0, cells are 1 to 4, instructions 5 and 6.
    half("instruction at the counter", 5);
    expect(maps.map(({ head }) => head)).toEqual([
      "instruction at the counter",
      "memory at a",
      "memory at b",
      "memory at b",
    ]);
    half("memory at a", 3);
    half("memory at b", 4);
  });

  it("width, depth and heads are those of the paper's layout", () => {
    for (const [columns, bits] of [
      [16, 8],
      [100, 22],
      [1024, 40],
    ] as const) {
      const L = Math.ceil(Math.log2(columns));
      const { transformer } = buildSubleq({ kind: "subleq", columns, bits, precision: "float64", mode: "paper" });
      expect(transformer.width).toBe(8 * L + 3 * bits + Math.max(3 * L, 2 * bits) + 1);
      expect(countTransformer(transformer)).toMatchObject({ layers: 10, headsPerLayer: 2, heads: 4 });
    }
  });

  const operators = (graph: GraphProto): Set<string> => new Set(graph.node.map(({ opType }) => opType));

  it("a step is matrix products, softmax, ReLU and sums, on either machine", () => {
    const machines = [
      buildSubleq({ kind: "subleq", columns: 32, bits: 8, precision: "float32", mode: "paper" }),
      buildSubleq({ kind: "subleq", columns: 32, bits: 8, precision: "float64", mode: "hardened" }),
      buildFleq({ kind: "fleq", columns: 32, size: 2 }),
    ];
    for (const { transformer } of machines) {
      const { graph } = fromBinary(ModelProtoSchema, exportStep(transformer));
      expect([...operators(graph!)].sort()).toEqual(["Add", "MatMul", "Relu", "Softmax", "Transpose"]);
    }
  });

  it("the exported step and the exported run give the same trace in ONNX Runtime", { timeout: 120_000 }, async () => {
    const file = place("gcd.json");
    await loopJson("compile", "multiply", "--out", file, "--bits", "8");
    const [step, whole, state] = [place("step.onnx"), place("run.onnx"), place("state.npy")];
    await loopJson("export", file, "--onnx", step, "--state", state);
    await loopJson("export", file, "--onnx", whole, "--loop");
    const body = fromBinary(ModelProtoSchema, await readFile(whole)).graph!;
    expect([...operators(body)].sort()).toEqual(["Cast", "Loop"]);
    const initial = await readNpy(state);
    const compiled = (await compileSource(await findProgram("multiply"), diskFiles(), { bits: 8 })) as CompiledSubleq;
    const own = start(compiled);
    const model = await openOnnx(await readFile(step));
    let current = initial;
    for (let i = 1; !own.halted; i++) {
      own.step();
      current = (await model.run({ state: current })).next!;
      const decoded = decodeSubleq(compiled.machine, compiled.program, current.data as Float64Array, i);
      const expected = decodeSubleq(compiled.machine, compiled.program, own.state, i);
      expect(decoded).toEqual(expected);
    }
    const run = await openOnnx(await readFile(whole));
    const loops = hostTensor(Int32Array.of(own.loops + 5), []);
    const { next } = await run.run({ state: initial, loops });
    const { memory } = decodeSubleq(compiled.machine, compiled.program, next!.data as Float64Array, own.loops);
    expect(memory[compiled.data.find(({ name }) => name === "product")!.cell]).toBe(63n);
    await Promise.all([model.release(), run.release()]);
  });

  it("leaving out what cannot matter changes no decoded state, and is refused where it could", async () => {
    const machine = buildFleq({ kind: "fleq", columns: 64, size: 2 });
    const base = {
      ...subleqTrial,
      machine: "fleq",
      columns: 64,
      size: 2,
      programs: 4,
      steps: 10,
      seed: 91_600,
    } as const;
    expect((await verifyMachine({ ...base, engine: "fast" })).mismatches).toBe(0);
    expect((await verifyMachine({ ...base, engine: "full" })).mismatches).toBe(0);
    const cold = { ...machine.transformer, temperature: 2 };
    expect(() => fastExecutor(cold)).toThrow("take the engine full or onnx");
  });
});

describe("a FLEQ machine computes", () => {
  it.each([1, 2, 4, 8])("functions of %i x %i matrices, in 13 layers", { timeout: 120_000 }, async (size) => {
    const found = await verifyMachine({
      ...subleqTrial,
      ...{ machine: "fleq", size, columns: 32 * size, engine: "fast", programs: 15, steps: 20, seed: 92_000 + size },
    });
    expect(found).toMatchObject({ mismatches: 0, steps: 300 });
    expect(found.largestError).toBeLessThan(1e-8);
    expect(countTransformer(buildFleq({ kind: "fleq", columns: 32 * size, size }).transformer).layers).toBe(13);
  });

  it("the same as dense weights in ONNX Runtime", { timeout: 120_000 }, async () => {
    const found = await verifyMachine({
      ...subleqTrial,
      ...{ machine: "fleq", size: 2, columns: 64, engine: "onnx", programs: 5, steps: 12, seed: 92_100 },
    });
    expect(found.mismatches).toBe(0);
  });

  it("divisions by 0 give 0, roots of negative numbers 0, and a tiny divisor stops the run", async () => {
    const calculator = (await compileSource(await findProgram("real-calculator"), diskFiles())) as CompiledFleq;
    expect(finish(withSettings(calculator, ["a=-5", "b=0"])).memory()).toMatchObject({ quotient: 0, root: 0 });
    const random = new Random(92_200);
    for (let n = 0; n < 20; n++) {
      const a = 0.01 + 25 * random.uniform();
      // Quotients of at most 100 and products of at most 1,000, by absolute value.
      const b = (random.uniform() < 0.5 ? -1 : 1) * Math.min(40, Math.max(a / 100, 2 ** (16 * random.uniform() - 8)));
      const { quotient, root } = finish(withSettings(calculator, [`a=${a}`, `b=${b}`])).memory() as Record<
        string,
        number
      >;
      expect(quotient! / (a / b)).toBeCloseTo(1, 6);
      expect(root! / Math.sqrt(a)).toBeCloseTo(1, 7);
    }
    expect(() => finish(withSettings(calculator, ["b=0.001"]))).toThrow(
      /^loop 4, real-calculator.fleq:\d+: expected div: .* found the divisor 0.001, which is outside of 2\^-8 to 2\^8/,
    );
  });

  it("a number beyond its range stops the run, and so does a flag that is neither above nor below 0", async () => {
    const large = await compileText("large.fleq", "data x = 600\nx = add(x, x)\nhalt\n");
    expect(() => finish(large as CompiledFleq)).toThrow(
      "loop 1, column 5, row memory[0]: expected a value of at most 1024",
    );
    const near = await compileText("near.fleq", "data x = 3e-7\ntop: if x <= 0 goto top\nhalt\n");
    expect(() => finish(near as CompiledFleq)).toThrow(
      /loop \d, column 0, row counter\[\d\]: expected a bit within 0.1/,
    );
  });

  it("functions of one's own", async () => {
    const cube: FunctionBlock = {
      name: "cube",
      operands: 1,
      description: "a to the power of 3, entry by entry",
      plan(allocator, size) {
        const [square, result] = [allocator.allocate("cube.square", size), allocator.allocate("cube", size)];
        return {
          result,
          bound: 10_000,
          layers: [
            (layer) => {
              for (let i = 0; i < size; i++) {
                const a = [[layer.rows.a.offset + i, 1]] as const;
                addProductOf(layer, `cube ${i}`, { left: a, right: a, to: square.offset + i });
              }
            },
            (layer) => {
              for (let i = 0; i < size; i++) {
                addProductOf(layer, `cube ${i}`, {
                  left: [[layer.rows.a.offset + i, 1]],
                  right: [[square.offset + i, 1]],
                  to: result.offset + i,
                });
              }
            },
          ],
        };
      },
      compute: (a) => a.map((value) => value ** 3),
    };
    const text = "data x = [1.5, -2; 0.5, 3]\ndata y[2, 2]\ny = cube(x)\n";
    const compiled = (await compileText("cube.fleq", text, { blocks: [cube] })) as CompiledFleq;
    const { y } = finish(compiled).memory() as { y: number[][] };
    for (const [i, value] of [3.375, -8, 0.125, 27].entries()) expect(y.flat()[i]).toBeCloseTo(value, 7);
  });
});

describe("the structured language", () => {
  /** The text of a random program that ends. */
  const programs = (() => {
    const name = fc.constantFrom("a", "b", "c");
    const number = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -128, max: 127 })).map(String);
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        number,
        name,
        fc.constantFrom("xs[0]", "xs[2]"),
        fc
          .tuple(tie("expression"), fc.constantFrom("+", "-", "*", "/", "%"), tie("expression"))
          .map(([l, o, r]) => `(${l} ${o} ${r})`),
        tie("expression").map((inner) => `-(${inner})`),
        // Within the array: a remainder of 3 that is not negative.
        tie("expression").map((inner) => `xs[(${inner} % 3 + 3) % 3]`),
      ),
    }));
    const { condition } = fc.letrec<{ condition: string }>((tie) => ({
      condition: fc.oneof(
        { depthSize: "small" },
        fc
          .tuple(expression, fc.constantFrom("==", "!=", "<", "<=", ">", ">="), fc.oneof(expression, fc.constant("0")))
          .map(([l, o, r]) => `${l} ${o} ${r}`),
        tie("condition").map((inner) => `not (${inner})`),
        fc
          .tuple(tie("condition"), fc.constantFrom("and", "or"), tie("condition"))
          .map(([l, o, r]) => `(${l}) ${o} (${r})`),
      ),
    }));
    const { statement } = fc.letrec<{ statement: string }>((tie) => {
      const block = fc.array(tie("statement"), { minLength: 0, maxLength: 2 }).map((lines) => lines.join("\n"));
      return {
        statement: fc.oneof(
          { depthSize: "small" },
          fc.tuple(name, expression).map(([to, value]) => `${to} = ${value}`),
          fc.tuple(fc.integer({ min: 0, max: 2 }), expression).map(([i, value]) => `xs[${i}] = ${value}`),
          expression.map((value) => `print ${value}`),
          fc.tuple(condition, block, block).map(([c, yes, no]) => `if ${c} {\n${yes}\n} else {\n${no}\n}`),
          fc
            .tuple(fc.integer({ min: 1, max: 3 }), block)
            .map(([rounds, body]) => `COUNTER = ${rounds}\nwhile COUNTER > 0 {\n${body}\nCOUNTER = COUNTER - 1\n}`),
        ),
      };
    });
    return fc
      .tuple(fc.array(statement, { minLength: 1, maxLength: 4 }), fc.array(number, { minLength: 6, maxLength: 6 }))
      .map(([lines, values]) => {
        let text = lines.join("\n");
        const counters: string[] = [];
        // Each loop, from the innermost on, counts with a name of its own.
        for (
          let at = text.lastIndexOf("COUNTER = ", text.lastIndexOf("while COUNTER"));
          text.includes("while COUNTER");
          at = text.lastIndexOf("COUNTER = ", text.lastIndexOf("while COUNTER"))
        ) {
          const own = `i${counters.length}`;
          counters.push(own);
          let rest = text.slice(at);
          for (const wanted of ["COUNTER = ", "COUNTER > 0", "COUNTER = COUNTER - 1"]) {
            rest = rest.replace(wanted, wanted.replaceAll("COUNTER", own));
          }
          text = text.slice(0, at) + rest;
        }
        const [a, b, c, ...xs] = values;
        const declared = [
          `let a = ${a}`,
          `let b = ${b}`,
          `let c = ${c}`,
          `let xs = [${xs}]`,
          ...counters.map((own) => `let ${own} = 0`),
        ];
        return [...declared, text].join("\n");
      });
  })();

  it("200 random programs leave behind what direct evaluation does", { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.constantFrom(8, 9, 12), async (text, bits) => {
        const expected = evaluate(parse(text, "random.loop"), { bits });
        let compiled: CompiledSubleq;
        try {
          compiled = (await compileText("random.loop", text, { bits })) as CompiledSubleq;
        } catch (error) {
          // The largest machine has 4,096 columns.
          expect(String(error)).toContain("which is what the program needs");
          return;
        }
        const running = start(compiled);
        while (!running.halted && running.loops < 60_000) running.step();
        if (!running.halted) return;
        expect(running.printed).toEqual(expected.printed.map(Number));
        const values = [...expected.variables].map(([name, value]) => [
          name,
          typeof value === "bigint" ? Number(value) : value.map(Number),
        ]);
        expect(running.memory()).toEqual(Object.fromEntries(values));
      }),
      { numRuns: 200, seed: 93_000 },
    );
  });

  it("numbers at both ends: quotients, remainders, comparisons", { timeout: 60_000 }, async () => {
    const ends = [-128, -127, -1, 0, 1, 2, 127];
    const lines = ends.flatMap((x) => ends.map((y) => [x, y] as const));
    for (const [x, y] of lines) {
      const text = `let x = ${x}\nlet y = ${y}\nprint x / y\nprint x % y\nprint x * y\nif x < y { print 1 } else { print 0 }\nif x == y { print 1 } else { print 0 }`;
      const { printed: found } = finish((await compileText("ends.loop", text, { bits: 8 })) as CompiledSubleq);
      const wrap = (value: number) => Number(BigInt.asIntN(8, BigInt(value)));
      const quotient = y === 0 ? 0 : wrap(Math.trunc(x / y));
      expect([x, y, ...found]).toEqual([
        x,
        y,
        quotient,
        y === 0 ? x : (x % y) + 0,
        wrap(x * y),
        Number(x < y),
        Number(x === y),
      ]);
    }
  });

  it("an index outside of its array stops the run, and names the array", async () => {
    for (const index of [3, 4, -1]) {
      const text = `let xs = [1, 2, 3]\nlet ys[2]\nlet i = ${index}\nys[0] = 5\nprint xs[i]\n`;
      const compiled = (await compileText("outside.loop", text)) as CompiledSubleq;
      expect(() => finish(compiled)).toThrow(
        new RegExp(`loop \\d+, array xs: expected an index from 0 to 2, found ${index}$`),
      );
    }
  });

  it.each([
    ["let x = 1\nx = y + 1", "bad.loop:2:5: expected a declared name, found y. Hint: did you mean x?"],
    ["let x = 1\nlet x = 2", "bad.loop:2:5: expected a new name, found x, declared on line 1"],
    ["while 1 { }", "bad.loop:1:9: expected a comparison: == != < <= > >=, found {"],
    ["let x = 70000", "bad.loop:1:9: expected a number from -32768 to 32767, which is what 16 bits hold, found 70000"],
    ["let x = 1\nprint x + 99999", "bad.loop:2:11: expected a number from -32768 to 32767"],
    ["let x = 1.5", "bad.loop:1:9: expected a whole number, found 1.5"],
    ["let x = 3 $ 4", 'bad.loop:1:11: expected a name, a number or a sign, found "$"'],
    ["let xs = [1, 2]\nprint xs[2]", "bad.loop:2:10: expected an index from 0 to 1, found 2"],
    ["let xs = [1, 2]\nprint xs", "bad.loop:2:7: expected an element such as xs[0], found xs"],
    ["if 1 < 2 { print 1", 'bad.loop:1:19: expected "}", found the end of the file'],
    ["let while = 3", "bad.loop:1:5: expected a name, found the word while"],
    ["let x = 1 let y = 2", "bad.loop:1:11: expected the end of the line or ;, found let"],
    ["let xs[0]", "bad.loop:1:8: expected a whole number from 1 to 256, found 0"],
    ["}", "bad.loop:1:1: expected a statement, found }"],
    ["let x = 1 +\nprint x", "bad.loop:1:12: expected a number or a variable, found the end of the line"],
    ["if 1 < 2\n{ }", 'bad.loop:1:9: expected "{", found the end of the line. Hint: the brace stands on the same line'],
    [`let x = ${"(".repeat(20_000)}`, "expected at most 100 brackets, signs or blocks within one another"],
    [`let x = ${"-".repeat(20_000)}1`, "expected at most 100 brackets, signs or blocks within one another"],
    [`${"if 1 < 2 {\n".repeat(5000)}`, "expected at most 100 brackets, signs or blocks within one another"],
    [`let x = ${"1 + ".repeat(5000)}1`, "expected at most 200 operators in a row, found more"],
    ["print 1 + \u{1f600}", 'found "\u{1f600}"'],
  ])("%j is refused with its place", async (text, message) => {
    await expect(compileText("bad.loop", text)).rejects.toThrow(message);
  });

  it("evaluation gives up on programs that do not end, and names the index that is outside", () => {
    expect(() => evaluate(parse("while 1 > 0 { }", "x.loop"), { bits: 8, maxSteps: 100 })).toThrow(
      "x.loop:1:1: expected a program that ends",
    );
    expect(() => evaluate(parse("let xs[2]\nlet i = 2\nxs[i] = 1", "x.loop"), { bits: 8 })).toThrow(
      "x.loop:3:4: expected an index from 0 to 1 of xs, found 2",
    );
  });
});

describe("the assemblers", () => {
  it("includes, macros, repetitions, constants and arrays of SUBLEQ", async () => {
    await save(
      "double.lib",
      "macro double(x, spare)\n subleq {spare}, {spare}\n subleq {x}, {spare}\n subleq {spare}, {x}\nend\n",
    );
    const main = await save(
      "main.subleq",
      'include "double.lib"\nconst five = 2 + 3\ndata xs = [1, five * 2, -3]\ndata t[1]\nrepeat i = 0 .. 2\n double(xs[{i}], t[0])\nend\nwait{@}: subleq #1, xs[1], stop\n goto more\nstop: halt\nmore: subleq #-1, xs[0]\nhalt\n'.replace(
        "wait{@}",
        "wait",
      ),
    );
    const { xs } = finish((await compileSource(main, diskFiles())) as CompiledSubleq).memory();
    expect(xs).toEqual([3, 19, -6]);
  });

  it("labels of a macro are its own at each use", async () => {
    const text =
      "macro bump(x)\n subleq #-1, {x}, skip{@}\nskip{@}: subleq zero, zero\nend\ndata x = 5\nbump(x)\nbump(x)\n";
    expect(finish((await compileText("bump.subleq", text)) as CompiledSubleq).memory()).toEqual({ x: 7 });
  });

  const refusals: [file: string, text: string, message: string][] = [
    ["a.subleq", "data x = 1\nsubleq x, y", "a.subleq:2:11: expected data, found y. Hint: did you mean x?"],
    ["a.subleq", "data x = 1\nsubleq x, x, nowhere", "a.subleq:2:14: expected a label, found nowhere"],
    [
      "a.subleq",
      "data x = 40000\nhalt",
      "a.subleq:1:10: expected a number from -32768 to 32767, which is what 16 bits hold, found 40000. Hint: compile with more --bits",
    ],
    ["a.subleq", "data x = 1\nsubleq x, #3", "a.subleq:2:11: expected data to take from, which is not a constant"],
    ["a.subleq", "data x = [1, 2]\nsubleq x[2], x[0]", "a.subleq:2:8: expected an element from x[0] to x[1], found 2"],
    ["a.subleq", "data x = 1\ndata x = 2", "a.subleq:2:6: expected a new name, found x, defined on line 1 of a.subleq"],
    [
      "a.subleq",
      "subleg x, x",
      "a.subleq:1:1: expected subleq, goto, halt, const, data, macro, repeat or include, found subleg. Hint: did you mean subleq?",
    ],
    ["a.subleq", "repeat i = 0 .. 3\nhalt", "a.subleq:1:1: expected end after it, found the end of the file"],
    ["a.subleq", "macro f(x)\n f({x})\nend\ndata y = 1\nf(y)", "expected macros that end, found f -> f"],
    ["a.subleq", "macro f(x)\nhalt\nend\nf()", "a.subleq:4:1: expected 1 arguments of f, found 0"],
    [
      "a.fleq",
      "data x = 1\nx = ad(x, x)",
      "a.fleq:2:5: expected a function: add, sub, mul, div, sqrt, sigmoid, transpose, matmul, found ad. Hint: did you mean add?",
    ],
    ["a.fleq", "data x = 1\nx = add(x)", "a.fleq:2:5: expected 2 operands of add, found 1"],
    ["a.fleq", "data x = [1, 2; 3]\nhalt", "a.fleq:1:6: expected rows of 2 numbers, found 1 in row 2"],
    [
      "a.fleq",
      "size 2\ndata x[3, 1]\nhalt",
      "a.fleq:2:6: expected matrices of at most 2 x 2, as size says, found x of 3 x 1",
    ],
    ["a.fleq", "size 3\nhalt", "a.fleq:1:1: expected a size of 1, 2, 4, 8, 16 or 32, found 3"],
    [
      "a.fleq",
      "data x = 1\ntop: if x <= 1 goto top",
      "a.fleq:2:14: expected 0, as the machine tests nothing else, found 1",
    ],
    ["a.fleq", "data x = 5000\nhalt", "a.fleq:1:10: expected data of at most 1024, by absolute value, found 5000"],
  ];

  it.each(refusals)("%s: %j is refused with its place", async (file, text, message) => {
    await expect(compileText(file, text)).rejects.toThrow(message);
  });

  it("FLEQ data keep to their shapes, also where a function of 0 is not 0", async () => {
    const run = async (text: string) => finish((await compileText("shape.fleq", text)) as CompiledFleq).memory();
    const sums = await run("size 4\ndata x = [0; 0; 0]\ndata s[3, 1]\ndata d = 0\ns = sigmoid(x)\nd = matmul(s, s)\n");
    expect(sums.d).toBeCloseTo(0.75, 9);
    // The branch of an instruction that is written as two comes after both.
    const branch =
      "data x = [0; 0]\ndata s[2, 1]\ndata f = -1\ndata n = 0\ndata one = 1\ns = sigmoid(x) if f <= 0 goto on\nn = add(n, one)\non: halt\n";
    const { n, s } = await run(`size 4\n${branch}`);
    expect(n).toBe(0);
    for (const value of s as number[]) expect(value).toBeCloseTo(0.5, 9);
  });

  it.each([
    ["data a = 0\ndata A = [1, 2; 3, 4]\na = A", "a.fleq:3:1: expected data of 2 x 2 for the result, found a of 1 x 1"],
    [
      "data a = [1; 2]\ndata b = [1, 2]\na = add(a, b)",
      "a.fleq:3:9: expected operands that fit add: a + b, entry by entry, found a of 2 x 1 and b of 1 x 2",
    ],
    [
      "data a = [1; 2]\ndata b = [1; 2; 3]\ndata c = 0\nc = matmul(a, b)",
      "operands that fit matmul: the matrix product of a transposed and b, found a of 2 x 1 and b of 3 x 1",
    ],
    ["data a = [1; 2]\na = sqrt(a)", "operands that fit sqrt"],
    ["data a = [1; 2]\ntop: if a <= 0 goto top", "a.fleq:2:9: expected a number to test, found a of 2 x 1"],
    ["data a = 1\ndata y = 2000\nhalt", "a.fleq:2:10: expected data of at most 1024, by absolute value, found 2000"],
    ["data a = 1\ndata y = 1/0\nhalt", "a.fleq:2:10: expected data of at most 1024, by absolute value, found Infinity"],
    ["size 2\nsize 4\nhalt", "a.fleq:2:1: expected one size, found another, after line 1"],
    ["size -1\nhalt", "a.fleq:1:6: expected a size of 1, 2, 4, 8, 16 or 32, found -"],
    ["data A = [1, 2; 3, 4,]\nhalt", "a.fleq:1:22: expected a number or a constant, found ]"],
    ["data a = 1", "a.fleq:1:1: expected an instruction, such as halt, found none in the whole program"],
  ])("%j is refused with its place", async (text, message) => {
    await expect(compileText("a.fleq", text)).rejects.toThrow(message);
  });

  it.each([
    ["data zero = 5\nhalt", "a.subleq:1:6: expected a new name, found zero, which the machine has"],
    ["", "expected an instruction, such as halt, found none in the whole program"],
    ["repeat i = 0 .. 1000000000000\nend", "a.subleq:1:8: expected at most 100000 repetitions, found 1000000000001"],
    [`data x = ${"(".repeat(5000)}`, "expected at most 100 brackets, signs or blocks within one another"],
  ])("%j is refused with its place", async (text, message) => {
    await expect(compileText("a.subleq", text)).rejects.toThrow(message);
  });

  it("words of the assembler are labels before a colon; labels may be many, and stand before macros", async () => {
    const text =
      "macro less(x)\n subleq #1, {x}\nend\ndata x = 5\nrepeat i = 0..1\n less(x)\nend\nend: data: subleq #1, x\nsize: less(x)\nendé: halt\n";
    expect(finish((await compileText("words.subleq", text)) as CompiledSubleq).memory()).toEqual({ x: 1 });
  });

  it("long files and lines of any kind of end", async () => {
    await save("long.lib", "// nothing\n".repeat(200_000));
    const main = await save("long.subleq", 'include "long.lib"\rdata x = 5\r\nsubleq #1, x\nhalt\n');
    expect(finish((await compileSource(main, diskFiles())) as CompiledSubleq).memory()).toEqual({ x: 4 });
  });

  it("an include cycle is shown whole", async () => {
    await save("one.lib", 'include "two.lib"\n');
    await save("two.lib", 'include "one.lib"\n');
    const main = await save("cycle.subleq", 'include "one.lib"\nhalt\n');
    await expect(compileSource(main, diskFiles())).rejects.toThrow(
      /two.lib:1:9: expected includes that end, found a cycle: .*one.lib -> .*two.lib -> .*one.lib/,
    );
    const missing = await save("missing.subleq", 'include "none.lib"\n');
    await expect(compileSource(missing, diskFiles())).rejects.toThrow("none.lib");
  });
});

describe("the programs of the package", () => {
  const expected: Record<string, [settings: string[], memory: Record<string, NamedValue>]> = {
    "calculator.loop": [
      ["a=-85", "b=6"],
      { sum: -79, difference: -91, product: -510, quotient: -14, remainder: -1, root: 0 },
    ],
    "factorial.loop": [["n=6"], { product: 720 }],
    "gcd.loop": [["a=91", "b=65"], { a: 13 }],
    "fibonacci.loop": [["count=20"], { now: 6765 }],
    "sort.loop": [["xs=9,-3,7,7,0,12,-8,1"], { xs: [-8, -3, 0, 1, 7, 7, 9, 12] }],
    "search.loop": [["wanted=17"], { found: 6 }],
    "primes.loop": [[], { i: 30 }],
    "multiply.subleq": [["a=7", "b=9"], { product: 63 }],
  };

  it("all run, with other data than their own", { timeout: 120_000 }, async () => {
    for (const [file, [settings, memory]] of Object.entries(expected)) {
      const compiled = (await compileSource(await findProgram(file), diskFiles())) as CompiledSubleq;
      expect(finish(withSettings(compiled, settings)).memory()).toMatchObject(memory);
    }
    const primes = finish((await compileSource(await findProgram("primes"), diskFiles())) as CompiledSubleq);
    const calculator = (await compileSource(await findProgram("calculator"), diskFiles())) as CompiledSubleq;
    expect(finish(withSettings(calculator, ["a=200"])).memory()).toMatchObject({
      root: 14,
      quotient: 28,
      remainder: 4,
    });
    expect(primes.printed).toEqual([2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
  });

  it("those with matrices too", { timeout: 240_000 }, async () => {
    const memoryOf = async (name: string, ...settings: string[]) => {
      const compiled = (await compileSource(await findProgram(name), diskFiles())) as CompiledFleq;
      return finish(withSettings(compiled, settings)).memory();
    };
    const close = (found: unknown, wanted: readonly number[], digits = 6) => {
      for (const [i, value] of (found as number[]).flat().entries()) expect(value).toBeCloseTo(wanted[i]!, digits);
    };
    const inverse = await memoryOf("inverse", "A=2,1,0;1,2,1;0,1,2");
    close(inverse.X, [0.75, -0.5, 0.25, -0.5, 1, -0.5, 0.25, -0.5, 0.75]);
    const power = await memoryOf("power-iteration");
    expect(power.value).toBeCloseTo(3 + Math.sqrt(3), 6);
    close((await memoryOf("sgd")).w, [2, -1, 0.5], 4);
    const { At, AB } = await memoryOf("transpose");
    close(At, [1, 3, 2, 4]);
    close(AB, [19, 22, 43, 50]);
    const { W, v } = (await memoryOf("backpropagation", "epochs=60")) as { W: number[][]; v: number[] };
    const s = (x: number) => 1 / (1 + Math.exp(-x));
    const output = (x: readonly number[]) =>
      s(v.reduce((sum, value, j) => sum + value * s(x.reduce((t, y, i) => t + y * W[i]![j]!, 0)), 0));
    expect([output([0, 0, 1]), output([0, 1, 1]), output([1, 0, 1]), output([1, 1, 1])].map(Math.round)).toEqual([
      0, 1, 1, 0,
    ]);
  });

  it("are listed", async () => {
    const { programs: listed } = await loopJson<{ programs: { program: string; summary: string }[] }>("programs");
    expect(listed.map(({ program }) => program)).toEqual(await libraryPrograms());
    for (const { summary } of listed) expect(summary.length).toBeGreaterThan(10);
  });
});

describe("the command", () => {
  it("compile, run, trace: the documented fields", async () => {
    const file = place("mul.json");
    const made = await loopJson<Record<string, unknown>>("compile", "multiply", "--bits", "12", "--out", file);
    expect(made).toMatchObject({
      machine: "subleq",
      bits: 12,
      precision: "float64",
      columns: 32,
      data: ["a", "b", "product", "minus_b"],
    });
    const ran = await loopJson<Record<string, unknown>>(
      "run",
      file,
      "--set",
      "a=3",
      "--set",
      "b=-9",
      "--max-loops",
      "500",
    );
    expect(ran).toMatchObject({ halted: true, memory: { a: 0, b: -9, product: -27 } });
    const { trace, loops } = await loopJson<{
      trace: { loop: number; text: string; written: unknown }[];
      loops: number;
    }>("trace", file, "--set", "a=1", "--from", "2");
    expect(trace[0]).toMatchObject({
      loop: 2,
      text: "subleq minus_b, product",
      written: { name: "product", value: 9 },
    });
    expect(trace.at(-1)!.loop).toBe(loops);
  });

  it("a run that does not end keeps its memory", async () => {
    const file = await save("forever.subleq", "data x = 0\ntop: subleq #-1, x\ngoto top\n");
    expect(await loopJson("run", file, "--max-loops", "41")).toMatchObject({
      halted: false,
      loops: 41,
      memory: { x: 21 },
    });
  });

  it("verify says what it compared, and fails where something is wrong", async () => {
    const found = await loopJson<Record<string, unknown>>(
      ..."verify --bits 8,24 --programs 5 --steps 10 --seed 94".split(" "),
    );
    expect(found).toMatchObject({ programs: 10, steps: 100, mismatches: 0, precision: "float32, float64" });
    process.exitCode = 0;
    await loop(..."verify --bits 8 --programs 3 --steps 10 --engine full --without 5 --mode paper".split(" "));
    expect(process.exitCode).toBe(1);
    process.exitCode = 0;
  });

  it("explain names every row, layer, head and unit", async () => {
    const { layers, rows } = await loopJson<{ layers: { name: string; units: number }[]; rows: { name: string }[] }>(
      "explain",
      "multiply",
    );
    expect(layers.map(({ name }) => name)).toEqual([
      "fetch",
      "read",
      "snap operands",
      "invert",
      "negate",
      "subtract",
      "write",
      "test",
      "advance",
      "branch",
      "snap",
    ]);
    expect(rows.map(({ name }) => name)).toContain("counter");
    const { formulas, heads } = await loopJson<{ formulas: { formula: string }[]; heads: { name: string }[] }>(
      "explain",
      "multiply",
      "--layer",
      "1",
    );
    expect(heads).toHaveLength(1);
    expect(formulas).toHaveLength(layers[0]!.units);
    expect(formulas[0]!.formula).toMatch(/^relu\(.*current\[0\].*\) -> /);
  });

  it("bench times both engines on the same program", { timeout: 60_000 }, async () => {
    const { rows } = await loopJson<{ rows: { equal: boolean; ratio: number }[] }>(
      ..."bench --columns 16,32 --bits 8 --loops 500".split(" "),
    );
    for (const { equal, ratio } of rows) {
      expect(equal).toBe(true);
      expect(ratio).toBeGreaterThan(0);
    }
  });
});

describe("bad input ends with one line and code 2", () => {
  const refused = async (parts: readonly string[], message: string) => {
    printed.errors = "";
    process.exitCode = 0;
    await loop(...parts);
    expect(process.exitCode).toBe(2);
    expect(printed.errors).toContain(message);
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
    process.exitCode = 0;
  };

  it("programs, data and options", async () => {
    await refused(["run", "factoral"], "did you mean factorial?");
    await refused(
      ["run", "multiply", "--set", "c=3"],
      "--set c: expected data of the program: a, b, product, minus_b, found c",
    );
    await refused(
      ["run", "multiply", "--set", "a=99999"],
      "--set a: expected whole numbers from -32768 to 32767, found 99999",
    );
    await refused(["run", "multiply", "--set", "a"], "--set: expected name=value, found a");
    await refused(["run", "sort", "--set", "xs=1,2"], "--set xs: expected 8 numbers, found 2");
    await refused(["run", "sort", "--set", "xs=1,2;3"], "--set xs: expected numbers without ;, found 2 rows");
    await refused(["run", "gcd", "--set", "rest=1"], "--set rest: expected data with a constant as its first value");
    await refused(["compile", "sgd", "--bits", "8", "--out", place("x.json")], "--bits: expected a SUBLEQ machine");
    await refused(["verify", "--machine", "fleq", "--mode", "paper"], "--mode: expected a SUBLEQ machine");
    await refused(["verify", "--machine", "fleq", "--columns", "6", "--size", "1"], "--columns: expected 10 at least");
    await refused(["verify", "--bits", "2..99999999999"], "--bits: expected whole numbers from 2 to 52");
    await refused(
      ["compile", await save("two.loop", "let x = 1\nx = x * x\n"), "--bits", "2", "--out", place("x.json")],
      "--bits: expected more bits",
    );
    await refused(["run", "sort", "--set", "xs[8]=1"], "--set xs: expected an element from 0 to 7, found [8]");
    await refused(
      ["run", "inverse", "--set", "A=1,2;3,4"],
      "--set A: expected 3 x 3 numbers, rows after ;, found 2 x 2",
    );
    await refused(
      ["compile", "sort", "--columns", "64", "--out", place("x.json")],
      "which is what the program needs, found 64",
    );
    await refused(
      ["compile", "multiply", "--bits", "30", "--precision", "float32", "--out", place("x.json")],
      "from 2 to 22, which is what float32 carries, found 30",
    );
    await refused(["compile", "multiply", "--columns", "0", "--out", place("x.json")], "--columns");
    await refused(["verify", "--bits", "7..5"], "--bits: expected whole numbers from 2 to 52");
    await refused(
      ["verify", "--without", "12", "--programs", "1"],
      "--without: expected a layer from 1 to 11, found 12",
    );
    await refused(["explain", "multiply", "--layer", "12"], "--layer: expected a layer from 1 to 11, found 12");
    await refused(
      ["run", await save("empty.txt", "")],
      "expected a program as tenfold loop compile writes it, found text that is not JSON",
    );
    await refused(["verify", "--temperature", "2", "--programs", "1"], "temperature: expected 6 or more");
  });

  it("files: edited, of another kind, there already", async () => {
    const file = place("edited.json");
    await loopJson("compile", "multiply", "--out", file);
    await refused(
      ["compile", "multiply", "--out", file],
      "expected a new file, found a file that is there. Hint: replace it with --force",
    );
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace('"7"', '"8"'));
    await refused(["run", file], "it was changed after it was written");
    await writeFile(file, "{}");
    await refused(["run", file], "expected a compiled program, for a machine subleq or fleq, found none");
    await writeFile(file, text.replace('"version": 1', '"version": 2'));
    await refused(["run", file], "expected version 1, found 2. Hint: compile it again");
    const { sha256: _, ...fields } = JSON.parse(text) as { instructions: number[][]; sha256: string };
    const forged = { ...fields, instructions: fields.instructions.map(([a, b]) => [a, b, 9999]) };
    const hash = createHash("sha256").update(JSON.stringify(forged)).digest("hex");
    await writeFile(file, JSON.stringify({ ...forged, sha256: hash }));
    await refused(["run", file], "instruction 0: expected a number below 5, found 9999");
    await loopJson("compile", "multiply", "--out", place("no-ending"));
    expect(await loopJson("run", place("no-ending"))).toMatchObject({ memory: { product: 63 } });
    await refused(
      ["export", "multiply", "--onnx", place("same"), "--state", place("same")],
      "--state: expected a file other than",
    );
    const own = await save("own.loop", "print 1\n");
    await refused(["compile", own, "--out", own, "--force"], "--out: expected a file other than");
    expect(await readFile(own, "utf8")).toBe("print 1\n");
    await refused(["export", "multiply", "--onnx", place("half.onnx"), "--state", place("nowhere/x.npy")], "nowhere");
    await expect(readFile(place("half.onnx"))).rejects.toThrow("ENOENT");
    await writeFile(file, "no");
    await refused(["run", file], "found text that is not JSON");
  });

  it("a temperature that is too low stops the run at a named loop, column and row", async () => {
    const file = place("cold.json");
    await loop("compile", "multiply", "--bits", "16", "--temperature", "1", "--out", file, "--force");
    await refused(["run", file, "--engine", "full"], "expected a bit within 0.1 of +1 or -1");
    expect(printed.errors).toMatch(/loop \d+, column \d+, row (memory|counter)\[\d+\]/);
  });
});

describe("claims", () => {
  it.each(loopedTransformer.claims.map((claim) => [claim.id, claim] as const))(
    "%s holds on a seed of its own",
    { timeout: 180_000 },
    async (_, claim) => {
      const finding = await claim.measure({
        scale: "quick",
        seed: 95_000,
        progress: () => {},
        signal: new AbortController().signal,
      });
      expect(finding.found.length).toBeGreaterThan(5);
      expect(finding.holds).toBe(true);
    },
  );

  it("stop when asked", async () => {
    const controller = new AbortController();
    controller.abort();
    const [first] = loopedTransformer.claims;
    await expect(
      first!.measure({ scale: "quick", seed: 0, progress: () => {}, signal: controller.signal }),
    ).rejects.toThrow();
  });
});
