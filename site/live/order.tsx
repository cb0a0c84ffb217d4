import "../../src/studio/web/live/live.css";
import "uplot/dist/uPlot.min.css";
import { OrderLab } from "../../src/studio/web/live/order.tsx";
import { mount } from "./mount.ts";

const createWorker = () => new Worker(new URL("./order-worker.js", import.meta.url), { type: "module" });

mount(<OrderLab createWorker={createWorker} />);
