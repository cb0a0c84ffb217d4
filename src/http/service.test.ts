import { createRoute, z } from "@hono/zod-openapi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError } from "../core/index.ts";
import { openTerminal, type Terminal } from "../terminal/index.ts";
import { createService, errorResponses, type Listening, listen, serveUntilStopped } from "./index.ts";

const body = {
  content: { "application/json": { schema: z.object({ a: z.number(), b: z.number() }) } },
  required: true,
};
const sum = { description: "The sum", content: { "application/json": { schema: z.object({ sum: z.number() }) } } };
const addRoute = createRoute({
  method: "post",
  path: "/add/{base}",
  request: { params: z.object({ base: z.string() }), body },
  responses: { 200: sum, ...errorResponses },
});

function adder() {
  const app = createService({
    title: "Adder",
    version: "1.2.3",
    description: "adds",
    maxBodyBytes: 200,
    health: () => ({ ready: true }),
  });
  app.openapi(addRoute, async (context) => {
    const { a, b } = context.req.valid("json");
    if (a === 13) throw new ConfigError({ where: "a", expected: "another number", found: "13" });
    if (a === 14) throw new Error("secret");
    if (a === 15) await new Promise((resolve) => setTimeout(resolve, 300));
    return context.json({ sum: a + b }, 200);
  });
  return app;
}

/** A terminal that shows nothing. */
function silent(signal: AbortSignal, result: (document: unknown) => void): Terminal {
  return { ...openTerminal({ quiet: true }), signal, print: () => {}, result };
}

let server: Listening;
beforeAll(async () => {
  server = await listen(adder(), { port: 0, host: "127.0.0.1" });
});
afterAll(() => server.close());

async function ask(method: string, path: string, content?: string): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    ...(content !== undefined && { body: content, headers: { "content-type": "application/json" } }),
  });
  return { status: response.status, answer: await response.json() };
}

test("a request that fits is answered; health and description are there", async () => {
  expect(await ask("POST", "/add/10", '{"a":1,"b":2}')).toEqual({ status: 200, answer: { sum: 3 } });
  expect(await ask("GET", "/health")).toEqual({ status: 200, answer: { status: "ok", ready: true } });
  const { answer } = await ask("GET", "/openapi.json");
  expect(answer).toMatchObject({ info: { title: "Adder", version: "1.2.3" } });
  const { paths } = answer as { paths: Record<string, { post: { responses: object } }> };
  expect(Object.keys(paths["/add/{base}"]!.post.responses)).toEqual(["200", "400", "413"]);
});

test.each<[string, string, string, string | undefined, number, string]>([
  ["no JSON", "POST", "/add/10", "{", 400, "body: expected JSON, found other text"],
  ["a body that does not fit", "POST", "/add/10", '{"a":"1","b":2}', 400, "body.a: expected number, found string"],
  ["no body", "POST", "/add/10", undefined, 400, "body.a: expected number, found nothing"],
  ["what a handler refuses", "POST", "/add/10", '{"a":13,"b":2}', 400, "a: expected another number, found 13"],
  ["a fault of ours", "POST", "/add/10", '{"a":14,"b":2}', 500, "internal error"],
  [
    "a body that is too large",
    "POST",
    "/add/10",
    `{"a":1${" ".repeat(300)}}`,
    413,
    "body: expected at most 200 bytes, found more",
  ],
  ["another method", "GET", "/add/10", undefined, 405, "/add/10: expected POST, found GET"],
  ["another path", "GET", "/sub", undefined, 404, "/sub: expected a path that /openapi.json lists, found another"],
])("a bad request gets one line: %s", async (_, method, path, content, status, error) => {
  expect(await ask(method, path, content)).toEqual({ status, answer: { error } });
});

test("a port that is taken is the user's to change", async () => {
  const port = Number(new URL(server.url).port);
  await expect(listen(adder(), { port, host: "127.0.0.1" })).rejects.toThrow(
    `--port: expected a free port, found ${port}`,
  );
});

test("SIGTERM lets a request finish and then ends the service", async () => {
  const printed: unknown[] = [];
  const terminal = silent(new AbortController().signal, (document) => printed.push(document));
  const served = serveUntilStopped(adder(), { port: 0, host: "127.0.0.1", terminal });
  await expect.poll(() => printed.length).toBe(1);
  const { url } = printed[0] as { url: string };
  const answer = fetch(`${url}/add/1`, {
    method: "POST",
    body: '{"a":15,"b":2}',
    headers: { "content-type": "application/json" },
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.emit("SIGTERM");
  expect(await (await answer).json()).toEqual({ sum: 17 });
  await served;
  await expect(fetch(`${url}/health`)).rejects.toThrow();
});

test("Ctrl-C ends the service", async () => {
  const controller = new AbortController();
  const terminal = silent(controller.signal, () => controller.abort());
  await expect(serveUntilStopped(adder(), { port: 0, host: "127.0.0.1", terminal })).resolves.toBeUndefined();
});
