import { useId, useState } from "preact/hooks";
import { Bars } from "../../charts/bars.tsx";
import { Problem } from "../../problem.tsx";
import { useData } from "../../use-data.ts";
import { useKept } from "../../use-kept.ts";
import { useKeptFocus } from "../../use-kept-focus.ts";
import {
  type LookUpAnswer,
  type Overview,
  otherSide,
  type ScoredWord,
  type Side,
  sideColors,
  type WordSide,
} from "./answers.ts";
import { WordPicture } from "./word-picture.tsx";

/** Suggestions while one types. */
const suggestions = 20;

function WordList({
  title,
  note,
  words,
  side,
  onLookUp,
}: {
  readonly title: string;
  readonly note: string;
  readonly words: readonly ScoredWord[];
  readonly side: Side;
  readonly onLookUp: (word: string) => void;
}) {
  return (
    <section>
      <h4>{title}</h4>
      <p class="note">{note}</p>
      {words.length === 0 && <p>None: the other words are too few.</p>}
      <Bars
        title={title}
        color={sideColors[side]}
        bars={words.map(({ word, score }) => ({
          key: word,
          value: score,
          text: score.toFixed(2).replace("-", "−"),
          label: (
            <button type="button" class="word" onClick={() => onLookUp(word)}>
              {word}
            </button>
          ),
        }))}
      />
    </section>
  );
}

function AroundWord({
  word,
  around,
  onLookUp,
}: {
  readonly word: string;
  readonly around: WordSide;
  readonly onLookUp: (word: string) => void;
}) {
  const { side, translations, own, other, picture, explained } = around;
  return (
    <section class="around">
      <h3>
        {word} <span class="note">as a word of the {side} language</span>
      </h3>
      <div class="around-columns">
        <WordList
          title="Translations"
          note={`by the run's scores, best first${translations[0]?.mutual ? "; the first is mutual: each is the other's best" : ""}`}
          words={translations}
          side={otherSide(side)}
          onLookUp={onLookUp}
        />
        <WordList
          title={`Nearest in the ${side} language`}
          note="by cosine"
          words={own}
          side={side}
          onLookUp={onLookUp}
        />
        <WordList
          title={`Nearest in the ${otherSide(side)} language`}
          note="by cosine in the common space; hubs are not held down here"
          words={other}
          side={otherSide(side)}
          onLookUp={onLookUp}
        />
      </div>
      <WordPicture word={word} picture={picture} explained={explained} />
    </section>
  );
}

/** Words looked up in both directions, with what lies around them. */
export function LookUp({ path, overview }: { readonly path: string; readonly overview: Overview }) {
  const [asked, setAsked] = useState(overview.surest[0]?.source ?? "");
  const [text, setText] = useState(asked);
  const list = useId();
  const start = text.trim();
  const suggested = useData<{ words: { word: string; side: Side }[] }>(
    start === "" ? null : `${path}/words?start=${encodeURIComponent(start.slice(0, 200))}&limit=${suggestions}`,
  );
  const answer = useData<LookUpAnswer>(
    asked === "" ? null : `${path}/lookup?word=${encodeURIComponent(asked.slice(0, 200))}`,
  );
  const shown = useKept(answer.data, path);
  const { area, place } = useKeptFocus<HTMLDivElement, HTMLDivElement>(shown);
  const lookUp = (word: string) => {
    setText(word);
    setAsked(word.trim());
  };
  const words = [...new Map((suggested.data?.words ?? []).map((one) => [one.word, one])).values()];
  return (
    <section aria-labelledby="look-up">
      <h2 id="look-up">Look a word up</h2>
      <form
        class="tools"
        onSubmit={(event) => {
          event.preventDefault();
          lookUp(text);
        }}
      >
        <label>
          Word
          <input
            type="search"
            list={list}
            value={text}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            onInput={(event) => {
              const { value } = event.currentTarget;
              // A suggestion that was chosen is looked up at once.
              if ((event as InputEvent).inputType === "insertReplacementText") lookUp(value);
              else setText(value);
            }}
          />
        </label>
        <datalist id={list}>
          {words.map(({ word, side }) => (
            <option key={word} value={word} label={`${word} (${side})`} />
          ))}
        </datalist>
        <button type="submit" disabled={start === ""}>
          Look up
        </button>
      </form>
      {overview.surest.length > 0 && (
        <p class="note">
          Highest scores:{" "}
          {overview.surest.map(({ source, target }, i) => (
            <>
              {i > 0 && ", "}
              <button key={source} type="button" class="word" onClick={() => lookUp(source)}>
                {source}
              </button>{" "}
              – {target}
            </>
          ))}
        </p>
      )}
      <p class="hidden" role="status">
        {shown &&
          `${shown.word}: ${shown.sides.map(({ translations }) => translations.map((one) => one.word).join(", ")).join("; ")}`}
      </p>
      <div ref={area} aria-busy={asked !== "" && answer.data === undefined && answer.error === undefined}>
        {answer.error ? (
          <Problem text={answer.error} />
        ) : (
          shown && (
            <div ref={place} tabIndex={-1}>
              {shown.sides.map((around) => (
                <AroundWord key={around.side} word={shown.word} around={around} onLookUp={lookUp} />
              ))}
            </div>
          )
        )}
      </div>
    </section>
  );
}
