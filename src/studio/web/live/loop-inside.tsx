import { useEffect, useMemo, useState } from "preact/hooks";
import { loopedTransformer as room } from "../../../browser/index.ts";
import { formatNumber } from "../format.ts";
import { HeatMap } from "./heat-map.tsx";
import type { LoopSession, Register } from "./loop-session.ts";

/** The largest machine whose attention is shown: a map has columns² weights, and a cell of it a pixel or more. */
const mostColumns = 512;

/** How long a state must stand before its attention is computed, milliseconds. */
const settled = 120;

/** A register as a cell of the table: the numbers that it spells, else its rows; many rows by the signs they have. */
function spelledOut({ numbers, values }: Register): string {
  if (numbers) return numbers.map((value) => formatNumber(value)).join(", ");
  if (values.every((value) => value === values[0])) return formatNumber(values[0] ?? 0);
  if (values.length <= 8) return values.map((value) => formatNumber(value, 3)).join(" ");
  return values.map((value) => (value > 0.5 ? "+" : value < -0.5 ? "−" : "0")).join("");
}

/** The columns that a column attends to, heaviest first. */
function lookedAt(session: LoopSession, weights: Float64Array, size: number, column: number): string {
  const heavy = Array.from({ length: size }, (_, i) => ({ i, weight: weights[column * size + i]! }))
    .filter(({ weight }) => weight > 0.01)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, 4);
  return heavy.map(({ i, weight }) => `${i} (${session.columnName(i)}) ${weight.toFixed(2)}`).join(", ");
}

/** What happens in the next loop, layer by layer: what the heads look at, and what stands in the registers afterwards. */
export function LoopInside({ session, loops }: { readonly session: LoopSession; readonly loops: number }) {
  const { transformer } = session.compiled.machine;
  const layers = useMemo(() => room.summarizeLayers(transformer), [transformer]);
  const census = useMemo(() => room.countTransformer(transformer), [transformer]);
  const [layer, setLayer] = useState(1);
  const [head, setHead] = useState(0);
  const [inside, setInside] = useState<ReturnType<LoopSession["lookInside"]>>();
  const { columns } = transformer;
  const isShown = columns <= mostColumns;
  const chosen = Math.min(layer, layers.length);

  useEffect(() => {
    if (!isShown) return;
    const timer = setTimeout(() => setInside(session.lookInside(chosen)), settled);
    return () => clearTimeout(timer);
  }, [session, loops, chosen, isShown]);

  const maps = inside?.maps ?? [];
  const map = maps[Math.min(head, maps.length - 1)];
  const summary = layers[chosen - 1]!;
  const { scratchColumns } = transformer;
  return (
    <>
      <div class="live-controls">
        <label>
          Layer
          <select value={chosen} onChange={(event) => setLayer(Number(event.currentTarget.value))}>
            {layers.map(({ layer: number, name }) => (
              <option key={number} value={number}>
                {number}. {name}
              </option>
            ))}
          </select>
        </label>
        {maps.length > 0 && (
          <label>
            Head
            <select
              value={Math.min(head, maps.length - 1)}
              onChange={(event) => setHead(Number(event.currentTarget.value))}
            >
              {maps.map(({ head: name }, i) => (
                <option key={name} value={i}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <p class="live-note">
        Layer {chosen}: {summary.purpose}.
      </p>
      {!isShown && (
        <p class="live-note">
          This machine has {formatNumber(columns)} columns; attention is drawn for machines of {mostColumns} or fewer.
        </p>
      )}
      <div class="live-columns">
        <div>
          <h3>Attention in the next loop</h3>
          {map ? (
            <>
              <HeatMap
                size={columns}
                weights={map.weights}
                label={`Attention of head ${map.head} in layer ${map.layer}: ${columns} columns, each a row of what it looks at. Column 0 looks at ${lookedAt(session, map.weights, columns, 0)}.`}
              />
              <p class="live-note">Each row is a column of the state; its cells are what it looks at.</p>
              <ul class="live-looks">
                {Array.from({ length: scratchColumns }, (_, column) => (
                  <li key={column}>
                    Column {column} looks at {lookedAt(session, map.weights, columns, column)}
                  </li>
                ))}
              </ul>
            </>
          ) : (
            <p class="live-note">{isShown && inside ? "This layer has no heads; it only computes." : "…"}</p>
          )}
        </div>
        <div>
          <h3>Registers after this layer</h3>
          <section class="live-scroll live-registers" aria-label="Registers" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">rows</th>
                  <th scope="col" class="number">
                    before the loop
                  </th>
                  <th scope="col" class="number">
                    after layer {chosen}
                  </th>
                </tr>
              </thead>
              <tbody>
                {session.registers().map((register, i) => {
                  const after = inside && session.registers(inside.state)[i]!;
                  const changed = after && spelledOut(after) !== spelledOut(register);
                  return (
                    <tr key={register.name}>
                      <th scope="row">{register.name}</th>
                      <td class="number">{spelledOut(register)}</td>
                      <td class={changed ? "number changed" : "number"}>{after ? spelledOut(after) : "…"}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </section>
        </div>
      </div>
      <h3>The weights</h3>
      <p class="live-note">
        {census.layers} layers, {census.heads} heads, {formatNumber(census.units)} units:{" "}
        {formatNumber(census.parameters)} numbers, of which {formatNumber(census.nonzero)} are not 0. They are the same
        for every program of a machine of this size.
      </p>
      <section class="live-scroll live-layers" aria-label="Layers and their weights" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">layer</th>
              <th scope="col">what it is for</th>
              <th scope="col" class="number">
                heads
              </th>
              <th scope="col" class="number">
                units
              </th>
              <th scope="col" class="number">
                not 0
              </th>
            </tr>
          </thead>
          <tbody>
            {layers.map(({ layer: number, name, purpose, heads, units, nonzero }) => (
              <tr key={number} class={number === chosen ? "current" : undefined}>
                <th scope="row">
                  {number}. {name}
                </th>
                <td>{purpose}</td>
                <td class="number">{heads.length}</td>
                <td class="number">{formatNumber(units)}</td>
                <td class="number">{formatNumber(nonzero)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
