import { useEffect, useId, useState } from "preact/hooks";
import { ask } from "../../api.ts";
import { Bars } from "../../charts/bars.tsx";
import { formatNumber } from "../../format.ts";
import { Problem } from "../../problem.tsx";
import { useAnswer } from "../../use-answer.ts";
import { useKeptFocus } from "../../use-kept-focus.ts";
import { idText, type NextItems, type ShownItem, type UserHistory } from "./answers.ts";
import { BeamPicture } from "./beam-picture.tsx";
import { ItemSearch } from "./item-search.tsx";

const sources = {
  model: "",
  popular: "popular",
  prefix: "new, of the same codes",
  neighbour: "new, a neighbour",
} as const;

/** The history of somebody the run knows. */
function UserChoice({
  path,
  onTake,
}: {
  readonly path: string;
  /** Told of the user, or of none where the run does not know such a user. */
  readonly onTake: (user: UserHistory | undefined) => void;
}) {
  const [number, setNumber] = useState("1");
  const [users, setUsers] = useState<number>();
  const [problem, setProblem] = useState<string>();
  const take = (user: string) =>
    ask<UserHistory>(`${path}/users/${encodeURIComponent(user)}`).then(
      (found) => {
        setProblem(undefined);
        setUsers(found.users);
        onTake(found);
      },
      (error: Error) => {
        setProblem(error.message);
        onTake(undefined);
      },
    );
  // The page opens with a history, so that there is something to see.
  useEffect(() => void take("1"), [path]);
  const another = () => {
    const next = String(1 + Math.floor(Math.random() * (users ?? 1)));
    setNumber(next);
    void take(next);
  };
  return (
    <>
      <form
        class="tools"
        onSubmit={(event) => {
          event.preventDefault();
          void take(number.trim() || "0");
        }}
      >
        <label>
          User number
          <input
            type="text"
            inputMode="numeric"
            class="short"
            value={number}
            onInput={(event) => setNumber(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Take this history</button>
        <button type="button" disabled={users === undefined} onClick={another}>
          Any other user
        </button>
        {users !== undefined && <span class="count">of {formatNumber(users)}</span>}
      </form>
      {problem && <Problem text={problem} />}
    </>
  );
}

function History({
  history,
  onRemove,
  onClear,
}: {
  readonly history: readonly ShownItem[];
  readonly onRemove: (place: number) => void;
  readonly onClear: () => void;
}) {
  if (history.length === 0) return <p class="note">Empty: popular items are recommended.</p>;
  return (
    <>
      <ol class="history">
        {history.map((item, place) => (
          <li key={`${place} ${item.id}`}>
            <span>{item.title}</span>
            <button type="button" class="quiet" aria-label={`Remove ${item.title}`} onClick={() => onRemove(place)}>
              remove
            </button>
          </li>
        ))}
      </ol>
      <button type="button" class="quiet" onClick={onClear}>
        Remove all
      </button>
    </>
  );
}

function Recommendations({
  answer,
  next,
  onAdd,
}: {
  readonly answer: NextItems;
  readonly next: ShownItem | undefined;
  readonly onAdd: (item: ShownItem) => void;
}) {
  const byModel = answer.items[0]?.source === "model";
  const place = next === undefined ? -1 : answer.items.findIndex(({ id }) => id === next.id);
  return (
    <>
      {next && (
        <p>
          The user went on with <strong>{next.title}</strong> ({idText(next.semanticId)}), which training did not see:{" "}
          {place >= 0 ? `place ${place + 1} of the list.` : "not in the list."}
        </p>
      )}
      {answer.notes.map((note) => (
        <p key={note} class="note">
          Note: {note}.
        </p>
      ))}
      <Bars
        title={
          byModel ? "Recommended items with the probability of their IDs" : "Recommended items with their interactions"
        }
        bars={answer.items.map((item) => ({
          key: item.id,
          value: byModel ? Math.exp(item.score) : item.score,
          text: byModel ? `${formatNumber(100 * Math.exp(item.score), 3)}%` : formatNumber(item.score),
          label: (
            <>
              <button type="button" class="word" title="Add to the history" onClick={() => onAdd(item)}>
                {item.title}
              </button>{" "}
              <span class="note">
                {[idText(item.semanticId), item.id === next?.id ? "what the user took" : "", sources[item.source]]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </>
          ),
        }))}
      />
    </>
  );
}

/** A history, what comes next, and the search that found it. */
export function NextItemsPanel({
  path,
  history,
  onHistory,
}: {
  readonly path: string;
  readonly history: readonly ShownItem[];
  readonly onHistory: (history: readonly ShownItem[]) => void;
}) {
  const [user, setUser] = useState<UserHistory>();
  const [isReady, setReady] = useState(false);
  const [k, setK] = useState(10);
  const [excludeSeen, setExcludeSeen] = useState(true);
  const [temperature, setTemperature] = useState(0);
  const [seed, setSeed] = useState(0);
  const temperatureId = useId();
  const request = { history: history.map(({ id }) => id), k, excludeSeen, temperature, seed };
  const answer = useAnswer<NextItems>(`${path}/next`, isReady ? request : null);
  const { area, place } = useKeptFocus<HTMLDivElement, HTMLHeadingElement>(answer.data);
  const isUsers = user !== undefined && history === user.history;
  const add = (item: ShownItem) => onHistory([...history, item]);
  return (
    <section aria-labelledby="next-items">
      <h2 id="next-items">What comes next</h2>
      <div class="next-columns" ref={area}>
        <div>
          <h3>History</h3>
          <UserChoice
            path={path}
            onTake={(taken) => {
              setReady(true);
              if (!taken) return;
              setUser(taken);
              onHistory(taken.history);
            }}
          />
          <ItemSearch path={path} onAdd={add} />
          <h4 ref={place} tabIndex={-1}>
            In order of time
          </h4>
          <History
            history={history}
            onRemove={(place) => onHistory(history.filter((_, i) => i !== place))}
            onClear={() => onHistory([])}
          />
        </div>
        <div>
          <h3>Recommended</h3>
          <div class="tools">
            <label>
              Items
              <select value={k} onChange={(event) => setK(Number(event.currentTarget.value))}>
                {[5, 10, 20].map((count) => (
                  <option key={count} value={count}>
                    {count}
                  </option>
                ))}
              </select>
            </label>
            <label>
              <input
                type="checkbox"
                checked={excludeSeen}
                onChange={(event) => setExcludeSeen(event.currentTarget.checked)}
              />
              none of the history
            </label>
            <label for={temperatureId}>
              Temperature
              <input
                id={temperatureId}
                type="range"
                min="0"
                max="3"
                step="0.25"
                value={temperature}
                aria-valuetext={temperature === 0 ? "0, the likeliest" : String(temperature)}
                onInput={(event) => setTemperature(Number(event.currentTarget.value))}
              />
              <output>{temperature === 0 ? "0, the likeliest" : temperature.toFixed(2)}</output>
            </label>
            {temperature > 0 && (
              <button type="button" onClick={() => setSeed(seed + 1)}>
                Draw again
              </button>
            )}
          </div>
          <p class="hidden" role="status">
            {answer.data && `${answer.data.items.length} items, first ${answer.data.items[0]?.title ?? "none"}`}
          </p>
          <div aria-busy={answer.isWorking}>
            {answer.error && <Problem text={answer.error} />}
            {answer.data ? (
              <Recommendations answer={answer.data} next={isUsers ? (user.next ?? undefined) : undefined} onAdd={add} />
            ) : (
              !answer.error && <p class="wait">Searching …</p>
            )}
          </div>
        </div>
      </div>
      {answer.data && answer.data.beam.length > 0 && (
        <>
          <h3 class="next">The search</h3>
          <p class="note">
            The model writes an ID code by code. At each level the likeliest prefixes of items that may be recommended
            are kept{temperature > 0 && ", here drawn by their probabilities"}; what is left at the end are items.
          </p>
          <BeamPicture beam={answer.data.beam} items={answer.data.items} />
        </>
      )}
    </section>
  );
}
