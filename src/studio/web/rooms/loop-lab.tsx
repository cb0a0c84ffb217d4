import { LoopDebugger } from "../live/loop.tsx";
import type { LoopProgram } from "../live/loop-session.ts";
import { Problem } from "../problem.tsx";
import { useData } from "../use-data.ts";

/** Programs in the transformer, step by step, computed in the page. */
export default function Lab() {
  const { data, error } = useData<LoopProgram[]>("/assets/looped-programs.json");
  if (error) return <Problem text={error} />;
  return data ? <LoopDebugger programs={data} first="multiply.subleq" /> : <p class="wait">Reading the programs …</p>;
}
