/** Decision trees, forests and boosting, as something to compare with. @module */
import { Random } from "../../core/index.ts";

type Vectors = readonly (readonly number[])[];

/** What a tree predicts: a leaf, or a question about one feature and two trees. */
type Node =
  | { readonly value: number }
  | { readonly feature: number; readonly threshold: number; readonly below: Node; readonly above: Node };

/** How a tree grows. */
export interface TreeOptions {
  /** Classes to tell apart; 0 for numbers. */
  readonly numClasses: number;
  readonly maxDepth: number;
  /** Rows that a leaf has at least. */
  readonly minLeaf: number;
  /** Features that each question chooses among, drawn anew each time; default all. */
  readonly numFeatures?: number;
  readonly random?: Random;
}

/** Sums of the rows on one side of a question: how far from pure they are, times their number. */
interface Side {
  move(answer: number, by: 1 | -1): void;
  cost(): number;
}

/** Rows times Gini impurity. */
function classSide(numClasses: number): Side {
  const counts = new Float64Array(numClasses);
  let [total, squares] = [0, 0];
  return {
    move(answer, by) {
      squares += by * 2 * counts[answer]! + 1;
      counts[answer]! += by;
      total += by;
    },
    cost: () => (total === 0 ? 0 : total - squares / total),
  };
}

/** Sum of squared distances from the mean. */
function numberSide(): Side {
  let [count, sum, squares] = [0, 0, 0];
  return {
    move(answer, by) {
      count += by;
      sum += by * answer;
      squares += by * answer * answer;
    },
    cost: () => (count === 0 ? 0 : squares - (sum * sum) / count),
  };
}

function leafValue(answers: readonly number[], rows: readonly number[], numClasses: number): number {
  if (numClasses === 0) return rows.reduce((sum, row) => sum + answers[row]!, 0) / rows.length;
  const counts = Array<number>(numClasses).fill(0);
  for (const row of rows) counts[answers[row]!]! += 1;
  return counts.indexOf(Math.max(...counts));
}

/** A tree grown from rows; it predicts the mean, or the most frequent class, of the leaf that a vector falls into. */
export function growTree(
  inputs: Vectors,
  answers: readonly number[],
  options: TreeOptions,
): (input: readonly number[]) => number {
  const { numClasses, maxDepth, minLeaf, random } = options;
  const dim = inputs[0]!.length;
  const newSide = () => (numClasses === 0 ? numberSide() : classSide(numClasses));

  /** The question after which the two sides are purest together. */
  function bestSplit(rows: readonly number[]): { feature: number; threshold: number } | undefined {
    const features = random
      ? Array.from(random.permutation(dim)).slice(0, options.numFeatures ?? dim)
      : [...Array(dim).keys()];
    const whole = newSide();
    for (const row of rows) whole.move(answers[row]!, 1);
    let best: { feature: number; threshold: number } | undefined;
    let lowest = whole.cost() - 1e-12;
    for (const feature of features) {
      const sorted = [...rows].sort((a, b) => inputs[a]![feature]! - inputs[b]![feature]!);
      const [below, above] = [newSide(), newSide()];
      for (const row of sorted) above.move(answers[row]!, 1);
      for (let i = 0; i + 1 < sorted.length; i++) {
        below.move(answers[sorted[i]!]!, 1);
        above.move(answers[sorted[i]!]!, -1);
        const [here, next] = [inputs[sorted[i]!]![feature]!, inputs[sorted[i + 1]!]![feature]!];
        if (here === next || i + 1 < minLeaf || sorted.length - i - 1 < minLeaf) continue;
        const cost = below.cost() + above.cost();
        if (cost >= lowest) continue;
        lowest = cost;
        best = { feature, threshold: (here + next) / 2 };
      }
    }
    return best;
  }

  function grow(rows: readonly number[], depth: number): Node {
    const split = depth < maxDepth && rows.length >= 2 * minLeaf ? bestSplit(rows) : undefined;
    if (!split) return { value: leafValue(answers, rows, numClasses) };
    const isBelow = (row: number) => inputs[row]![split.feature]! <= split.threshold;
    return {
      ...split,
      below: grow(rows.filter(isBelow), depth + 1),
      above: grow(
        rows.filter((row) => !isBelow(row)),
        depth + 1,
      ),
    };
  }

  const root = grow([...inputs.keys()], 0);
  return (input) => {
    let node = root;
    while ("feature" in node) node = input[node.feature]! <= node.threshold ? node.below : node.above;
    return node.value;
  };
}

/**
 * Trees grown from rows drawn with replacement, each question among a few features.
 *
 * @returns what each tree predicts of a vector
 * @remarks Source: Breiman (2001): the square root of the features for classes, a third for numbers.
 */
export function growForest(
  inputs: Vectors,
  answers: readonly number[],
  { numClasses, numTrees, seed }: { readonly numClasses: number; readonly numTrees: number; readonly seed: number },
): (input: readonly number[]) => number[] {
  const dim = inputs[0]!.length;
  const numFeatures = Math.max(1, Math.round(numClasses === 0 ? dim / 3 : Math.sqrt(dim)));
  const trees = Array.from({ length: numTrees }, (_, tree) => {
    const random = new Random(seed, "forest", tree);
    const drawn = inputs.map(() => random.integer(inputs.length));
    const own = { numClasses, maxDepth: 30, minLeaf: numClasses === 0 ? 3 : 1, numFeatures, random };
    return growTree(
      drawn.map((row) => inputs[row]!),
      drawn.map((row) => answers[row]!),
      own,
    );
  });
  return (input) => trees.map((tree) => tree(input));
}

/**
 * Trees of depth 4, each grown from what those before it leave, of which a tenth counts.
 *
 * @remarks Source: Friedman (2001), Algorithm 2, least squares.
 */
export function boostTrees(
  inputs: Vectors,
  answers: readonly number[],
  numTrees: number,
): (input: readonly number[]) => number {
  const rate = 0.1;
  const offset = answers.reduce((sum, value) => sum + value, 0) / answers.length;
  const left = answers.map((value) => value - offset);
  const trees = Array.from({ length: numTrees }, () => {
    const tree = growTree(inputs, left, { numClasses: 0, maxDepth: 4, minLeaf: 3 });
    inputs.forEach((input, row) => {
      left[row]! -= rate * tree(input);
    });
    return tree;
  });
  return (input) => trees.reduce((sum, tree) => sum + rate * tree(input), offset);
}
