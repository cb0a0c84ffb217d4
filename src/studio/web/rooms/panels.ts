import type { ComponentType } from "preact";
import { lazy } from "preact-iso";
import type { RunDetail } from "../api.ts";

/** What a method shows of one of its runs. */
export type RoomPanel = ComponentType<{ readonly run: RunDetail }>;

/** The panels, by command; each is loaded when a run of its method is looked at. */
export const roomPanels: ReadonlyMap<string, RoomPanel> = new Map<string, RoomPanel>([
  ["local", lazy(() => import("./local.tsx"))],
  ["lowrank", lazy(() => import("./lowrank.tsx"))],
  ["norm", lazy(() => import("./norm.tsx"))],
  ["subnet", lazy(() => import("./subnet.tsx"))],
  ["memorize", lazy(() => import("./memorize.tsx"))],
  ["lift", lazy(() => import("./lift/lift-panel.tsx"))],
  ["recommend", lazy(() => import("./recommend/recommend-panel.tsx"))],
  ["translate", lazy(() => import("./translate/translate-panel.tsx"))],
]);
