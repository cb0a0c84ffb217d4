import { useRef, useState } from "preact/hooks";

/** Height of a line in `live.css`, pixels. */
const lineHeight = 20;

/** What {@link CodeEditor} takes. */
export interface CodeEditorProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** The line that is marked as the one under way, from 1. */
  readonly currentLine: number | undefined;
  readonly errorLine: number | undefined;
  /** The element that says what is wrong. */
  readonly errorId: string;
}

/** A text with numbered lines, of which one may be marked as under way and one as wrong. */
export function CodeEditor({ label, value, onInput, currentLine, errorLine, errorId }: CodeEditorProps) {
  const gutter = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState(0);
  const lines = value.split("\n").length;
  const follow = (element: HTMLTextAreaElement) => {
    gutter.current!.scrollTop = element.scrollTop;
    setScroll(element.scrollTop);
  };
  const band = (line: number | undefined, kind: string) =>
    line !== undefined && (
      <div class={`live-line ${kind}`} style={{ top: `${(line - 1) * lineHeight + 10 - scroll}px` }} />
    );
  return (
    <div class="live-editor">
      <div class="live-gutter" aria-hidden="true" ref={gutter}>
        {Array.from({ length: lines }, (_, i) => (
          <div key={i} class={i + 1 === errorLine ? "wrong" : i + 1 === currentLine ? "current" : undefined}>
            {i + 1}
          </div>
        ))}
      </div>
      <div class="live-text">
        {band(currentLine, "current")}
        {band(errorLine, "wrong")}
        <textarea
          aria-label={label}
          aria-invalid={errorLine !== undefined}
          aria-describedby={errorId}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          wrap="off"
          rows={16}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
          onScroll={(event) => follow(event.currentTarget)}
        />
      </div>
    </div>
  );
}
