import type { ComponentType } from "preact";
import { lazy } from "preact-iso";

/** What there is to try of a method without any run, by command. */
export const roomLabs: ReadonlyMap<string, ComponentType> = new Map<string, ComponentType>([
  ["order", lazy(() => import("./order-lab.tsx"))],
  ["lowrank", lazy(() => import("./digits-lab.tsx"))],
  ["loop", lazy(() => import("./loop-lab.tsx"))],
]);
