import type { MenuPage } from "./layout.ts";

/** A page that runs Tenfold in the reader's browser. */
export interface LivePage extends MenuPage {
  readonly part: "digits" | "loop" | "order";
  /** One sentence for the list on the home page. */
  readonly told: string;
  /** What is above the live part, as Markdown; it ends with the heading of that part. */
  readonly intro: string;
}

/** The live pages, in the order of the menu. */
export const livePages: readonly LivePage[] = [
  {
    part: "digits",
    url: "live/digits.html",
    title: "Digits that learn their rank",
    told: "Train a low-rank classifier in this page, on WebGPU or WebAssembly, and let it name what you draw.",
    intro: `Every layer of this network is a product of two matrices. Each step trains the leading columns of one of them, and a penalty
drives the rest to zero, so that the network gets smaller while it learns. It trains in this page: nothing is sent anywhere. The method
is [low-rank](src/systems/low-rank/README.md).

## Train it`,
  },
  {
    part: "loop",
    url: "live/loop.html",
    title: "A transformer that runs programs",
    told: "Write a program, and step a transformer with fixed weights through it, forwards and backwards.",
    intro: `The weights of this transformer never change; the program is its input. Each loop through its layers executes one instruction.
Change the text: it compiles as you type. The languages are described in [looped-transformer](src/systems/looped-transformer/README.md).

## The machine`,
  },
  {
    part: "order",
    url: "live/order.html",
    title: "Orders of examples",
    told: "Move sliders and see how fast SGD converges when examples come in one order or another.",
    intro: `SGD visits n quadratic components once an epoch. In which order it does so decides how fast the error falls with the number of
epochs K: see the slopes. All of it is computed in this page. The method is [permutation-sgd](src/systems/permutation-sgd/README.md).

## Measure it`,
  },
];
