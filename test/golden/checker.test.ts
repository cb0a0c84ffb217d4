import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { InferenceSession } from "onnxruntime-node";
import { expect, it, vi } from "vitest";
import { loss, workloads } from "../../bench/workloads.ts";
import { isFloat, Random } from "../../src/core/index.ts";
import { mul, pullback, scalar, sum, type Tensor, toOnnx } from "../../src/engine/index.ts";
import { lower } from "../../src/engine/onnx/lower.ts";
import { traceFunction } from "../../src/engine/trace.ts";
import { Mode } from "../../src/nn/index.ts";
import { compileTrainStep, initialState } from "../../src/train/index.ts";
import { cases, Draw } from "../parity/cases.ts";
import { describeWith, pythonOnnx } from "../programs.ts";

describeWith(pythonOnnx, "every graph passes onnx.checker with full_check", () => {
  const check = (write: (folder: string) => void) => {
    const folder = mkdtempSync(join(tmpdir(), "tenfold-models-"));
    try {
      write(folder);
      const { stdout, stderr, status } = spawnSync(
        "/usr/bin/python3",
        [join(import.meta.dirname, "check-models.py"), folder],
        {
          encoding: "utf8",
        },
      );
      expect(stderr).toBe("");
      expect({ stdout, status }).toEqual({ stdout: expect.stringMatching(/^\d+ models, 0 failures\n$/), status: 0 });
      return Number.parseInt(stdout, 10);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  it("of every primitive and its gradient, for ONNX Runtime and portable", () => {
    const count = check((folder) => {
      cases.forEach(({ name, inputs, fn, smooth }, index) => {
        const hosts = inputs(new Draw(new Random(1, name)));
        const gradient = (...tensors: Tensor[]) => {
          const y = fn(...tensors);
          const floats = tensors.filter(({ dtype }) => isFloat(dtype));
          return pullback(sum(mul(y, 2)), floats, scalar(1));
        };
        for (const [kind, f] of Object.entries(smooth ? { value: fn, gradient } : { value: fn })) {
          for (const portable of [false, true]) {
            const { model } = lower(traceFunction(f, hosts), { portable, channelBlock: 16 });
            writeFileSync(join(folder, `${index}-${name.replaceAll(/\W/g, "-")}-${kind}-${portable}.onnx`), model);
          }
        }
      });
    });
    expect(count).toBeGreaterThan(2 * cases.length);
  });

  it("of whole training steps: forward, backward and update", async () => {
    const models = new Map<string, Uint8Array>();
    const create = vi.spyOn(InferenceSession, "create");
    for (const { name, model, optimizer, batch, learningRate } of workloads) {
      const random = new Random(0);
      const options = { model, loss, optimizer };
      const step = compileTrainStep(options, initialState(options, model.init(random)));
      create.mockClear();
      await step.run(batch(random), { learningRate, step: 0, seed: 0 });
      models.set(name, create.mock.calls.at(-1)![0] as unknown as Uint8Array);
      await step.dispose();
    }
    create.mockRestore();
    check((folder) => {
      for (const [name, bytes] of models) writeFileSync(join(folder, `${name}.onnx`), bytes);
    });
    // What the step of the MLP is made of: eight matrix products (the input needs no gradient), no transpose, no copy of a state.
    const { graph } = fromBinary(ModelProtoSchema, models.get("mlp")!);
    const counts: Record<string, number> = {};
    for (const { opType } of graph!.node) counts[opType] = (counts[opType] ?? 0) + 1;
    expect(counts).toMatchInlineSnapshot(`
      {
        "Add": 23,
        "Cast": 2,
        "Div": 7,
        "Expand": 1,
        "GatherElements": 1,
        "Gemm": 6,
        "Less": 2,
        "LogSoftmax": 1,
        "MatMul": 2,
        "Mul": 32,
        "Neg": 2,
        "Pow": 2,
        "Reciprocal": 3,
        "ReduceSum": 10,
        "Relu": 2,
        "Reshape": 4,
        "ScatterElements": 1,
        "Softmax": 1,
        "Sqrt": 8,
        "Sub": 8,
        "Transpose": 3,
      }
    `);
  }, 180_000);

  it("of whole models exported with a batch of any size", () => {
    check((folder) => {
      for (const { name, model, batch } of workloads) {
        if (name === "transformer") continue; // its causal bias and reshapes depend on the batch in more than one place
        const random = new Random(0);
        const params = model.init(random);
        const { inputs } = batch(random);
        const apply = (tree: never, x: Tensor) => model.apply(tree, x, new Mode(false));
        writeFileSync(join(folder, `${name}.onnx`), toOnnx(apply as never, params as never, [inputs]));
      }
    });
  });
});
