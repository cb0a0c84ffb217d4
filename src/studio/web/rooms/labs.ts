import type { ComponentType } from "preact";
import type { RunSummary } from "../api.ts";

/** What there is to try of a method; it may take one of the method's runs. */
export type RoomLab = ComponentType<{ readonly runs: readonly RunSummary[] }>;

/** The labs, by command; each is loaded when its method is looked at. */
export const roomLabs: Readonly<Record<string, () => Promise<{ default: RoomLab }>>> = {};
