/**
 * A small shop for the recipe of a recommender: items made of attributes, and users who go from item to item by them.
 *
 *   node --import tsx examples/recipes/make-shop.ts runs/shop
 *
 * writes items.csv and events.txt (a line a user: the user, then items in order of time).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeWorld } from "../../src/systems/generative-retrieval/index.ts";

const [folder = "runs/shop"] = process.argv.slice(2);
const { items, interactions } = makeWorld({ users: 400, kinds: 8, styles: 4, itemsEach: 4, seed: 21 });
const { users, offsets, items: places } = interactions;
const rows = items.map(({ id, text }) => `${id},${text}`);
const lines = users.map((user, i) =>
  [user, ...Array.from(places.subarray(offsets[i], offsets[i + 1]), (place) => items[place]!.id)].join(" "),
);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "items.csv"), `${["item_id,title", ...rows].join("\n")}\n`);
writeFileSync(join(folder, "events.txt"), `${lines.join("\n")}\n`);
process.stdout.write(`${folder}: ${items.length} items, ${users.length} users, ${places.length} events\n`);
