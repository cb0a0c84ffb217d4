/** FLEQ programs for data of any size, written out: inversion, linear regression, a network of one hidden layer. @module */
import { literal } from "./lab.ts";

/** Newton's inverse X <- X (2 I - A X) of a square matrix, `rounds` times, from X = scale Aᵀ; `again` is the top of a round. */
export function inverseProgram(
  a: readonly (readonly number[])[],
  scale: number,
  rounds: number,
  product = "matmul",
): string {
  const n = a.length;
  const identity = (value: number) => literal(a.map((_, i) => a.map((__, j) => (i === j ? value : 0))));
  const start = literal(a.map((_, i) => a.map((row) => scale * row[i]!)));
  return `
data A = ${literal(a)}
data X = ${start}
data two = ${identity(2)}
data rounds = ${rounds}
data one = 1
data At[${n}, ${n}]
data AX[${n}, ${n}]
data rest[${n}, ${n}]
data Xt[${n}, ${n}]
        At = transpose(A)
again:  AX = ${product}(At, X)
        rest = sub(two, AX)
        Xt = transpose(X)
        X = ${product}(Xt, rest)
        rounds = sub(rounds, one)
        if rounds <= 0 goto done
        goto again
done:   halt
`;
}

/** Stochastic gradient descent of w on (x · w - y)² / 2, example after example; `again` is the top of an epoch. */
export function regressionProgram(
  examples: readonly { readonly x: readonly number[]; readonly y: number }[],
  rate: number,
  epochs: number,
  product = "matmul",
): string {
  const d = examples[0]!.x.length;
  const data = examples.map(({ x, y }, i) => `data x${i} = ${literal([x])}\ndata y${i} = ${y}`);
  return `
${data.join("\n")}
data w[${d}, 1]
data epochs = ${epochs}
data one = 1
data minus_rate = ${-rate}
data column[${d}, 1]
data error = 0
data step = 0
data change[${d}, 1]
again:
repeat i = 0 .. ${examples.length - 1}
        column = transpose(x{i})
        error = ${product}(column, w)
        error = sub(error, y{i})
        step = mul(error, minus_rate)
        change = ${product}(x{i}, step)
        w = add(w, change)
end
        epochs = sub(epochs, one)
        if epochs <= 0 goto done
        goto again
done:   halt
`;
}

/** What {@link regressionProgram} computes, in plain arithmetic: w after every epoch. */
export function plainRegression(
  examples: readonly { readonly x: readonly number[]; readonly y: number }[],
  rate: number,
  epochs: number,
): number[][] {
  const w = examples[0]!.x.map(() => 0);
  const history: number[][] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { x, y } of examples) {
      const error = x.reduce((sum, value, i) => sum + value * w[i]!, 0) - y;
      for (const [i, value] of x.entries()) w[i]! -= rate * error * value;
    }
    history.push([...w]);
  }
  return history;
}

/** The weights of a network with one hidden layer of sigmoids and one output. */
export interface HiddenLayer {
  /** [inputs, hidden] */
  readonly w: readonly (readonly number[])[];
  /** [hidden] */
  readonly v: readonly number[];
}

/** Stochastic gradient descent of a network with sigmoids on cross-entropy; `again` is the top of an epoch. */
export function backpropagationProgram(
  { w, v }: HiddenLayer,
  examples: readonly { readonly x: readonly number[]; readonly y: number }[],
  rate: number,
  epochs: number,
): string {
  const [inputs, hidden] = [w.length, v.length];
  const column = (values: readonly number[]) => literal(values.map((value) => [value]));
  const data = examples.map(({ x, y }, i) => `data x${i} = ${column(x)}\ndata y${i} = ${y}`);
  return `
${data.join("\n")}
data W = ${literal(w)}
data v = ${column(v)}
data epochs = ${epochs}
data one = 1
data minus_rate = ${-rate}
data ones = ${column(v.map(() => 1))}
data h[${hidden}, 1]
data z = 0
data o = 0
data delta = 0
data slope[${hidden}, 1]
data rest[${hidden}, 1]
data back[${hidden}, 1]
data row[1, ${hidden}]
data xr[1, ${inputs}]
data outer[${inputs}, ${hidden}]
data change[${hidden}, 1]
again:
repeat i = 0 .. ${examples.length - 1}
        h = matmul(W, x{i})
        h = sigmoid(h)
        z = matmul(v, h)
        o = sigmoid(z)
        delta = sub(o, y{i})
        delta = mul(delta, minus_rate)
        rest = sub(ones, h)
        slope = mul(h, rest)
        row = transpose(v)
        back = matmul(row, delta)
        back = mul(back, slope)
        row = transpose(h)
        change = matmul(row, delta)
        v = add(v, change)
        xr = transpose(x{i})
        row = transpose(back)
        outer = matmul(xr, row)
        W = add(W, outer)
end
        epochs = sub(epochs, one)
        if epochs <= 0 goto done
        goto again
done:   halt
`;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The outputs of a network for one example: hidden values and output. */
export function forwardHidden({ w, v }: HiddenLayer, x: readonly number[]): { hidden: number[]; output: number } {
  const hidden = v.map((_, j) => sigmoid(x.reduce((sum, value, i) => sum + value * w[i]![j]!, 0)));
  return { hidden, output: sigmoid(hidden.reduce((sum, value, j) => sum + value * v[j]!, 0)) };
}

/** What {@link backpropagationProgram} computes, in plain arithmetic: the network after every epoch. */
export function plainBackpropagation(
  start: HiddenLayer,
  examples: readonly { readonly x: readonly number[]; readonly y: number }[],
  rate: number,
  epochs: number,
): HiddenLayer[] {
  let network = start;
  const history: HiddenLayer[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { x, y } of examples) {
      const { hidden, output } = forwardHidden(network, x);
      const delta = -rate * (output - y);
      const back = hidden.map((value, j) => delta * network.v[j]! * value * (1 - value));
      network = {
        w: network.w.map((row, i) => row.map((weight, j) => weight + x[i]! * back[j]!)),
        v: network.v.map((weight, j) => weight + delta * hidden[j]!),
      };
    }
    history.push(network);
  }
  return history;
}
