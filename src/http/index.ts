/** JSON services over HTTP: one way to say what is wrong, their own description, and an end that loses nothing. @module */
export { type Listening, listen, serveUntilStopped } from "./listen.ts";
export { createService, errorResponses, jsonResponses, type ServiceOptions } from "./service.ts";
