/** The places of the k largest scores, largest first, of equals the first. */
export function largest(scores: ArrayLike<number>, k: number): Int32Array {
  const kept = Math.min(k, scores.length);
  const places = new Int32Array(kept);
  const values = new Float64Array(kept);
  let count = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i];
    if (score === Number.NEGATIVE_INFINITY || (count === kept && score <= values[count - 1])) continue;
    let at = count < kept ? count++ : count - 1;
    while (at > 0 && score > values[at - 1]) {
      values[at] = values[at - 1];
      places[at] = places[at - 1];
      at--;
    }
    values[at] = score;
    places[at] = i;
  }
  return places.subarray(0, count);
}
