import type { Claim } from "../claim.ts";

/** A claim's `measure`, whose code is loaded when it runs. */
function lazily<T>(load: () => Promise<T>, pick: (code: T) => Claim["measure"]): Claim["measure"] {
  return async (context) => pick(await load())(context);
}

const code = () => import("./measurements.ts");
const onTables = () => import("./measurements-on-tables.ts");

/** What the paper claims, and what we add, as this room measures it. */
export const claims: readonly Claim[] = [
  {
    id: "F1",
    statement: "A language model fine-tuned on rows as text classifies them, with no change to the model and no head.",
    source: "Table 3 and Figure 3",
    method:
      "Iris, and opposite quadrants of the plane (xor), which no line tells apart; a small model of bytes from random weights, a fifth of the rows held out, three seeds.",
    paper: "iris 96.7% (GPT-J), logistic regression 96.7%",
    window: "iris at least 93% in the mean; xor at least 85% where logistic regression stays below 65%",
    command: "tenfold lift fit iris.csv --target species --hold-out 0.2 --out run",
    measure: lazily(code, (own) => own.measureClasses),
  },
  {
    id: "F2",
    statement:
      "Answers are valid: always where a grammar of the target guides the digits and letters, nearly always where none does.",
    source: "ours; the released code drops what it cannot read",
    method:
      "The models of a class and of a number target: share of texts that are an answer, with and without the grammar.",
    paper: "none",
    window: "100% constrained, at least 98% free",
    command: "tenfold lift predict run rows.csv --decode free",
    measure: lazily(code, (own) => own.measureValidity),
  },
  {
    id: "F3",
    statement:
      "Four outliers among 200 training rows barely move it, while least squares and boosting are pulled away.",
    source: "Figure 5: robustness to outliers",
    method:
      "y = 0.9 x with noise; four y replaced by numbers from 20 to 100. Relative absolute error on clean rows, with outliers against without.",
    paper: "RAE .070 with outliers and .081 without (GPT-J); boosted trees .67 to .82 with",
    window: "error rises by at most 30% in the mean; that of least squares or boosted trees threefold at least",
    command: "tenfold lift fit table.csv --target y --task regress --out run",
    measure: lazily(code, (own) => own.measureOutliers),
  },
  {
    id: "F4",
    statement:
      "Wrong labels cost little: a fifth of them at random is mostly ignored. With all labels shuffled nothing is learned.",
    source: "Figure 6: label corruption",
    method: "Four blobs, 20% of the training labels replaced by another class, or all shuffled; clean test rows.",
    paper: "as robust as the best classic methods",
    window: "at most 10 points lost at 20%; shuffled within 3 standard deviations of chance, 25%",
    command: "tenfold lift fit table.csv --target class --out run",
    measure: lazily(code, (own) => own.measureLabelNoise),
  },
  {
    id: "F5",
    statement: "The spread of drawn answers tells how noisy the data are at that place.",
    source: "section on prediction confidence",
    method:
      "y = 0.9 x with noise that grows with |x|; 30 answers drawn at each x: rank correlation of their spread with the true one.",
    paper: "standard deviation tracks that of the noise",
    window: "mean correlation above 0.5",
    command: "tenfold lift predict run rows.csv --samples 30",
    measure: lazily(code, (own) => own.measureUncertainty),
  },
  {
    id: "F6",
    statement: "The same model, read backwards, makes rows of a class that serve as well for training as real ones.",
    source: "section on generating data",
    method:
      "Iris (quick scale: four blobs), 60 rows a class made by a model fitted with --generator: distance of the class means in standard deviations, and accuracy of five nearest neighbours trained on made rows against real ones, on rows held out.",
    paper: "qualitative",
    window: "every mean within 1 standard deviation, accuracy within 10 points",
    command: "tenfold lift generate run --class setosa --n 60",
    measure: lazily(code, (own) => own.measureGeneration),
  },
  {
    id: "F7",
    statement: "Training on made-up tables of the same columns first helps where rows are few.",
    source: "section 5.4: two-stage fine-tuning",
    method:
      "Four blobs with 12 rows to learn (full scale: 10, 20 and 50), with and without the first stage, 200 test rows.",
    paper: "blobs at n = 10, 50: 12, 30% against 52, 68%",
    window: "mean of two stages at least that of one, at each n",
    command: "tenfold lift fit table.csv --target class --two-stage --out run",
    measure: lazily(code, (own) => own.measureTwoStage),
  },
  {
    id: "F8",
    statement: "On tables that are there, text alone comes near to classic methods, and beats them on some.",
    source: "Tables 3 and 4",
    method:
      "Full scale: eight sets of TENFOLD_DATA/tabular, three seeds, default options. Quick scale: wine by five of its columns, three seeds.",
    paper: "ties at few columns and classes, loses at many; wins on insurance (RAE .17 to .19 against .25)",
    window:
      "full: within 5 points of the best classic method on half of the sets of classes, relative absolute error at most 0.5 on insurance and auto-mpg; quick: at least 85%",
    command: "tenfold lift bench --sets insurance,auto-mpg",
    measure: lazily(onTables, (own) => own.measureTables),
  },
];
