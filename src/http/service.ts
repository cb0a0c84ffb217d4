import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { schemaProblem, TenfoldError } from "../core/index.ts";

/** What a service says of itself. */
export interface ServiceOptions {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** Largest body of a request in bytes; default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Sees every request before anything else, such as to refuse those from elsewhere. */
  readonly guard?: MiddlewareHandler;
  /** What `GET /health` says beside `{ "status": "ok" }`; asked anew each time. */
  readonly health?: () => Readonly<Record<string, unknown>>;
}

const errorSchema = z.object({ error: z.string() }).openapi("Error");
const errorContent = { "application/json": { schema: errorSchema } };

/** The answers to bad requests, to be listed among a route's responses so that /openapi.json knows them. */
export const errorResponses = {
  400: { description: "The request is not what the route takes", content: errorContent },
  413: { description: "The body is too large", content: errorContent },
} as const;

/** The answers of a route that gives JSON: what fits `schema`, and those to bad requests. */
export const jsonResponses = <S extends z.ZodType>(schema: S, description: string) => ({
  200: { description, content: { "application/json": { schema } } },
  ...errorResponses,
});

/** The methods that some route takes at `path`; none where no route is there. */
function methodsAt(app: OpenAPIHono, path: string): string[] {
  const matches = (pattern: string) => {
    const parts = pattern.split("/");
    const given = path.split("/");
    return parts.length === given.length && parts.every((part, i) => part.startsWith(":") || part === given[i]);
  };
  // Middleware is listed with the method ALL.
  const found = app.routes.filter((route) => route.method !== "ALL" && matches(route.path));
  return [...new Set(found.map((route) => route.method))];
}

/**
 * A JSON service with `GET /health` and `GET /openapi.json`, to which routes are added by `app.openapi(route, handler)`.
 *
 * Whatever is wrong with a request is answered as `{ "error": "one line" }`: 400 for a body that is not JSON or does not fit
 * its schema and for a `TenfoldError` that a handler throws, 404 for an unknown path, 405 for a method that a path does not
 * take, 413 for a body that is too large, 500 for anything else, without the stack.
 *
 * @example
 * ```ts
 * const app = createService({ title: "Adder", version: "1.0.0", description: "adds numbers" });
 * const body = { content: { "application/json": { schema: z.object({ a: z.number(), b: z.number() }) } }, required: true };
 * const sum = { description: "The sum", content: { "application/json": { schema: z.object({ sum: z.number() }) } } };
 * const route = createRoute({ method: "post", path: "/add", request: { body }, responses: { 200: sum, ...errorResponses } });
 * app.openapi(route, (context) => {
 *   const { a, b } = context.req.valid("json");
 *   return context.json({ sum: a + b }, 200);
 * });
 * await serveUntilStopped(app, { port: 8080, host: "127.0.0.1", terminal: openTerminal({}) });
 * ```
 */
export function createService({
  title,
  version,
  description,
  maxBodyBytes = 2 ** 20,
  guard,
  health,
}: ServiceOptions): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook(result, context) {
      if (result.success) return undefined;
      const { path, expected, found } = schemaProblem(result.error);
      const where = [result.target === "json" ? "body" : result.target, path].filter(Boolean).join(".");
      return context.json({ error: `${where}: expected ${expected}, found ${found}` }, 400);
    },
  });
  if (guard) app.use(guard);
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: (context) => context.json({ error: `body: expected at most ${maxBodyBytes} bytes, found more` }, 413),
    }),
  );
  app.notFound((context) => {
    const { method, path } = context.req;
    const methods = methodsAt(app, path);
    // A path that a route takes in another form, such as without its last slash, is another path.
    if (methods.length === 0 || methods.includes(method)) {
      return context.json({ error: `${path}: expected a path that /openapi.json lists, found another` }, 404);
    }
    context.header("Allow", methods.join(", "));
    return context.json({ error: `${path}: expected ${methods.join(" or ")}, found ${method}` }, 405);
  });
  app.onError((error, context) => {
    if (error instanceof TenfoldError) return context.json({ error: error.message }, 400);
    if (error instanceof HTTPException && error.status < 500) {
      const isJson = error.message.includes("JSON");
      return context.json({ error: isJson ? "body: expected JSON, found other text" : error.message }, error.status);
    }
    return context.json({ error: "internal error" }, 500);
  });
  app.get("/health", (context) => context.json({ status: "ok", ...health?.() }));
  app.doc("/openapi.json", { openapi: "3.0.3", info: { title, version, description } });
  return app;
}
