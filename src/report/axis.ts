/** The range of an axis, where its ticks go and how their numbers are written. */
export interface Axis {
  readonly type: "linear" | "log";
  readonly domain: readonly [number, number];
  /** Where the ticks are; for a linear axis, about how many. */
  readonly ticks: number | number[];
  readonly format: (value: number) => string;
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function toSuperscript(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)]).join("");
  return exponent < 0 ? `⁻${digits}` : digits;
}

/** A number as an axis shows it: `0.05`, `1,200`, `10⁻⁷`, `2×10⁹`. */
function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e6)) {
    const digits = Math.abs(value) < 1 ? 2 : 6;
    return Number(value.toPrecision(digits))
      .toLocaleString("en-US", { maximumSignificantDigits: digits })
      .replace("-", "−");
  }
  return formatPower(value);
}

function formatPower(value: number): string {
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  const rounded = String(Number(Number(mantissa).toPrecision(3))).replace("-", "−");
  const power = `10${toSuperscript(Number(exponent))}`;
  return rounded === "1" ? power : `${rounded}×${power}`;
}

/** Ticks of a log axis: powers of ten, thinned to `most`; below two decades, also twos and fives. */
function logTicks(low: number, high: number, most: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const steps = high / low < 100 ? [1, 2, 5] : [1];
  const every = Math.ceil((Math.log10(high) - Math.log10(low)) / most);
  const ticks: number[] = [];
  for (let exponent = first; exponent <= last; exponent++) {
    if (steps.length === 1 && exponent % every !== 0) continue;
    for (const step of steps) ticks.push(Number(`${step}e${exponent}`));
  }
  const inside = ticks.filter((tick) => tick >= low && tick <= high);
  return inside.length >= 2 ? inside : [low, Math.sqrt(low * high), high].map((tick) => Number(tick.toPrecision(2)));
}

/**
 * The axis that shows all of `values` that it can: the finite ones, and on a log axis the positive ones.
 *
 * @param most - how many ticks there is room for
 * @param places - values at which to put the ticks if there are few enough of them, such as the epochs measured
 * @returns undefined where there is nothing to show
 */
export function axisOf(
  type: "linear" | "log",
  values: readonly number[],
  most: number,
  places: readonly number[] = [],
): Axis | undefined {
  const shown = values.filter((value) => Number.isFinite(value) && (type === "linear" || value > 0));
  if (shown.length === 0) return undefined;
  let low = shown.reduce((a, b) => Math.min(a, b));
  let high = shown.reduce((a, b) => Math.max(a, b));
  if (type === "log") {
    const pad = high > low ? (high / low) ** 0.04 : 2;
    [low, high] = [low / pad, high * pad];
  } else {
    const pad = high > low ? 0.04 * (high - low) : Math.abs(low) / 2 || 1;
    [low, high] = [low - pad, high + pad];
  }
  const distinct = [...new Set(places)].filter((place) => place >= low && place <= high).sort((a, b) => a - b);
  const gap = (a: number, b: number) =>
    type === "log" ? Math.log(b / a) / Math.log(high / low) : (b - a) / (high - low);
  const apart = distinct.every((place, i) => i === 0 || gap(distinct[i - 1]!, place) > 0.7 / most);
  const ticks = distinct.length >= 2 && apart ? distinct : type === "log" ? logTicks(low, high, most) : most;
  // Powers of ten are written alike: not 0.001 beside 10⁻⁴.
  const powers = type === "log" && typeof ticks !== "number" && ticks.some((tick) => tick < 1e-3 || tick >= 1e6);
  const format = powers ? (value: number) => (value === 1 ? "1" : formatPower(value)) : formatTick;
  return { type, domain: [low, high], ticks, format };
}
