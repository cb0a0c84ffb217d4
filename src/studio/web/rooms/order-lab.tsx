import { OrderLab } from "../live/order.tsx";

const createWorker = () => new Worker("/assets/order-worker.js", { type: "module" });

/** Orders on a quadratic, computed in the page. */
export default function Lab() {
  return <OrderLab createWorker={createWorker} />;
}
