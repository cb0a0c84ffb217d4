/** The layers after the first as a combinational Verilog module. @module */
import { ConfigError } from "../../core/index.ts";
import type { Layer } from "./network.ts";
import { arbitraryAnswers, type NetworkFile } from "./network-file.ts";

const maxWeights = 1_000_000;

/** Bits of a signed number that holds every partial sum of a neuron. */
function sumBits({ rowStarts, weights, bias }: Layer, row: number): number {
  let reach = Math.abs(bias[row]!);
  for (let at = rowStarts[row]!; at < rowStarts[row + 1]!; at++) reach += Math.abs(weights[at]!);
  return Math.floor(Math.log2(reach + 1)) + 3;
}

function signed(value: number, bits: number): string {
  return `${value < 0 ? "-" : ""}${bits}'sd${Math.abs(value)}`;
}

function layerText(layer: Layer, at: number): string {
  const { role, inputs, outputs, rowStarts, columns, weights, bias } = layer;
  const neurons = Array.from({ length: outputs }, (_, row) => {
    const bits = sumBits(layer, row);
    const terms: string[] = [];
    for (let k = rowStarts[row]!; k < rowStarts[row + 1]!; k++) {
      terms.push(`(layer${at - 1}[${columns[k]}] ? ${signed(weights[k]!, bits)} : ${bits}'sd0)`);
    }
    terms.push(signed(bias[row]!, bits));
    return `  assign layer${at}[${row}] = (${terms.join(" + ")}) >= ${bits}'sd0;`;
  });
  return `  // layer ${at + 1}, ${role}: ${inputs} -> ${outputs}\n  wire [${outputs - 1}:0] layer${at};\n${neurons.join("\n")}`;
}

/**
 * A Verilog module from the bits of the first layer, `separated`, to the label's number, `label`.
 *
 * The first layer, whose weights are real numbers, is not in it: bit k of `separated` is 1 where w_k x + b_k >= 0, from software, an
 * analogue front end, or fixed point whose error is below `smallestMargin`.
 *
 * @throws {ConfigError} where the module would hold more than a million weights
 */
export function exportVerilog({ network, table }: NetworkFile): string {
  const { layers } = network;
  const later = layers.slice(1);
  const count = later.reduce((total, { weights }) => total + weights.length, 0);
  if (count > maxWeights) {
    throw new ConfigError({
      where: "--verilog",
      expected: `at most ${maxWeights} weights after the first layer`,
      found: `${count}`,
      hint: "split the table and fit a network to each part",
    });
  }
  const name = table.name.replace(/[^\x20-\x7e]/g, "?");
  return `// ${table.points} different rows of ${name}, memorized by tenfold: the layers after the first.
// ${arbitraryAnswers}.
module memorized (
  input wire [${layers[0]!.outputs - 1}:0] separated, // bit k: whether w_k x + b_k >= 0 in the first layer
  output wire [${layers.at(-1)!.outputs - 1}:0] label
);
  wire [${layers[0]!.outputs - 1}:0] layer0 = separated;
${later.map((layer, at) => layerText(layer, at + 1)).join("\n\n")}

  assign label = layer${layers.length - 1};
endmodule
`;
}
