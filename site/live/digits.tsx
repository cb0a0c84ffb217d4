import "../../src/studio/web/live/live.css";
import "uplot/dist/uPlot.min.css";
import { DigitsLab } from "../../src/studio/web/live/digits.tsx";
import { mount } from "./mount.ts";

const createWorker = () => new Worker(new URL("./digits-worker.js", import.meta.url), { type: "module" });

mount(<DigitsLab createWorker={createWorker} dataUrl={new URL("./digits.csv.gz", import.meta.url).href} />);
