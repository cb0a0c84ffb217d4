import "../../src/studio/web/live/live.css";
import { LoopDebugger } from "../../src/studio/web/live/loop.tsx";
import type { LoopProgram } from "../../src/studio/web/live/loop-session.ts";
import { mount } from "./mount.ts";

const response = await fetch(new URL("./looped-programs.json", import.meta.url));
const programs = (await response.json()) as LoopProgram[];

mount(<LoopDebugger programs={programs} first="multiply.subleq" />);
