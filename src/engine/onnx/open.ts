/** ONNX models from anywhere, run as they are. @module */
import { DataError, type HostTensor, hostTensor, type TypedArray } from "../../core/index.ts";
import { loadOrt, type SessionOptions, threadCount, toOrt } from "../session.ts";

/** A model loaded from ONNX bytes. */
export interface OnnxModel {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** The outputs, by name, for inputs by name. */
  run(inputs: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>>;
  /** Frees the model. */
  release(): Promise<void>;
}

/**
 * Loads an ONNX model into ONNX Runtime, optimised as it would be in production.
 *
 * @throws {DataError} where the bytes are no model that ONNX Runtime takes
 * @example
 * ```ts
 * const model = await openOnnx(await readFile("model.onnx"));
 * const { output } = await model.run({ input: hostTensor(new Float32Array(784), [1, 1, 28, 28]) });
 * ```
 */
export async function openOnnx(bytes: Uint8Array, options: SessionOptions = {}): Promise<OnnxModel> {
  const ort = await loadOrt();
  const session = await ort.InferenceSession.create(bytes, {
    logSeverityLevel: 4,
    intraOpNumThreads: threadCount(options),
  }).catch((cause: unknown) => {
    const found = cause instanceof Error ? cause.message.split("\n")[0]! : String(cause);
    throw new DataError({ where: "ONNX model", expected: "a model that ONNX Runtime can load", found, cause });
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(inputs) {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, host]) => [name, toOrt(ort, host)]));
      const results = await session.run(feeds);
      return Object.fromEntries(
        Object.entries(results).map(([name, { data, dims }]) => [name, hostTensor(data as TypedArray, dims)]),
      );
    },
    release: () => session.release(),
  };
}
