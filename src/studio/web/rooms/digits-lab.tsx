import { DigitsLab } from "../live/digits.tsx";

const createWorker = () => new Worker("/assets/digits-worker.js", { type: "module" });

/** A low-rank classifier that is trained in the page. */
export default function Lab() {
  return (
    <details>
      <summary>A classifier of digits that learns its ranks</summary>
      <DigitsLab createWorker={createWorker} dataUrl="/assets/digits.csv.gz" />
    </details>
  );
}
