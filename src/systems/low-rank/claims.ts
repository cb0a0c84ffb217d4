import type { Claim } from "../claim.ts";

/** A claim's `measure`, whose code is loaded when it runs. */
function lazily<T>(load: () => Promise<T>, pick: (code: T) => Claim["measure"]): Claim["measure"] {
  return async (context) => pick(await load())(context);
}

const theory = () => import("./measurements.ts");
const onData = () => import("./measurements-on-data.ts");

/** What the paper claims, and what we add, as this room measures it. */
export const claims: readonly Claim[] = [
  {
    id: "L1",
    statement:
      "On a linear map and isotropic inputs the optimum over all ranks is the singular value decomposition: every truncation of what is learned is the truncated SVD.",
    source: "section 3.4",
    method:
      "Random maps (shape, rank and spectrum drawn by the seed) learned by gradient descent with one rank drawn a step; every truncation against SVD's, beside the same training without order.",
    paper: "error 0 at the optimum",
    window: "at most 1% at every rank, and above 10% somewhere without order",
    command: "tenfold lowrank recover --task svd",
    measure: lazily(theory, (code) => code.measureSvdRecovery),
  },
  {
    id: "L2",
    statement:
      "On a linear autoencoder the leading columns are the principal components, and the group lasso finds how many there are.",
    source: "section 3.4",
    method: "Data of rank 3 in 10 dimensions, identity target, with and without the group lasso.",
    paper: "PCA",
    window:
      "overlap with the leading components at least 0.999 at every rank; 3 ranks left of 10 with the lasso, 10 without",
    command: "tenfold lowrank recover --task pca --columns 10 --spectrum 3,2,1 --group-lasso 0.001",
    measure: lazily(theory, (code) => code.measurePcaRecovery),
  },
  {
    id: "L3",
    statement:
      "The order is that of what matters for the data, which the layer's own SVD does not know: where the data stress the weakest direction most, it comes first.",
    source: "section 3.4, on data that are not isotropic",
    method: "A map with singular values 8, 7, 3 on inputs that stress its directions 1 : 2 : 3, near enough.",
    paper: "order by the data's second moments",
    window: "|cos| with the singular vectors in reverse order above 0.999",
    command: "tenfold lowrank recover --task reversed --steps 60000",
    measure: lazily(theory, (code) => code.measureReversedOrder),
  },
  {
    id: "L4",
    statement:
      "Sampling ranks orders a network's factors: the leading ones alone still work, those of an ordinary factorisation do not.",
    source: "section 3.2",
    method:
      "An MLP on digits factored and trained with and without sampling, no group lasso; the first quarter of every layer's ranks.",
    paper: "none",
    window: "at least 10 points of accuracy more with order, in each of three seeds",
    command: "tenfold lowrank compare --model mlp --hidden 128,64 --epochs 30 --batch-size 64 --group-lasso 0",
    measure: lazily(onData, (code) => code.measureOrdering),
  },
  {
    id: "L5",
    statement: "The group lasso sets the ranks: without it they stay, and the larger it is the fewer are left.",
    source: "section 3.3 and the ablation",
    method: "An MLP on digits with 0, 1/2 and 2 times the default weight: ranks left at the end, three seeds.",
    paper: "no shrinking without it",
    window: "at least 80% of the ranks without it, then strictly fewer with every larger weight, in each seed",
    command: "tenfold lowrank train --model mlp --hidden 128,64 --epochs 30 --batch-size 64 --out runs/lasso",
    measure: lazily(onData, (code) => code.measureGroupLasso),
  },
  {
    id: "L6",
    statement: "As ranks shrink while training, a step becomes cheaper, in multiply-adds and in time.",
    source: "section 3.3: progressive shrinking",
    method:
      "An MLP of two hidden layers of 512 on digits: multiply-adds counted on the step's graph, median milliseconds a step, last epochs against first.",
    paper: "training cost 1.33 times higher without shrinking (ResNet-18)",
    window: "multiply-adds never rise and fall below 50%, milliseconds below 80%",
    command: "tenfold lowrank train --model mlp --hidden 512,512 --epochs 30 --batch-size 128 --out runs/step-cost",
    measure: lazily(onData, (code) => code.measureStepCost),
  },
  {
    id: "L7",
    statement:
      "Ordered training pays at small sizes; at half of the parameters plain SVD of a dense network, after training, is as good.",
    source: "ours",
    method: "An MLP on digits: both reduced greedily to 10% and 50% of the dense parameters, means of three seeds.",
    paper: "none",
    window: "ordered at least 2 points above SVD at 10% of the parameters, less than 2 at 50%",
    command: "tenfold lowrank compare --model mlp --hidden 128,64 --epochs 50 --batch-size 64 --budgets 0.5,0.1",
    measure: lazily(onData, (code) => code.measureAgainstSvd),
  },
];
