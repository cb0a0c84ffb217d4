import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeWith } from "../programs.ts";
import { redisServer, startRedis } from "../redis-server.ts";
import { type Document, recipeFolder } from "./run-recipe.ts";

const { place, withPaths, run } = recipeFolder();
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const tenfold = ["--import", "tsx", main];

const recipe = (engine: string) =>
  `data: { text: TEXT }\nmodel: { kind: language-model, dim: 16, context: 16 }\ntrain: { kind: low-rank, group-lasso: 1.0e-3, shrink: 0.05 }\norder: ff-rr\nepochs: 2\nbatch-size: 8\nworkers: { count: 2, local-steps: 2${engine} }\n`;

describeWith(redisServer, "recipes on a fleet", () => {
  it("end with the same weights as in one process", { timeout: 240_000 }, async () => {
    const redis = await startRedis();
    const worker = spawn(process.execPath, [...tenfold, "worker", "--redis", redis.url], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      await new Promise<void>((resolve, reject) => {
        let said = "";
        worker.once("exit", () => reject(new Error(`the worker ended: ${said}`)));
        worker.stderr.on("data", (chunk) => {
          said += chunk;
          if (said.includes("listens")) resolve();
        });
      });
      const here = await run(recipe(""), "here");
      const file = place("fleet.yaml");
      writeFileSync(file, withPaths(recipe(`, engine: bullmq, redis: "${redis.url}"`)));
      const args = [...tenfold, "train", file, "--seed", "5", "--out", place("fleet"), "--json", "--quiet"];
      const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
      expect(stderr).toBe("");
      expect((JSON.parse(stdout) as Document).weightsSha256).toBe(here.weightsSha256);
    } finally {
      worker.removeAllListeners("exit");
      worker.kill("SIGKILL");
      await redis.stop();
    }
  });
});
