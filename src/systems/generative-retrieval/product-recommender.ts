/** Recommenders whose score is an inner product of a history's vector and an item's. @module */

import { setImmediate } from "node:timers/promises";
import { compile, matmul, type Tensor, transpose } from "../../engine/index.ts";
import { largest, type Rows, rowsTensor } from "../../linalg/index.ts";
import type { Histories, Recommender } from "./recommender.ts";

/** Histories scored together. */
const block = 512;

/** Scores all items by one matrix product a block. Dispose it to free the sessions. */
export class ProductRecommender implements Recommender {
  readonly name: string;
  readonly #items: Rows;
  readonly #read: (histories: readonly Int32Array[]) => Promise<Rows>;
  readonly #release: () => Promise<void>;
  readonly #product = compile((queries: Tensor, items: Tensor) => matmul(queries, transpose(items)));

  /**
   * @param items - a vector an item
   * @param read - vectors of histories, always of the same number of them
   * @param release - frees what `read` uses
   */
  constructor(
    name: string,
    items: Rows,
    read: (histories: readonly Int32Array[]) => Promise<Rows>,
    release: () => Promise<void> = async () => {},
  ) {
    this.name = name;
    this.#items = items;
    this.#read = read;
    this.#release = release;
  }

  async recommend({ histories }: Histories, k: number, exclude: boolean): Promise<Int32Array[]> {
    const items = rowsTensor(this.#items);
    const { count } = this.#items;
    const lists: Int32Array[] = [];
    for (let start = 0; start < histories.length; start += block) {
      await setImmediate();
      // The last block is filled up, so that one graph serves all.
      const some = Array.from({ length: block }, (_, i) => histories[Math.min(start + i, histories.length - 1)]);
      const all = await this.#product(rowsTensor(await this.#read(some)), items);
      for (let i = 0; i < Math.min(block, histories.length - start); i++) {
        const scores = all.data.subarray(i * count, (i + 1) * count);
        if (exclude) for (const item of some[i]) scores[item] = Number.NEGATIVE_INFINITY;
        lists.push(largest(scores, k));
      }
    }
    return lists;
  }

  async dispose(): Promise<void> {
    await this.#product.dispose();
    await this.#release();
  }
}
