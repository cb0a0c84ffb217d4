import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BlobStore, getBlob, putBlob } from "../../src/dist/blobs/blob-store.ts";
import { folderBlobs } from "../../src/dist/blobs/folder-blobs.ts";
import { redisBlobs } from "../../src/dist/blobs/redis-blobs.ts";
import { s3Blobs } from "../../src/dist/blobs/s3-blobs.ts";
import { describeWith } from "../programs.ts";
import { type RedisServer, redisServer, startRedis } from "../redis-server.ts";

/** What every store must do. */
function holdsBlobs(open: () => Promise<BlobStore>): void {
  const bytes = (...values: number[]) => Uint8Array.from(values);

  it("gives back what was written, under a key with its hash", async () => {
    const store = await open();
    const reference = await putBlob(store, "run/a", bytes(1, 2, 255));
    expect(reference).toMatchObject({ key: expect.stringMatching(/^run\/a-[0-9a-f]{16}$/), bytes: 3 });
    expect(new Uint8Array(await getBlob(store, reference))).toEqual(bytes(1, 2, 255));
    expect(await putBlob(store, "run/a", bytes(1, 2, 255))).toEqual(reference);
    await store.clear("run");
  });

  it("keeps empty blobs, and large ones", async () => {
    const store = await open();
    for (const size of [0, 3_000_000]) {
      const reference = await putBlob(store, "run/size", new Uint8Array(size).fill(7));
      expect((await getBlob(store, reference)).length).toBe(size);
    }
    await store.clear("run");
  });

  it("removes by key and by prefix, and says what is gone", async () => {
    const store = await open();
    const [a, b, other] = [
      await putBlob(store, "run/a", bytes(1)),
      await putBlob(store, "run/b", bytes(2)),
      await putBlob(store, "other/a", bytes(3)),
    ];
    await store.remove([a.key, "run/never-was"]);
    await expect(getBlob(store, a)).rejects.toThrow(
      `blob ${a.key}: expected 1 bytes with sha256 ${a.sha256.slice(0, 12)}…, found nothing`,
    );
    await store.clear("run");
    expect(await store.read(b.key)).toBeUndefined();
    expect(new Uint8Array(await getBlob(store, other))).toEqual(bytes(3));
    await store.clear("other");
  });

  it("refuses bytes that are not those that were written", async () => {
    const store = await open();
    const reference = await putBlob(store, "run/a", bytes(1, 2));
    await store.write(reference.key, bytes(1, 3));
    await expect(getBlob(store, reference)).rejects.toThrow(/found 2 bytes with [0-9a-f]{12}…/);
    await store.clear("run");
  });
}

const folder = mkdtempSync(join(tmpdir(), "tenfold-blobs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("blobs in a folder", () => {
  holdsBlobs(async () => folderBlobs(join(folder, "blobs")));

  it("leave an empty folder, and say where they cannot be written", async () => {
    const store = folderBlobs(join(folder, "blobs"));
    await putBlob(store, "run/a", Uint8Array.of(1));
    await store.clear("run");
    expect(readdirSync(join(folder, "blobs"))).toEqual([]);
    writeFileSync(join(folder, "file"), "");
    await expect(folderBlobs(join(folder, "file")).write("run/a", Uint8Array.of(1))).rejects.toThrow(
      /file\/run: expected a writable place, found a file where a folder should be/,
    );
  });
});

describeWith(redisServer, "blobs in Redis", () => {
  let redis: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    redis = await startRedis();
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });
  holdsBlobs(async () => redisBlobs(client, 100));

  it("go by themselves where nobody removes them", async () => {
    await redisBlobs(client, 100).write("run/a", Uint8Array.of(1));
    expect(await client.ttl("tenfold:blob:run/a")).toBeGreaterThan(90);
    await redisBlobs(client, 500).renew(["run/a", "run/never-was"]);
    expect(await client.ttl("tenfold:blob:run/a")).toBeGreaterThan(490);
    expect(await client.exists("tenfold:blob:run/never-was")).toBe(0);
  });
});

describe("blobs in S3", () => {
  const objects = new Map<string, Buffer>();
  const signatures: (string | undefined)[] = [];
  let server: Server;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    // As much of S3 as is spoken here: objects by path, and a listing by prefix.
    server = createServer((request, response) => {
      const url = new URL(request.url!, "http://s3");
      signatures.push(request.headers.authorization);
      const name = decodeURIComponent(url.pathname).replace(/^\/bucket\//, "");
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (!url.pathname.startsWith("/bucket/")) {
          response.writeHead(404).end("<Error><Code>NoSuchBucket</Code></Error>");
        } else if (request.method === "PUT") {
          objects.set(name, Buffer.concat(chunks));
          response.end();
        } else if (request.method === "DELETE") {
          objects.delete(name);
          response.writeHead(204).end();
        } else if (url.searchParams.has("prefix")) {
          const keys = [...objects.keys()].filter((key) => key.startsWith(url.searchParams.get("prefix")!));
          response.end(`<ListBucketResult>${keys.map((key) => `<Key>${key}</Key>`).join("")}</ListBucketResult>`);
        } else if (objects.has(name)) {
          response.end(objects.get(name));
        } else {
          response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    env = {
      AWS_ACCESS_KEY_ID: "someone",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_REGION: "eu-north-1",
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  holdsBlobs(() => s3Blobs("s3://bucket/some/prefix", env));

  it("are signed, and lie under the prefix", async () => {
    const store = await s3Blobs("s3://bucket/some/prefix", env);
    await putBlob(store, "run/a", Uint8Array.of(1));
    expect([...objects.keys()]).toEqual([expect.stringMatching(/^some\/prefix\/run\/a-/)]);
    expect(signatures.at(-1)).toMatch(/^AWS4-HMAC-SHA256 Credential=someone\/\d{8}\/eu-north-1\/s3\/aws4_request/);
    await store.clear("run");
    expect(objects.size).toBe(0);
  });

  it("say what is wrong", async () => {
    const store = await s3Blobs("s3://elsewhere", env);
    await expect(store.write("run/a", Uint8Array.of(1))).rejects.toThrow(
      /^s3:\/\/elsewhere, PUT run\/a: expected S3 to do it, found 404 NoSuchBucket/,
    );
    await expect(s3Blobs("s3://bucket", {})).rejects.toThrow(
      "--blobs: expected credentials for S3 in the environment, found no AWS_ACCESS_KEY_ID",
    );
    await expect(s3Blobs("s3:bucket", env)).rejects.toThrow('--blobs: expected s3://bucket/prefix, found "s3:bucket"');
  });
});
