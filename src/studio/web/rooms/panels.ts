import type { ComponentType } from "preact";
import type { RunDetail } from "../api.ts";

/** What a method shows of one of its runs. */
export type RoomPanel = ComponentType<{ readonly run: RunDetail }>;

/** The panels, by command; each is loaded when a run of its method is looked at. */
export const roomPanels: Readonly<Record<string, () => Promise<{ default: RoomPanel }>>> = {};
