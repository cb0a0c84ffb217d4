import { type Rows, scaleToUnit } from "../../linalg/index.ts";

/** Subtracts the mean row from every row, in place. */
function centreRows({ data, count, dim }: Rows): void {
  const mean = new Float64Array(dim);
  for (let i = 0; i < data.length; i++) mean[i % dim] = mean[i % dim] + data[i] / count;
  for (let i = 0; i < data.length; i++) data[i] = data[i] - mean[i % dim];
}

/**
 * Rows of length 1, centred, and of length 1 again; a copy.
 *
 * @remarks Source: Artetxe, Labaka, Agirre (2018), "Generalizing and improving bilingual word embedding mappings", step 0.
 */
export function normalizeRows(rows: Rows): Rows {
  const out = { ...rows, data: rows.data.slice() };
  scaleToUnit(out);
  centreRows(out);
  scaleToUnit(out);
  return out;
}
