/** Small runs for the tests of engines. */
import { initialRunState, type RoundEngine, type RoundReport, type Work } from "../../src/dist/index.ts";
import { sha256 } from "../../src/storage/index.ts";
import { type LocalRun, problemConfigSchema } from "../../src/systems/local-sgd/index.ts";

/** A problem of 20 weights in 12 rounds; each worker remembers nothing, the average a velocity. */
export function smallRun(workers: number, seed = 5): LocalRun {
  const config = problemConfigSchema.parse({
    task: "quadratic",
    dim: 20,
    workers,
    components: 24,
    localSteps: 6,
    epochs: 3,
    componentWise: 0.5,
    outer: "nesterov",
  });
  return { kind: "problem", config, seed };
}

/** Runs all rounds. */
export async function finish(
  engine: RoundEngine,
  work: Work,
  onRound: (report: RoundReport) => void | Promise<void> = () => {},
): Promise<{ sha: string; reports: RoundReport[] }> {
  const reports: RoundReport[] = [];
  try {
    await engine.begin(await initialRunState(work));
    for (let round = 0; round < work.rounds; round++) {
      const report = await engine.round();
      reports.push(report);
      await onRound(report);
    }
    return { sha: sha256((await engine.state()).held.weights), reports };
  } finally {
    await engine.close();
  }
}
