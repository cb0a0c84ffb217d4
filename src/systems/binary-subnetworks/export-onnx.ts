/** A mask of a random network as an ONNX model of its own: the units that are left, with their signs. @module */
import { ConfigError, type HostTensor, hostTensor } from "../../core/index.ts";
import { add, matmul, relu, type Tensor, toOnnx } from "../../engine/index.ts";
import type { Certificate } from "./certificate.ts";
import type { MaskLayer } from "./construct.ts";
import { type SignedLayer, signedLayers } from "./integer-forward.ts";

/** The largest model that is written: 1 GB. */
const maxBytes = 1e9;

/** float64[inputs, outputs] of +amplitude, -amplitude and 0. */
function signMatrix(
  { units, starts, places, signs }: SignedLayer,
  [inputs, outputs]: readonly [number, number],
  amplitude: number,
): Float64Array {
  const matrix = new Float64Array(inputs * outputs);
  for (const [place, unit] of units.entries()) {
    const column = outputs === units.length ? place : unit;
    for (let e = starts[place]!; e < starts[place + 1]!; e++) {
      // Units without edges are always 0, and have no place.
      if (places[e]! < inputs) matrix[places[e]! * outputs + column] = signs[e]! * amplitude;
    }
  }
  return matrix;
}

/**
 * The ONNX model of a mask: input `input`, float64 [batch, inputs of the target]; output `output`, float64 [batch, outputs of the
 * target], in its units. Each layer is a product with a matrix of +1, -1 and 0 and a ReLU; units without edges are left out. What
 * the constant input of a target with biases adds is an offset of the first layer. The one factor is in the last layer's matrix: ONNX
 * Runtime would fuse a product with a number into the one before, as a float32.
 *
 * @throws {ConfigError} where the matrices would be larger than 1 GB
 */
export function exportOnnx(certificate: Certificate, layers: readonly MaskLayer[]): Uint8Array {
  const { seed, constantInput, scale, targetShape } = certificate;
  const signed = signedLayers(layers, seed);
  const inputs = targetShape[0]![1];
  const widths = signed.map(({ units, width }, l) => (l + 1 === signed.length ? width : units.length));
  const withConstant = inputs + (constantInput === null ? 0 : 1);
  const bytes = widths.reduce((total, width, l) => total + 8 * width * (widths[l - 1] ?? withConstant), 0);
  if (bytes > maxBytes) {
    throw new ConfigError({
      where: "--onnx",
      expected: "at most 1 GB as full matrices",
      found: `${(bytes / 1e9).toFixed(1)} GB`,
      hint: "a larger --eps makes a smaller network",
    });
  }
  const signs = signed.map((layer, l) =>
    signMatrix(layer, [widths[l - 1] ?? withConstant, widths[l]!], l + 1 === signed.length ? scale : 1),
  );
  const split = inputs * widths[0]!;
  const constantRow = signs[0]!.subarray(split).map((sign) => sign * (constantInput ?? 0));
  const params = {
    offset: hostTensor(constantInput === null ? new Float64Array(widths[0]!) : constantRow, [widths[0]!]),
    layers: signs.map((matrix, l): HostTensor => {
      const size = widths[l - 1] ?? inputs;
      return hostTensor(matrix.subarray(0, size * widths[l]!), [size, widths[l]!]);
    }),
  };
  type Params = { offset: Tensor; layers: Tensor[] };
  const model = ({ offset, layers: stack }: Params, input: Tensor) => {
    const last = stack.length - 1;
    return stack.reduce((values, matrix, l) => {
      const sums = matmul(values, matrix);
      const shifted = l === 0 ? add(sums, offset) : sums;
      return l === last ? shifted : relu(shifted);
    }, input);
  };
  return toOnnx<Params>(model as never, params, [{ shape: [1, inputs], dtype: "float64" }], {
    inputNames: ["input"],
    outputNames: ["output"],
  });
}
