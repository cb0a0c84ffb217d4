import type { Claim } from "../claim.ts";

/** A claim's `measure`, whose code is loaded when it runs. */
function lazily<T>(load: () => Promise<T>, pick: (code: T) => Claim["measure"]): Claim["measure"] {
  return async (context) => pick(await load())(context);
}

const subleq = () => import("./measurements.ts");
const fleq = () => import("./measurements-fleq.ts");

/** What the paper claims, and what we add, as this room measures it. */
export const claims: readonly Claim[] = [
  {
    id: "T1",
    statement:
      "A fixed transformer, looped, executes any SUBLEQ program in its input: memory and counter are those of a plain interpreter after every loop.",
    source: "section 4, theorem 1",
    method:
      "Random programs (self-jumps, a = b, numbers that wrap around) on one set of weights a width: 8, 16, 22 bits in float32, 32 and 48 in float64; sparse engine, every score of every column, dense weights in ONNX Runtime.",
    paper: "exact",
    window: "no mismatch",
    command: "tenfold loop verify --bits 8,16,22,32,48 --programs 1000",
    measure: lazily(subleq, (code) => code.measureExactness),
  },
  {
    id: "T2",
    statement: "Depth and heads do not depend on the program or its size; the width grows with log n and the bits.",
    source: "section 4, theorem 1; layers as in the authors' code",
    method: "Machines of 16 to 4,096 columns built and counted.",
    paper: "9 layers in the theorem, 10 in the authors' code, 2 heads, width O(log n + N)",
    window: "10 layers, 11 with our extra snap; 2 heads; width 8 L + 3 N + max(3 L, 2 N) + 1",
    command: "tenfold loop explain factorial",
    measure: lazily(subleq, (code) => code.measureSizes),
  },
  {
    id: "T3",
    statement:
      "The temperature that works grows with the bits of a number, by up to ln 2 a bit; one more snap, after reading, makes it the same for all.",
    source: "ours; the paper states log(n³ / ε)",
    method: "Temperatures 1, 2, … until six random programs run without a mismatch, every score computed.",
    paper: "log(n³ / ε)",
    window: "0.25 to 0.8 a bit without the snap; at most 4 with it",
    command: "tenfold loop verify --engine full --mode paper --bits 16 --temperature 10 --programs 6 --steps 12",
    measure: lazily(subleq, (code) => code.measureTemperature),
  },
  {
    id: "T4",
    statement: "Nothing is there for show: without any one layer, or at temperature 2, programs go wrong.",
    source: "ours",
    method: "Each layer of the paper's machine left out in turn; the temperature set to 2.",
    paper: "none",
    window: "every mutilation fails, the whole machine does not",
    command: "tenfold loop verify --engine full --mode paper --programs 4 --steps 12 --without 5",
    measure: lazily(subleq, (code) => code.measureNecessity),
  },
  {
    id: "T5",
    statement:
      "A machine of 13 layers calls functions: sum, difference, product, quotient, root, sigmoid, transposition, matrix product, with branches.",
    source: "section 5, FLEQ; the blocks' layers are ours",
    method: "Random programs, each loop compared with plain arithmetic from the state before it.",
    paper: "9 layers and those of the deepest function",
    window: "same branches; error at most 1e-6, relative to 1 or the number",
    command: "tenfold loop verify --machine fleq --size 4 --columns 128 --programs 10 --steps 20",
    measure: lazily(fleq, (code) => code.measureFunctions),
  },
  {
    id: "T6",
    statement: "Newton's iteration inverts a matrix inside the transformer.",
    source: "section 5, linear algebra",
    method: "Random 4 x 4 matrices, 8 rounds of X (2 I - A X); products by four heads, and by one as in the paper.",
    paper: "13 layers, 1 head; error of products set by c",
    window: "residual at most 1e-8; one head at c = 1e-4 above ten times that",
    command: "tenfold loop run inverse",
    measure: lazily(fleq, (code) => code.measureInverse),
  },
  {
    id: "T7",
    statement:
      "Stochastic gradient descent on a linear model runs inside the transformer; with products by one head its error is linear in c.",
    source: "section 6, in-context learning",
    method: "Random regression problems of 4 features, every epoch's weights beside plain SGD.",
    paper: "error to any accuracy",
    window: "weights within 1e-3 of plain SGD; power of c from 0.8 to 1.2 for one head",
    command: "tenfold loop run sgd",
    measure: lazily(fleq, (code) => code.measureRegression),
  },
  {
    id: "T8",
    statement: "Backpropagation through a network of two layers with sigmoids runs inside the transformer.",
    source: "section 6, backpropagation",
    method: "XOR from three random starts, every epoch's weights beside plain arithmetic.",
    paper: "error to any accuracy",
    window: "weights within 1e-3 of plain backpropagation",
    command: "tenfold loop run backpropagation",
    measure: lazily(fleq, (code) => code.measureBackpropagation),
  },
];
