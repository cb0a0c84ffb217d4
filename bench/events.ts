/** Memory and time to read many events. */
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Random } from "../src/core/index.ts";
import { readInteractions } from "../src/systems/generative-retrieval/index.ts";

/** Items that the events are of. */
const items = 50_000;

/** Writes a CSV of drawn events, a user having ten on average, in no order, and reads it as `recommend fit` does. */
export async function measureEvents(events: number) {
  const folder = await mkdtemp(join(tmpdir(), "tenfold-events-"));
  try {
    const file = join(folder, "events.csv");
    function* lines() {
      const random = new Random(0, "bench", "events");
      yield "user,item,timestamp\n";
      for (let i = 0; i < events; i++) {
        yield `user-${random.integer(Math.ceil(events / 10))},item-${random.integer(items)},${random.integer(1e9)}\n`;
      }
    }
    await pipeline(Readable.from(lines()), createWriteStream(file));
    const places = new Map(Array.from({ length: items }, (_, i) => [`item-${i}`, i]));
    const began = performance.now();
    const read = await readInteractions(file, places, { ties: "keep", seed: 0 });
    return {
      events: read.items.length,
      users: read.users.length,
      seconds: Number(((performance.now() - began) / 1000).toFixed(1)),
      peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
