import { ConfigError, optionalPackage, RunError } from "../../core/index.ts";
import type { BlobStore } from "./blob-store.ts";

/**
 * Blobs in a bucket of S3 or of anything that speaks its protocol.
 *
 * @param url - `s3://bucket/prefix`; credentials, region and another endpoint come from `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` and `AWS_ENDPOINT_URL`
 * @throws {ConfigError} where the address or the credentials are missing
 */
export async function s3Blobs(url: string, env: NodeJS.ProcessEnv = process.env): Promise<BlobStore> {
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(url) ?? [];
  if (bucket === undefined) {
    throw new ConfigError({ where: "--blobs", expected: "s3://bucket/prefix", found: `"${url}"` });
  }
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = env;
  if (!accessKeyId || !secretAccessKey) {
    const found = accessKeyId ? "no AWS_SECRET_ACCESS_KEY" : "no AWS_ACCESS_KEY_ID";
    throw new ConfigError({ where: "--blobs", expected: "credentials for S3 in the environment", found });
  }
  const region = env.AWS_REGION ?? "us-east-1";
  const { AwsClient } = await optionalPackage("fleet", "aws4fetch", () => import("aws4fetch"));
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    region,
    service: "s3",
    retries: 4,
  });
  const root = `${env.AWS_ENDPOINT_URL ?? `https://s3.${region}.amazonaws.com`}/${bucket}`;
  const pathOf = (key: string) => [prefix.replace(/\/$/, ""), key].filter(Boolean).join("/");

  /** One request; undefined for what is not there. */
  async function request(method: string, path: string, body?: Uint8Array): Promise<Response | undefined> {
    let response: Response;
    try {
      response = await client.fetch(`${root}/${path}`, { method, ...(body && { body: Buffer.from(body) }) });
    } catch (cause) {
      const found = cause instanceof Error ? cause.message : String(cause);
      throw new RunError({ where: `${url}, ${method} ${path}`, expected: "an answer of S3", found, cause });
    }
    if (response.ok) return response;
    if (response.status === 404 && method !== "PUT") return undefined;
    const text = (await response.text()).replace(/\s+/g, " ").slice(0, 200);
    throw new RunError({
      where: `${url}, ${method} ${path}`,
      expected: "S3 to do it",
      found: `${response.status} ${/<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? text}`,
      hint: "check bucket, region, credentials and room",
    });
  }

  const remove = async (paths: readonly string[]) => {
    await Promise.all(paths.map((path) => request("DELETE", path)));
  };
  return {
    async write(key, bytes) {
      await request("PUT", pathOf(key), bytes);
    },
    async read(key) {
      const response = await request("GET", pathOf(key));
      return response && new Uint8Array(await response.arrayBuffer());
    },
    remove: (keys) => remove(keys.map(pathOf)),
    // Objects stay until they are removed, or a rule of the bucket does.
    async renew() {},
    async clear(folder) {
      for (;;) {
        const query = `?list-type=2&prefix=${encodeURIComponent(`${pathOf(folder)}/`)}`;
        const listing = (await (await request("GET", query))?.text()) ?? "";
        const keys = [...listing.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key!);
        if (keys.length === 0) return;
        await remove(keys);
      }
    },
  };
}
