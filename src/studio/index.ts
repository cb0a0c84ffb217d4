/** The studio: runs and methods in a page on this machine. @module */
/** The service, to be listened with or asked directly. */
export { createStudio, type StudioOptions } from "./app.ts";
/** Serves the studio until it is stopped. */
export { runStudio } from "./serve.ts";
