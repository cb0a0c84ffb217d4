import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeTar } from "../../test/encode-tar.ts";
import { sha256 } from "../storage/index.ts";
import { cacheDirectory, downloadSource, listSources, type Source, type SourceFile } from "./catalog.ts";

const served = new Map<string, Uint8Array>();
const requests: string[] = [];
let server: Server;
let base: string;
const dir = mkdtempSync(join(tmpdir(), "tenfold-catalog-"));

beforeAll(async () => {
  server = createServer((request, response) => {
    const name = request.url!.slice(1);
    requests.push(name);
    const bytes = served.get(name);
    if (name === "stuck")
      response.writeHead(200).write("a"); // and no end
    else if (name === "cut") response.writeHead(200, { "content-length": "9" }).write("a", () => response.destroy());
    else if (bytes === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-length": bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true });
});
beforeEach(async () => {
  await rm(join(dir, "toy"), { recursive: true, force: true });
  served.clear();
  requests.length = 0;
  served.set("a", Buffer.from("alpha"));
  served.set("b", Buffer.from("beta"));
});

const file = (name: string, more: Partial<SourceFile> = {}): SourceFile => ({
  name,
  urls: [`${base}/${name}`],
  ...more,
});
const toy = (...files: SourceFile[]): Source => ({
  name: "toy",
  title: "Toy",
  layout: "libsvm",
  files,
  homepage: base,
  licence: "none",
});
const inFolder = (name: string) => readFile(join(dir, "toy", name), "utf8");

describe("downloadSource", () => {
  it("fetches, checks and records every file, telling how far it is", async () => {
    const progress: unknown[] = [];
    const source = toy(file("a", { sha256: sha256("alpha") }), file("b"));
    const folder = await downloadSource(source, { dir, onProgress: (event) => progress.push(event) });
    expect(folder).toBe(join(dir, "toy"));
    expect(await inFolder("a")).toBe("alpha");
    expect(await inFolder("SHA256SUMS")).toBe(`${sha256("alpha")}  a\n${sha256("beta")}  b\n`);
    expect(progress.at(-1)).toEqual({ file: "b", received: 4, total: 4 });
  });

  it("goes on where it stopped: files that are right are not fetched again, wrong ones are", async () => {
    const source = toy(file("a"), file("b"));
    served.delete("b");
    await expect(downloadSource(source, { dir })).rejects.toThrow("HTTP 404");
    served.set("b", Buffer.from("beta"));
    await downloadSource(source, { dir });
    await downloadSource(source, { dir });
    expect(requests).toEqual(["a", "b", "b"]);
    await writeFile(join(dir, "toy", "a"), "damaged");
    await downloadSource(source, { dir });
    expect(requests).toEqual(["a", "b", "b", "a"]);
    expect(await inFolder("a")).toBe("alpha");
  });

  it("keeps a file that was put there by hand, and records it", async () => {
    await mkdir(join(dir, "toy"));
    await writeFile(join(dir, "toy", "a"), "by hand");
    await downloadSource(toy(file("a")), { dir });
    expect(requests).toEqual([]);
    expect(await inFolder("SHA256SUMS")).toBe(`${sha256("by hand")}  a\n`);
  });

  it("refuses bytes other than the known, or those of the first download", async () => {
    const known = toy(file("a", { sha256: sha256("other") }));
    await expect(downloadSource(known, { dir })).rejects.toThrow(
      `${base}/a: expected SHA-256 ${sha256("other")}, found ${sha256("alpha")}. Hint: the download is damaged, or the file was changed at its source: try again later`,
    );
    expect(await readdir(join(dir, "toy"))).toEqual([]);

    await downloadSource(toy(file("a")), { dir });
    await rm(join(dir, "toy", "a"));
    served.set("a", Buffer.from("changed"));
    await expect(downloadSource(toy(file("a")), { dir })).rejects.toThrow(`expected SHA-256 ${sha256("alpha")}`);
  });

  it("tries the next address where one fails or gives other bytes", async () => {
    const urls = [`${base}/gone`, `${base}/b`, `${base}/a`];
    await downloadSource(toy(file("a", { urls, sha256: sha256("alpha") })), { dir });
    expect(requests).toEqual(["gone", "b", "a"]);
    expect(await inFolder("a")).toBe("alpha");
  });

  it("takes files out of an archive, and keeps those only", async () => {
    const members = ["x.bin", "y.bin"];
    const archive = gzipSync(encodeTar({ "deep/x.bin": "ex", "deep/y.bin": "why", "deep/z.bin": "zed" }));
    served.set("t.tar.gz", archive);
    const source = toy(file("t.tar.gz", { members, sha256: sha256(archive) }));
    await downloadSource(source, { dir });
    await downloadSource(source, { dir });
    expect(requests).toEqual(["t.tar.gz"]);
    expect((await readdir(join(dir, "toy"))).sort()).toEqual(["SHA256SUMS", "x.bin", "y.bin"]);
    expect(await inFolder("y.bin")).toBe("why");
    await rm(join(dir, "toy", "y.bin"));
    await downloadSource(source, { dir });
    expect(await inFolder("y.bin")).toBe("why");

    await expect(downloadSource(toy(file("t.tar.gz", { members: ["w.bin"] })), { dir })).rejects.toThrow(
      "t.tar.gz: expected a file w.bin in the archive, found none",
    );
    await expect(downloadSource(toy(file("a", { members })), { dir: join(dir, "toy") })).rejects.toThrow(
      "a: expected a .tar.gz archive, found incorrect header check",
    );
  });

  it.each([
    ["a file that is not there", "gone", "HTTP 404"],
    ["a connection that breaks", "cut", "terminated"],
  ])("explains %s", async (_, name, found) => {
    await expect(downloadSource(toy(file(name)), { dir })).rejects.toThrow(
      new RegExp(
        `^${base}/${name}: expected ${name}, found ${found}.*\\. Hint: put the file into ${join(dir, "toy")} by hand, or name a folder that has the data with --data-dir or \\$TENFOLD_DATA$`,
      ),
    );
    expect(await readdir(join(dir, "toy"))).toEqual([]);
  });

  it("explains a server that does not answer", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await new Promise((resolve) => other.close(resolve));
    const urls = [`http://127.0.0.1:${port}/a`];
    await expect(downloadSource(toy(file("a", { urls })), { dir })).rejects.toThrow(
      `${urls[0]}: expected a, found fetch failed (ECONNREFUSED). Hint: put the file into`,
    );
  });

  it("stops when told to", async () => {
    const controller = new AbortController();
    const download = downloadSource(toy(file("stuck")), {
      dir,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(download).rejects.toThrow("enough");
    await expect(downloadSource(toy(file("a")), { dir, signal: controller.signal })).rejects.toThrow("enough");
    expect(requests).toEqual(["stuck"]);
  });

  it("refuses a name that is not known, and a folder that cannot be", async () => {
    await expect(downloadSource("imagenet", { dir })).rejects.toThrow(
      "data set: expected one of mnist, fashion-mnist, cifar10, a9a, found imagenet",
    );
    await writeFile(join(dir, "file"), "");
    await expect(downloadSource(toy(file("a")), { dir: join(dir, "file") })).rejects.toThrow(
      `${join(dir, "file", "toy")}: expected a writable place, found a file where a folder should be`,
    );
  });
});

describe("listSources", () => {
  it("gives each source a name of its own, addresses, and well-formed sums", () => {
    const names = listSources().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { files, licence, homepage } of listSources()) {
      expect(licence).not.toBe("");
      expect(homepage).toMatch(/^https:/);
      for (const { urls, sha256: sum } of files) {
        expect(urls.length).toBeGreaterThan(0);
        for (const url of urls) expect(new URL(url).pathname).not.toBe("/");
        if (sum !== undefined) expect(sum).toMatch(/^[0-9a-f]{64}$/);
      }
    }
  });
});

it("keeps downloads in the user's cache", () => {
  vi.stubEnv("XDG_CACHE_HOME", "/cache");
  expect(cacheDirectory()).toBe("/cache/tenfold");
  vi.stubEnv("XDG_CACHE_HOME", "");
  vi.stubEnv("HOME", "/home/ada");
  expect(cacheDirectory()).toBe("/home/ada/.cache/tenfold");
  vi.unstubAllEnvs();
});
