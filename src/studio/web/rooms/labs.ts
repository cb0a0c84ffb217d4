import type { ComponentType } from "preact";

/** What there is to try of a method without any run. */
export const roomLabs: ReadonlyMap<string, ComponentType> = new Map<string, ComponentType>();
