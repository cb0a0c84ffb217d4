/** A debugger for programs of the looped transformer. @module */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { core, loopedTransformer as room } from "../../../browser/index.ts";
import { formatNumber } from "../format.ts";
import { CodeEditor } from "./code-editor.tsx";
import { LoopInside } from "./loop-inside.tsx";
import { type LoopProgram, LoopSession, lineNumber } from "./loop-session.ts";
import { MemoryGrid } from "./memory-grid.tsx";

/** How long typing must rest before the text is compiled, milliseconds. */
const typing = 250;
/** How long a run keeps the page before it lets it draw, milliseconds. */
const slice = 10;

/** Loops a second, by the name in the menu. */
const speeds = { "as fast as it goes": Number.POSITIVE_INFINITY, "20 loops a second": 20, "3 loops a second": 3 };

interface Problem {
  readonly message: string;
  readonly line?: number;
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof core.TenfoldError)) return { message: error instanceof Error ? error.message : `${error}` };
  const line = lineNumber(error.where);
  return { message: error.message, ...(line !== undefined && { line }) };
}

/**
 * An editor in which programs compile as one types, and a machine that runs them forwards and backwards.
 *
 * @param programs - those of the menu; a program's ending says in which of the room's languages it is
 * @param first - the name of the one to begin with
 */
export function LoopDebugger({
  programs,
  first,
}: {
  readonly programs: readonly LoopProgram[];
  readonly first?: string;
}) {
  const begin = programs.find(({ name }) => name === first) ?? programs[0]!;
  const [program, setProgram] = useState<LoopProgram>(begin);
  const [session, setSession] = useState<LoopSession>();
  const [problem, setProblem] = useState<Problem>();
  const [loops, setLoops] = useState(0);
  const [isRunning, setRunning] = useState(false);
  const [speed, setSpeed] = useState<keyof typeof speeds>("as fast as it goes");
  const [isOpen, setOpen] = useState(true);
  const errorId = useId();
  const isFirst = useRef(true);

  useEffect(() => {
    let isCurrent = true;
    const compile = async () => {
      try {
        const made = await LoopSession.compile(program, programs);
        if (!isCurrent) return;
        setSession(made);
        setProblem(undefined);
        setLoops(0);
      } catch (error) {
        if (isCurrent) setProblem(problemOf(error));
      }
    };
    const timer = setTimeout(compile, isFirst.current ? 0 : typing);
    isFirst.current = false;
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [program, programs]);

  /** Moves and shows where that led; what goes wrong in a program stands by the line it happened in. */
  const move = (steps: (session: LoopSession) => void) => {
    if (!session) return;
    try {
      steps(session);
      setProblem(undefined);
    } catch (error) {
      const line = session.nextLine;
      setRunning(false);
      setProblem({ message: problemOf(error).message, ...(line !== undefined && { line }) });
    }
    setLoops(session.loops);
  };

  useEffect(() => {
    if (!isRunning || !session) return;
    let isOn = true;
    const perSecond = speeds[speed];
    const turn = () => {
      if (!isOn) return;
      move((at) => {
        if (Number.isFinite(perSecond)) at.forward();
        else for (const end = performance.now() + slice; performance.now() < end && at.forward(); );
      });
      if (session.halted) setRunning(false);
      else timer = setTimeout(turn, Number.isFinite(perSecond) ? 1000 / perSecond : 0);
    };
    let timer = setTimeout(turn, 0);
    return () => {
      isOn = false;
      clearTimeout(timer);
    };
  }, [isRunning, session, speed]);

  const edit = (next: LoopProgram) => {
    setRunning(false);
    setProgram(next);
  };
  const report = session?.report;
  const isStale = problem !== undefined && session === undefined;
  const nextLine = session?.halted ? undefined : session?.nextLine;
  const ranLine = report && lineNumber(report.line);
  return (
    <div class="live live-loop">
      <div class="live-controls">
        <label>
          Program
          <select
            value={program.name}
            onChange={(event) => edit(programs.find(({ name }) => name === event.currentTarget.value)!)}
          >
            {programs.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Speed
          <select value={speed} onChange={(event) => setSpeed(event.currentTarget.value as keyof typeof speeds)}>
            {Object.keys(speeds).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      <div class="live-columns">
        <div>
          <CodeEditor
            label={`Text of ${program.name}`}
            value={program.text}
            onInput={(text) => edit({ ...program, text })}
            currentLine={problem ? undefined : (ranLine ?? nextLine)}
            errorLine={problem?.line}
            errorId={errorId}
          />
          <p id={errorId} class={problem ? "live-problem" : "live-note"} role="status">
            {problem
              ? problem.message
              : session
                ? `Compiled: ${formatNumber(session.compiled.program.instructions.length)} instructions on a machine of ${session.compiled.machine.spec.columns} columns.`
                : "Compiling …"}
          </p>
        </div>
        <div>
          <div class="live-buttons">
            <button
              type="button"
              disabled={!session || isRunning || session.halted || problem?.line !== undefined}
              onClick={() => move((at) => at.forward())}
            >
              Step
            </button>
            <button type="button" disabled={!session?.canGoBack || isRunning} onClick={() => move((at) => at.back())}>
              Back
            </button>
            <button
              type="button"
              disabled={!session || session.halted || (problem !== undefined && !isRunning)}
              onClick={() => setRunning(!isRunning)}
            >
              {isRunning ? "Pause" : "Run"}
            </button>
            <button type="button" disabled={isStale || loops === 0} onClick={() => edit({ ...program })}>
              Reset
            </button>
          </div>
          <dl class="live-facts">
            <div>
              <dt>Loops</dt>
              <dd data-fact="loops">{formatNumber(loops)}</dd>
            </div>
            <div>
              <dt>Machine</dt>
              <dd data-fact="state">{session?.halted ? "halted" : isRunning ? "running" : "waiting"}</dd>
            </div>
            <div>
              <dt>Just executed</dt>
              <dd data-fact="instruction">{report ? <code>{report.text}</code> : "nothing yet"}</dd>
            </div>
            <div>
              <dt>Of line</dt>
              <dd>{ranLine ?? "–"}</dd>
            </div>
          </dl>
          {session && (
            <>
              <h3>Memory</h3>
              <section class="live-scroll" aria-label="Memory" tabIndex={0}>
                <MemoryGrid memory={session.memory()} written={report?.written.name} />
              </section>
              {room.isSubleq(session.compiled) && session.compiled.output && (
                <p class="live-printed">
                  <span>Printed</span> <output>{session.printed.join(" ") || "nothing yet"}</output>
                </p>
              )}
            </>
          )}
        </div>
      </div>
      <details class="live-inside" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Inside the transformer: registers, attention and weights</summary>
        {isOpen && session && !isRunning && <LoopInside session={session} loops={loops} />}
        {isRunning && <p class="live-note">Pause the run to look inside.</p>}
      </details>
    </div>
  );
}
