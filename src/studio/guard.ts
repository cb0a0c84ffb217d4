import type { MiddlewareHandler } from "hono";

const local = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** The host of an `Origin`, or undefined where it is none. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/**
 * Lets only this machine's own pages in: the `Host` names this machine, so that a name that was made to point here is refused,
 * and an `Origin` is that host, so that pages from elsewhere cannot ask. What goes out may load nothing from elsewhere.
 */
export const onlyOwnPages: MiddlewareHandler = async (context, next) => {
  const host = context.req.header("host") ?? "";
  const name = host.replace(/:\d+$/, "");
  if (!local.has(name))
    return context.json(
      { error: `Host: expected this machine, such as 127.0.0.1, found ${JSON.stringify(host)}` },
      403,
    );
  const origin = context.req.header("origin");
  if (origin !== undefined && hostOf(origin) !== host) {
    return context.json({ error: `Origin: expected http://${host}, found ${JSON.stringify(origin)}` }, 403);
  }
  await next();
  context.header("Content-Security-Policy", contentPolicy);
  context.header("X-Content-Type-Options", "nosniff");
  context.header("Referrer-Policy", "no-referrer");
  context.header("Cross-Origin-Resource-Policy", "same-origin");
};

/** WebAssembly is compiled by pages that compute in the browser; drawings carry their style inline. */
const contentPolicy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
