/**
 * Benchmarks: `npm run bench -- steps [--peer FILE]` and `npm run bench -- overhead`.
 *
 * They print a table, or with --json one document. Timings are medians; ratios come from interleaved steps of one run.
 */
import { Command } from "commander";
import { measureDecoding } from "./decode.ts";
import { measureEvents } from "./events.ts";
import { measureLift } from "./lift.ts";
import { measureOverhead } from "./overhead.ts";
import { measureRecommendLoad, measureRecommendTraining } from "./recommend.ts";
import { measureSteps } from "./steps.ts";
import { measureStudio } from "./studio.ts";
import { measureTranslate } from "./translate.ts";

const program = new Command("bench").description("time the engine, beside PyTorch and jax-js where they are present");

program
  .command("steps")
  .description("milliseconds a training step of mlp, transformer, lenet and resnet")
  .option("--peer <file>", "script that times the same steps in PyTorch, a line of input a step")
  .option("--python <program>", "Python that has PyTorch", "/usr/bin/python3")
  .option("--steps <n>", "steps to time after the first ones", "30")
  .option("--only <names>", "workloads, separated by commas")
  .option("--no-jax", "leave out jax-js WebAssembly, which is slow on convolutions")
  .option("--json", "print one JSON document")
  .action(async (options) => {
    const workloads = await measureSteps({
      ...(options.peer && { peer: options.peer }),
      python: options.python,
      steps: Number(options.steps),
      only: options.only?.split(","),
      jax: options.jax,
    });
    if (options.json) console.log(JSON.stringify({ workloads }, null, 2));
    else console.table(Object.fromEntries(workloads.map(({ name, ...row }) => [name, row])));
  });

program
  .command("overhead")
  .description("microseconds a call of a tiny graph; milliseconds to trace, lower and load the transformer")
  .option("--json", "print one JSON document")
  .action(async (options) => {
    const result = await measureOverhead();
    console.log(options.json ? JSON.stringify(result, null, 2) : result);
  });

program
  .command("translate")
  .description("seconds of the ten best translations by CSLS of every word, random vectors")
  .option("--words <n>", "words of each language", "20000")
  .option("--dim <n>", "length of the vectors", "300")
  .option("--neighbours <n>", "of CSLS", "10")
  .option("--repeats <n>", "runs", "3")
  .option("--peer <file>", "script that does the same in NumPy, run after each of ours")
  .option("--python <program>", "Python that has NumPy", "/usr/bin/python3")
  .option("--json", "print one JSON document")
  .action(async (options) => {
    const result = await measureTranslate({
      words: Number(options.words),
      dim: Number(options.dim),
      neighbours: Number(options.neighbours),
      repeats: Number(options.repeats),
      ...(options.peer && { peer: options.peer }),
      python: options.python,
    });
    console.log(options.json ? JSON.stringify(result, null, 2) : result);
  });

program
  .command("studio")
  .description("milliseconds until the studio lists runs, gives curves, and shows in a page what a run wrote")
  .option("--runs <n>", "runs", "1000")
  .option("--steps <n>", "steps a run, a line each", "10000")
  .option("--repeats <n>", "times that each is asked for", "5")
  .option("--json", "print one JSON document")
  .action(async (options) => {
    const result = await measureStudio({
      runs: Number(options.runs),
      steps: Number(options.steps),
      repeats: Number(options.repeats),
    });
    console.log(options.json ? JSON.stringify(result, null, 2) : result);
  });

program
  .command("recommend")
  .description("milliseconds a training step of generative retrieval; with --run, a served run under load")
  .option("--steps <n>", "training steps to time after the first ones", "30")
  .option("--peer <file>", "script that takes the same steps in PyTorch, a line of input a step")
  .option("--python <program>", "Python that has PyTorch", "/usr/bin/python3")
  .option("--run <folder>", "a run whose items are numbered from 1: served in a process of its own, and asked")
  .option("--requests <n>", "requests of each kind", "1000")
  .option("--concurrency <n>", "requests at a time, after those one at a time", "32")
  .option("--json", "print one JSON document")
  .action(async (options) => {
    const result = options.run
      ? await measureRecommendLoad(options.run, Number(options.requests), Number(options.concurrency))
      : await measureRecommendTraining({
          steps: Number(options.steps),
          ...(options.peer && { peer: options.peer }),
          python: options.python,
        });
    console.log(options.json ? JSON.stringify(result, null, 2) : result);
  });

program
  .command("events")
  .description("seconds and megabytes to read a CSV of events, as recommend fit does")
  .option("--events <n>", "lines", "1000000")
  .action(async ({ events }) => console.log(await measureEvents(Number(events))));

program
  .command("decode")
  .description("tokens a second of greedy decoding, beside transformers.js on the same weights")
  .option("--exporter <file>", "script that writes onnx/model.onnx beside the weights", "bench/decode_onnx.py")
  .option("--python <program>", "Python that has PyTorch", "/usr/bin/python3")
  .option("--turns <n>", "measurements of each, in turns", "9")
  .option("--json", "print one JSON document")
  .action(async ({ exporter, python, turns, json }) => {
    const result = await measureDecoding({ exporter, python, turns: Number(turns) });
    console.log(json ? JSON.stringify(result, null, 2) : result);
  });

program
  .command("lift")
  .description("tokens a second of training a language model, and of decoding")
  .option("--steps <n>", "steps a turn, the first three not counted", "30")
  .option("--peer <file>", "script that trains the same in PyTorch, in turns with ours")
  .option("--python <program>", "Python that has PyTorch", "/usr/bin/python3")
  .option("--model <file>", "llama2.c checkpoint to decode from")
  .option("--json", "print one JSON document")
  .action(async (options) => {
    const result = await measureLift({
      steps: Number(options.steps),
      python: options.python,
      ...(options.peer && { peer: options.peer }),
      ...(options.model && { model: options.model }),
    });
    console.log(options.json ? JSON.stringify(result, null, 2) : result);
  });

await program.parseAsync(process.argv);
