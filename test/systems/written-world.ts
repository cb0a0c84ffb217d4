import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeWorld } from "../../src/systems/generative-retrieval/index.ts";

/** A small generated catalogue as the files that `tenfold recommend fit` takes: events.csv and items.tsv in `folder`. */
export function writeWorld(folder: string, users: number) {
  const world = makeWorld({ users, kinds: 8, styles: 3, itemsEach: 3, seed: 7 });
  const { items, interactions } = world;
  const rows = items.map(({ id, fields }) => [id, fields.kind, fields.style, fields.title].join("\t"));
  writeFileSync(join(folder, "items.tsv"), `item_id\tkind\tstyle\ttitle\n${rows.join("\n")}\n`);
  const events = interactions.users.flatMap((user, u) =>
    Array.from(interactions.items.subarray(interactions.offsets[u], interactions.offsets[u + 1]), (item, at) => {
      return `${user},${items[item].id},${1000 + at}`;
    }),
  );
  // The order of the file says nothing.
  writeFileSync(join(folder, "events.csv"), `user,item,timestamp\n${events.reverse().join("\n")}\n`);
  return world;
}

/** Sizes and a budget that take seconds. */
export const smallFit =
  "--codebook-size 16 --dim 32 --hidden-dim 64 --num-layers 1 --num-heads 2 --content-dim 16 --max-history 8 --id-hidden-dims 64 --id-latent-dim 16";
