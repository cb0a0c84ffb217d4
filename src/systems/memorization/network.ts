/** A network of threshold neurons as sparse layers: out = 1[W x + bias >= 0]. @module */
import { assert } from "../../core/index.ts";

/** What a layer of the construction does. */
export type LayerRole = "separate" | "compress" | "group" | "rank" | "decode" | "output";

/** A layer of threshold neurons; its weights lie row after row, without zeros (compressed sparse rows). */
export interface Layer {
  readonly role: LayerRole;
  readonly inputs: number;
  readonly outputs: number;
  /** uint32 [outputs + 1]: where each neuron's weights begin in `columns` and `weights`. */
  readonly rowStarts: Uint32Array;
  /** uint32: the input each weight belongs to. */
  readonly columns: Uint32Array;
  /** float64: the weights; whole numbers in every layer but the first. */
  readonly weights: Float64Array;
  /** float64 [outputs]: minus the neurons' thresholds. */
  readonly bias: Float64Array;
}

/** Layers of threshold neurons, each reading only the one before it. */
export interface Network {
  readonly layers: readonly Layer[];
}

/** An input of a neuron and its weight. */
export type Term = readonly [column: number, weight: number];

/** Collects a layer neuron by neuron. */
export class LayerBuilder {
  readonly #role: LayerRole;
  readonly #inputs: number;
  readonly #rowStarts: number[] = [0];
  readonly #columns: number[] = [];
  readonly #weights: number[] = [];
  readonly #bias: number[] = [];

  constructor(role: LayerRole, inputs: number) {
    this.#role = role;
    this.#inputs = inputs;
  }

  /** Adds a weight to the neuron that the next {@link finish} ends; weights of 0 are left out. */
  connect(column: number, weight: number): void {
    assert(column < this.#inputs, `layer ${this.#role} has no input ${column}`);
    if (weight === 0) return;
    this.#columns.push(column);
    this.#weights.push(weight);
  }

  /** Ends a neuron that fires where its inputs sum to at least `threshold`. @returns its number in the layer */
  finish(threshold: number): number {
    this.#rowStarts.push(this.#columns.length);
    // Not -threshold, which would make a negative zero.
    return this.#bias.push(0 - threshold) - 1;
  }

  /** Adds a neuron that fires where the terms sum to at least `threshold`. @returns its number in the layer */
  neuron(terms: readonly Term[], threshold: number): number {
    for (const [column, weight] of terms) this.connect(column, weight);
    return this.finish(threshold);
  }

  build(): Layer {
    return {
      role: this.#role,
      inputs: this.#inputs,
      outputs: this.#bias.length,
      rowStarts: Uint32Array.from(this.#rowStarts),
      columns: Uint32Array.from(this.#columns),
      weights: Float64Array.from(this.#weights),
      bias: Float64Array.from(this.#bias),
    };
  }
}

/** The first layer from its rows: every weight is stored. */
export function denseLayer(role: LayerRole, inputs: number, weights: Float64Array, bias: Float64Array): Layer {
  const outputs = bias.length;
  return {
    role,
    inputs,
    outputs,
    rowStarts: Uint32Array.from({ length: outputs + 1 }, (_, row) => row * inputs),
    columns: Uint32Array.from(weights, (_, at) => at % inputs),
    weights,
    bias,
  };
}

/** The size of a network and what its weights are. */
export interface NetworkCensus {
  readonly depth: number;
  readonly neurons: number;
  /** Weights other than 0, with the thresholds other than 0. */
  readonly weights: number;
  readonly firstLayerNeurons: number;
  readonly firstLayerWeights: number;
  /** Neurons of the layers `group`, `rank`, `decode` and `output`. */
  readonly decodeNeurons: number;
  /** Whether every weight and threshold after the first layer is a whole number. */
  readonly integerWeights: boolean;
  /** Whether the weights of the decode layer and of the output layer are all -1, 0 or 1. */
  readonly decodeTernary: boolean;
  /** The largest weight or threshold after the first layer, without sign. */
  readonly largestInteger: number;
}

function weightsOf(layer: Layer): number {
  return layer.weights.length + layer.bias.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
}

/** Counts a network's neurons and weights and looks at every weight. */
export function countNetwork({ layers }: Network): NetworkCensus {
  const later = layers.slice(1);
  let largest = 0;
  let whole = true;
  let ternary = true;
  for (const { role, weights, bias } of later) {
    const strict = role === "decode" || role === "output";
    for (const value of weights) {
      largest = Math.max(largest, Math.abs(value));
      whole &&= Number.isInteger(value);
      ternary &&= !strict || Math.abs(value) === 1;
    }
    for (const value of bias) {
      largest = Math.max(largest, Math.abs(value));
      whole &&= Number.isInteger(value);
    }
  }
  const tail = new Set<LayerRole>(["group", "rank", "decode", "output"]);
  return {
    depth: layers.length,
    neurons: layers.reduce((total, { outputs }) => total + outputs, 0),
    weights: layers.reduce((total, layer) => total + weightsOf(layer), 0),
    firstLayerNeurons: layers[0]!.outputs,
    firstLayerWeights: weightsOf(layers[0]!),
    decodeNeurons: layers.reduce((total, { role, outputs }) => total + (tail.has(role) ? outputs : 0), 0),
    integerWeights: whole,
    decodeTernary: ternary,
    largestInteger: largest,
  };
}
