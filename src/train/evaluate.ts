import { DataError, type HostTensor, type Tree } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import { type CompileOptions, compile, type Tensor } from "../engine/index.ts";
import { accuracy, type Layer, Mode, type Traced } from "../nn/index.ts";
import { gatherRows } from "./batches.ts";
import type { Loss } from "./step.ts";

/** What {@link createEvaluator} measures over a dataset. */
export interface Evaluation {
  /** Mean loss an example. */
  readonly loss: number;
  /** Share of examples whose largest logit is the label, in [0, 1]; for datasets with classes. */
  readonly accuracy?: number;
}

/** Measures parameters on a dataset. */
export interface Evaluator {
  evaluate(params: Tree<HostTensor>, data: Dataset, batchSize?: number): Promise<Evaluation>;
  dispose(): Promise<void>;
}

/** Loss and accuracy of a batch, compiled. */
interface Measure {
  (
    params: Tree<HostTensor>,
    inputs: HostTensor,
    targets: HostTensor,
  ): Promise<{ loss: HostTensor; accuracy?: HostTensor }>;
  dispose(): Promise<void>;
}

/** Compiles a model and loss for measuring, with dropout off and running statistics in use. */
export function createEvaluator<P>(model: Layer<P>, loss: Loss, options: CompileOptions = {}): Evaluator {
  const apply = (params: Traced<P>, inputs: Tensor) => model.apply(params, inputs, new Mode(false));
  const classify = compile((params: Traced<P>, inputs: Tensor, targets: Tensor) => {
    const output = apply(params, inputs);
    return { loss: loss(output, targets), accuracy: accuracy(output, targets) };
  }, options) as unknown as Measure;
  const regress = compile((params: Traced<P>, inputs: Tensor, targets: Tensor) => {
    return { loss: loss(apply(params, inputs), targets) };
  }, options) as unknown as Measure;
  return {
    async evaluate(params, { inputs, targets, classes, name }, batchSize = 512) {
      const size = inputs.shape[0]!;
      if (size === 0) throw new DataError({ where: name, expected: "examples to measure on", found: "none" });
      const totals = { loss: 0, accuracy: 0 };
      for (let start = 0; start < size; start += batchSize) {
        const rows = Int32Array.from({ length: Math.min(batchSize, size - start) }, (_, i) => start + i);
        const measured = await (classes ? classify : regress)(
          params,
          gatherRows(inputs, rows),
          gatherRows(targets, rows),
        );
        totals.loss += measured.loss.data[0]! * rows.length;
        if (measured.accuracy) totals.accuracy += measured.accuracy.data[0]! * rows.length;
      }
      return { loss: totals.loss / size, ...(classes && { accuracy: totals.accuracy / size }) };
    },
    async dispose() {
      await classify.dispose();
      await regress.dispose();
    },
  };
}
