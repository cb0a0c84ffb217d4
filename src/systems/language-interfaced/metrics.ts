/** How good predictions are. @module */

/** Figures of a classification. */
export interface ClassificationScore {
  readonly accuracy: number;
  /** Mean of the classes' F1, over classes that occur or were predicted. */
  readonly macroF1: number;
  /** Mean -log p of the right class, in nats, probabilities of at least 1e-15; undefined where there are no probabilities. */
  readonly logLoss?: number;
  /** Expected calibration error: mean gap of confidence and accuracy over ten bins of confidence. */
  readonly ece?: number;
  /** `confusion[right][predicted]`; what is no class counts in the last column. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Scores of class predictions.
 *
 * @param right - class numbers
 * @param predicted - class numbers, or -1 where a prediction is no class, which counts as wrong
 * @param probabilities - of each row over the classes, where there are any
 * @remarks ECE: Naeini et al. (2015), with ten bins of equal width.
 */
export function scoreClasses(
  right: readonly number[],
  predicted: readonly number[],
  numClasses: number,
  probabilities?: readonly (readonly number[])[],
): ClassificationScore {
  const confusion = Array.from({ length: numClasses }, () => Array<number>(numClasses + 1).fill(0));
  right.forEach((own, row) => {
    const column = predicted[row]! < 0 ? numClasses : predicted[row]!;
    confusion[own]![column]! += 1;
  });
  const hits = right.filter((own, row) => predicted[row] === own).length;
  const f1 = Array.from({ length: numClasses }, (_, k) => {
    const truePositives = confusion[k]![k]!;
    const actual = confusion[k]!.reduce((sum, count) => sum + count, 0);
    const claimed = confusion.reduce((sum, row) => sum + row[k]!, 0);
    return actual + claimed === 0 ? undefined : (2 * truePositives) / (actual + claimed);
  }).filter((value) => value !== undefined);
  return {
    accuracy: hits / right.length,
    macroF1: f1.reduce((sum, value) => sum + value, 0) / Math.max(1, f1.length),
    ...(probabilities && calibration(right, predicted, probabilities)),
    confusion,
  };
}

const numBins = 10;

function calibration(
  right: readonly number[],
  predicted: readonly number[],
  probabilities: readonly (readonly number[])[],
) {
  const losses = right.map((own, row) => -Math.log(Math.max(1e-15, probabilities[row]![own]!)));
  const bins = Array.from({ length: numBins }, () => ({ confidence: 0, hits: 0 }));
  probabilities.forEach((own, row) => {
    const confidence = Math.max(...own);
    const bin = bins[Math.min(numBins - 1, Math.floor(confidence * numBins))]!;
    bin.confidence += confidence;
    if (predicted[row] === right[row]) bin.hits += 1;
  });
  const gap = bins.reduce((sum, { confidence, hits }) => sum + Math.abs(confidence - hits), 0);
  return {
    logLoss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    ece: gap / right.length,
  };
}

/** Figures of a regression. */
export interface RegressionScore {
  /** Relative absolute error: the sum of absolute errors over that of the mean of the right values. */
  readonly rae: number;
  readonly rmse: number;
  /** 1 - squared error over variance. */
  readonly r2: number;
  /** Mean absolute error. */
  readonly mae: number;
}

/**
 * Scores of number predictions.
 *
 * @param right - not all equal
 */
export function scoreNumbers(right: readonly number[], predicted: readonly number[]): RegressionScore {
  const mean = right.reduce((sum, value) => sum + value, 0) / right.length;
  const total = (fn: (row: number) => number) => right.reduce((sum, _, row) => sum + fn(row), 0);
  const absolute = total((row) => Math.abs(right[row]! - predicted[row]!));
  const squared = total((row) => (right[row]! - predicted[row]!) ** 2);
  return {
    rae: absolute / total((row) => Math.abs(right[row]! - mean)),
    rmse: Math.sqrt(squared / right.length),
    r2: 1 - squared / total((row) => (right[row]! - mean) ** 2),
    mae: absolute / right.length,
  };
}
